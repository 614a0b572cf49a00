#include <prismatic/synthesis/procedural_solver.hpp>

#include "support/catch.hpp"

#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/vote.hpp>

#include <cmath>
#include <set>

using namespace prismatic;

namespace {

std::vector<problem> problems(std::uint64_t count) {
  std::vector<generation_request> requests;
  for (std::uint64_t number = 0; number < count; ++number) requests.push_back({number, {}});
  std::vector<problem> out;
  for (generation& g : procedural_generator({.skew = 0, .malformed_rate = 0}).generate(requests))
    out.push_back(std::move(*g.posed));
  return out;
}

std::vector<solution> solve(const procedural_solver& solves, const std::vector<problem>& posed,
                            index_t attempts) {
  std::vector<solve_request> requests;
  for (std::size_t i = 0; i < posed.size(); ++i) requests.push_back({i, &posed[i], attempts});
  return solves.solve(requests);
}

bool is_binomial(double successes, double n, double p) {
  return std::abs(successes - n * p) <= 5 * std::sqrt(n * p * (1 - p)) + 1;
}

}  // namespace

TEST_CASE("an attempt depends on seed, number, attempt and problem alone", "[synthesis][procedural_solver]") {
  const std::vector<problem> posed = problems(20);
  const procedural_solver solves({.seed = 4});
  const std::vector<solution> all = solve(solves, posed, 5);
  for (const std::size_t i : {0u, 3u, 19u}) {
    const solve_request alone[] = {{i, &posed[i], 2}};
    const std::vector<solution> again = solves.solve(alone);
    REQUIRE(again[0].attempts.size() == 2);
    for (std::size_t k = 0; k < 2; ++k) {
      CHECK(again[0].attempts[k].text == all[i].attempts[k].text);
      CHECK(again[0].attempts[k].answer == all[i].attempts[k].answer);
    }
  }
  std::set<std::string> texts;
  for (const attempt& a : all[0].attempts) texts.insert(a.text);
  CHECK(texts.size() > 1);
}

TEST_CASE("wrong and malformed attempts come at their rates", "[synthesis][procedural_solver]") {
  const double wrong_rate = GENERATE(0.0, 0.2, 0.6, 1.0);
  constexpr double malformed_rate = 0.1;
  const std::vector<problem> posed = problems(400);
  index_t wrong = 0, unreadable = 0, attempts = 0;
  const procedural_solver solves({.seed = 1, .wrong_rate = wrong_rate, .malformed_rate = malformed_rate});
  const std::vector<solution> all = solve(solves, posed, 10);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const attempt& a : all[i].attempts) {
      ++attempts;
      unreadable += !a.answer;
      wrong += a.answer && *a.answer != posed[i].answer;
      CHECK(a.answer == extract_answer(a.text, {.guess = false}));
    }
  CAPTURE(wrong_rate, wrong, unreadable);
  const auto n = static_cast<double>(attempts);
  CHECK(is_binomial(static_cast<double>(unreadable), n, malformed_rate));
  CHECK(is_binomial(static_cast<double>(wrong), n, wrong_rate * (1 - malformed_rate)));
}

TEST_CASE("wrong answers scatter, so a majority is almost always right", "[synthesis][procedural_solver]") {
  const std::vector<problem> posed = problems(500);
  const std::vector<solution> all = solve(procedural_solver({.wrong_rate = 0.3}), posed, 7);
  index_t agreed = 0, wrong = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const vote_result votes = majority_vote(all[i].attempts);
    if (!votes.agreed) continue;
    ++agreed;
    wrong += votes.winner()->answer != posed[i].answer;
  }
  CHECK(agreed >= 380);
  CHECK(wrong <= 2);
}

TEST_CASE("attempts are worked texts in several layouts", "[synthesis][procedural_solver]") {
  const std::vector<problem> posed = problems(30);
  std::set<solution_layout> layouts;
  for (const solution& s : solve(procedural_solver({.wrong_rate = 0, .malformed_rate = 0}), posed, 8))
    for (const attempt& a : s.attempts) {
      layouts.insert(layout_of(a.text));
      CHECK(a.text.size() > 60);
      CHECK(steps_of(a.text).size() >= 2);
    }
  CHECK(layouts.size() == 4);
}

TEST_CASE("problems without a numerical answer find no answer", "[synthesis][procedural_solver]") {
  const problem foreign[] = {{"", "Which letter?", "The answer is (B).", "B"}, {"", "Say nothing.", "", ""}};
  for (const problem& p : foreign) {
    const solve_request request[] = {{1, &p, 20}};
    const std::vector<solution> out = procedural_solver().solve(request);
    CHECK(out[0].attempts.size() == 20);
    for (const attempt& a : out[0].attempts) CHECK_FALSE(a.answer);
  }
}

TEST_CASE("requests and options of the solver are checked", "[synthesis][procedural_solver]") {
  CHECK_THROWS_AS(procedural_solver({.wrong_rate = 2}), option_error);
  CHECK_THROWS_AS(procedural_solver({.malformed_rate = std::nan("")}), option_error);
  const solve_request nothing[] = {{1, nullptr, 1}};
  CHECK_THROWS_AS(procedural_solver().solve(nothing), option_error);
  const problem p{"", "1 + 1?", "1 + 1 = 2. The answer is 2.", "2"};
  const solve_request negative[] = {{1, &p, -1}}, none[] = {{1, &p, 0}};
  CHECK_THROWS_AS(procedural_solver().solve(negative), option_error);
  CHECK(procedural_solver().solve(none)[0].attempts.empty());
}
