#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/synthesis/responses.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace prismatic;

namespace {

// Answers with the request's number and how many examples it came with; breaks after `budget` requests.
struct echo {
  index_t budget = 1000;
  std::vector<index_t> batches;
  void spend(std::size_t count) {
    if ((budget -= static_cast<index_t>(count)) < 0) throw std::runtime_error("connection lost");
    batches.push_back(static_cast<index_t>(count));
  }
  std::vector<generation> generate(std::span<const generation_request> requests) {
    spend(requests.size());
    std::vector<generation> out;
    for (const auto& r : requests)
      out.push_back({std::to_string(r.number) + "/" + std::to_string(r.examples.size()), std::nullopt});
    return out;
  }
  std::vector<solution> solve(std::span<const solve_request> requests) {
    spend(requests.size());
    std::vector<solution> out(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
      for (index_t k = 0; k < requests[i].attempts; ++k)
        out[i].attempts.push_back({requests[i].posed->question + "#" + std::to_string(k), std::nullopt});
    return out;
  }
};

}  // namespace

TEST_CASE("problems are asked for in chunks, and once", "[synthesis][responses]") {
  const test::temporary_directory directory;
  run_state state(directory / "run", json::object());
  const std::vector<index_t> numbers{3, 4, 5, 6, 7};
  index_t shown = 0;
  const auto examples = [&](index_t number) {
    ++shown;
    return std::vector<few_shot>(static_cast<std::size_t>(number), few_shot{"q", "s"});
  };
  echo writer{.budget = 4, .batches = {}};
  CHECK_THROWS_AS(ask_generator(writer, state, numbers, examples, {.at_once = 2}), std::runtime_error);
  CHECK(writer.batches == std::vector<index_t>{2, 2});

  writer.budget = 1000;
  shown = 0;
  const response_map found = ask_generator(writer, state, numbers, examples, {.at_once = 2});
  CHECK(shown == 1);  // only the last was missing
  CHECK(writer.batches == std::vector<index_t>{2, 2, 1});
  REQUIRE(found.size() == 5);
  CHECK(found.at(3) == std::map<index_t, response>{{0, {"3/3"}}});
  CHECK(found.at(7) == std::map<index_t, response>{{0, {"7/7"}}});
}

TEST_CASE("all attempts at a problem are stored together", "[synthesis][responses]") {
  const test::temporary_directory directory;
  run_state state(directory / "run", json::object());
  std::map<index_t, problem> problems;
  problems[2].question = "two";
  problems[9].question = "nine";
  echo solves;
  const response_map found = ask_solver(solves, state, problems, 3);
  CHECK(found.at(9) == std::map<index_t, response>{{0, {"nine#0"}}, {1, {"nine#1"}}, {2, {"nine#2"}}});
  echo idle{.budget = 0, .batches = {}};
  CHECK(ask_solver(idle, state, problems, 3) == found);
  CHECK(ask_solver(idle, state, {}, 3).empty());
}

namespace {

// Hands out one attempt at a time, last first, and breaks after `budget`.
struct trickle {
  index_t budget = 1000;
  index_t asked = 0;
  void solve(std::span<const solve_request> requests, const arrival_sink& arrived) {
    for (const solve_request& r : requests)
      for (auto k = r.missing.rbegin(); k != r.missing.rend(); ++k) {
        if (--budget < 0) throw std::runtime_error("connection lost");
        ++asked;
        const arrival a{static_cast<index_t>(r.number), *k, {r.posed->question + "#" + std::to_string(*k), "stop"}};
        const exchange e{.number = a.number, .attempt = *k, .asked = 1, .texts = 1, .completion_tokens = 5};
        arrived(std::span(&a, 1), std::span(&e, 1));
      }
  }
};
static_assert(streaming_solver<trickle> && !batch_solver<trickle>);

}  // namespace

TEST_CASE("what streams is stored as it comes, and only what is missing is asked for again", "[synthesis][responses]") {
  const test::temporary_directory directory;
  run_state state(directory / "run", json::object());
  std::map<index_t, problem> problems;
  problems[2].question = "two";
  problems[9].question = "nine";
  trickle solves{.budget = 4, .asked = 0};
  CHECK_THROWS_AS(ask_solver(solves, state, problems, 3), std::runtime_error);
  CHECK(state.spent("solution").requests == 4);
  CHECK(state.responses("solution", std::vector<index_t>{9}).at(9) == std::map<index_t, response>{{2, {"nine#2", "stop"}}});

  std::vector<index_t> reported;
  const auto report = [&](const progress_report& r) { reported.push_back(r.done * 100 + r.total); };
  trickle rest;
  const response_map found = ask_solver(rest, state, problems, 3, {.on_progress = report});
  CHECK(rest.asked == 2);
  CHECK(reported == std::vector<index_t>{102, 202});
  CHECK(found.at(9).at(0).text == "nine#0");
  CHECK(found.at(9).size() == 3);
  trickle idle{.budget = 0, .asked = 0};
  CHECK(ask_solver(idle, state, problems, 3) == found);
  CHECK(state.spent("solution").completion_tokens == 30);
}
