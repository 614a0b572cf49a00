#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/projection/rademacher.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/procedural_solver.hpp>
#include <prismatic/synthesis/run.hpp>
#include <prismatic/transformer/auto_proxy.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace prismatic;
using B = cpu_backend<eigen_kernels>;

namespace {

// Passes requests on, counts them, and fails like a lost connection after `budget` requests.
struct counted_generator {
  procedural_generator inner{{.seed = 4}};
  index_t budget = 1'000'000;
  index_t asked = 0;
  std::vector<std::optional<double>> temperatures = {};  // as they changed
  std::vector<std::string> shown = {};                   // questions of the examples
  std::vector<generation> generate(std::span<const generation_request> requests) {
    if ((budget -= static_cast<index_t>(requests.size())) < 0) throw std::runtime_error("connection lost");
    asked += static_cast<index_t>(requests.size());
    for (const generation_request& r : requests)
      if (temperatures.empty() || temperatures.back() != r.temperature) temperatures.push_back(r.temperature);
    for (const generation_request& r : requests)
      for (const few_shot& example : r.examples) shown.emplace_back(example.question);
    return inner.generate(requests);
  }
};
struct counted_solver {
  procedural_solver inner{{.seed = 4, .wrong_rate = 0.3}};
  index_t budget = 1'000'000;
  index_t asked = 0;
  std::vector<solution> solve(std::span<const solve_request> requests) {
    if ((budget -= static_cast<index_t>(requests.size())) < 0) throw std::runtime_error("connection lost");
    asked += static_cast<index_t>(requests.size());
    return inner.solve(requests);
  }
};

struct bench {
  test::temporary_directory directory;
  context<B> cx{{.threads = 2, .seed = 9}};
  proxy<B, float> model{decoder<B, float>(config()), std::make_shared<byte_encoder>(), "test"};
  rademacher projection{32};
  std::vector<sample> seeds;
  synthesis_options options{.target = 14, .rounds = 8, .candidates = 20, .requests_at_once = 6};
  decontaminator clean;

  static decoder_config config() {
    decoder_config c = auto_proxy_config();
    c.width = 8;
    c.layers = 1;
    c.heads = c.kv_heads = 1;
    c.head_dim = 8;
    c.ffn = 8;
    return c;
  }

  bench() {
    model.model.initialise(2);
    const procedural_generator writer({.seed = 77, .malformed_rate = 0});
    for (std::uint64_t i = 0; i < 12; ++i) {
      const generation_request request{.number = i, .examples = {}};
      const problem p = *writer.generate(std::span(&request, 1)).front().posed;
      seeds.push_back(make_sample("seed-" + std::to_string(i), p.question, p.solution));
    }
  }

  template <generator Generator, solver Solver>
  synthesis_result<float> run(const std::string& name, Generator& writer, Solver& solves) {
    run_state state(directory / name, {{"test", 1}});
    row_store store(directory / name + "/rows", {{"width", 32}});
    return synthesis_run<B, float, rademacher, Generator, Solver>(cx, model, projection, writer, solves, clean, state,
                                                                  store, options)
        .run(seeds, [](const auto& so_far) {
          CHECK(static_cast<index_t>(so_far.pool.size()) == so_far.rounds.back().pool);
        });
  }
};

std::vector<std::string> texts(const synthesis_result<float>& r) {
  std::vector<std::string> out;
  for (const sample& s : r.pool) out.push_back(s.id + '\n' + s.prompt() + '\n' + std::string(s.completion()));
  return out;
}

}  // namespace

TEST_CASE("a run reaches its target and accounts for every candidate", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  const auto result = b.run("run", writer, solves);
  CHECK(result.seeds == 12);
  CHECK(result.pool.size() == 26);
  CHECK(result.rows.rows() == 26);
  index_t pool = 12;
  run_state state(b.directory / "run", {{"test", 1}});
  for (const round_record& r : result.rounds) {
    CHECK(r.generated == 20);
    CHECK(r.generated == r.unparsed + r.duplicates + r.contaminated + r.disagreed + r.verified);
    CHECK(r.near_duplicates <= r.duplicates);
    CHECK(r.verified == r.judged + r.unusable);
    CHECK(r.kept <= r.in_sparse);
    CHECK(r.pool == (pool += r.kept));
    CHECK(state.candidates(r.round).size() == 20);
  }
  std::set<std::string> questions;
  for (const sample& s : result.pool) CHECK(questions.insert(s.prompt()).second);
  CHECK(vendi(b.cx, result.rows).score == Approx(result.rounds.back().vendi_after).epsilon(1e-5));
}

TEST_CASE("a run stopped anywhere continues to the same pool and repeats no stored request", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  const auto whole = texts(b.run("whole", writer, solves));
  const index_t asked = writer.asked, solved = solves.asked;

  counted_generator again;
  counted_solver again_solves;
  index_t stops = 0;
  std::vector<std::string> found;
  while (found.empty()) {
    again.budget = 7 + 3 * stops;  // loses the connection within chunks, between stages, between rounds
    again_solves.budget = 5 + 4 * stops;
    try {
      found = texts(b.run("stopped", again, again_solves));
    } catch (const std::runtime_error&) {
      ++stops;
    }
  }
  CHECK(stops > 2);
  CHECK(found == whole);
  CHECK(again.asked == asked);
  CHECK(again_solves.asked == solved);

  counted_generator idle;
  counted_solver idle_solves;
  CHECK(texts(b.run("whole", idle, idle_solves)) == whole);  // nothing left to do
  CHECK(idle.asked == 0);
}

TEST_CASE("rows of a round that never committed are found again, not appended twice", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  b.options.rounds = 1;
  const auto first = b.run("a", writer, solves);
  REQUIRE(first.rounds[0].kept > 0);
  // The state forgets the round, as if the kill came between the rows and the commit.
  database(b.directory / "a/run.sqlite")
      .run("DELETE FROM rounds; DELETE FROM candidates; DELETE FROM samples WHERE round = 1");
  CHECK(texts(b.run("a", writer, solves)) == texts(first));
}

TEST_CASE("quotas bound each round, and the control keeps exactly as many", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  b.options.quotas = {2, 3};
  const auto filtered = b.run("filtered", writer, solves);
  CHECK(filtered.rounds[0].kept <= 2);
  b.options.quotas.clear();
  for (const round_record& r : filtered.rounds) b.options.quotas.push_back(r.kept);
  b.options.filter.rule = filter_rule::none;
  const auto control = b.run("control", writer, solves);
  REQUIRE(control.rounds.size() == filtered.rounds.size());
  for (std::size_t i = 0; i < control.rounds.size(); ++i) CHECK(control.rounds[i].pool == filtered.rounds[i].pool);
}

TEST_CASE("evaluation items stay out", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  b.options.rounds = 1;
  const auto open = b.run("open", writer, solves);
  REQUIRE(open.pool.size() > 12);
  b.clean.add(open.pool[12].prompt(), 0);
  const auto closed = b.run("closed", writer, solves);
  CHECK(closed.rounds[0].contaminated >= 1);
  for (const sample& s : closed.pool) CHECK(s.prompt() != open.pool[12].prompt());
}

TEST_CASE("a seed without a gradient is named", "[synthesis][run]") {
  bench b;
  counted_generator writer;
  counted_solver solves;
  b.seeds.push_back(make_sample("long", "q", std::string(9000, 'x')));
  CHECK_THROWS_AS(b.run("run", writer, solves), data_error);
  b.seeds.pop_back();  // the file is mended: nothing of the refused seeds stayed behind
  CHECK(b.run("run", writer, solves).seeds == 12);
}

TEST_CASE("a run of whose rounds the filter keeps nothing ends", "[synthesis][run]") {
  bench b;
  b.options.candidates = 40;
  b.options.filter.rule = filter_rule::surprisal;
  b.options.filter.surprisal_share = 0;
  counted_generator writer;
  counted_solver solves;
  const auto result = b.run("run", writer, solves);
  CHECK(result.stopped == stop_reason::barren);
  REQUIRE(result.rounds.size() == 3);
  CHECK(result.rounds.back().verified > 0);
  CHECK(result.pool.size() == 12);
}

TEST_CASE("a writer that is at its end is not asked for ever", "[synthesis][run]") {
  bench b;
  b.options.candidates = 40;
  counted_generator writer;
  writer.inner = procedural_generator({.seed = 4, .malformed_rate = 1});
  counted_solver solves;
  const auto result = b.run("run", writer, solves);
  CHECK(result.rounds.size() == 3);
  CHECK(barren_rounds(result.rounds) == 3);
  CHECK(result.pool.size() == 12);
  CHECK(writer.asked == 120);
  const auto again = b.run("run", writer, solves);
  CHECK(writer.asked == 120);
  CHECK(again.rounds.size() == 3);

  b.options.candidates = 20;  // three rounds are 60 responses: too few to judge by
  counted_generator few;
  few.inner = writer.inner;
  CHECK(b.run("small", few, solves).rounds.size() == 5);
}

TEST_CASE("a round's temperature reaches its writer", "[synthesis][run]") {
  bench b;
  b.options.rounds = 3;
  b.options.target = 1000;
  counted_generator writer;
  counted_solver solves;
  CHECK(b.run("own", writer, solves).stopped == stop_reason::rounds);
  CHECK(writer.temperatures == std::vector<std::optional<double>>{std::nullopt});
  b.options.temperatures = {1.25, 0.5};
  counted_generator cooled;
  (void)b.run("cooled", cooled, solves);
  CHECK(cooled.temperatures == std::vector<std::optional<double>>{1.25, 0.5});  // the last holds on
}

TEST_CASE("texts of another length or script are dropped and counted, problems before they are solved", "[synthesis][run]") {
  bench b;
  b.options.rounds = 1;
  counted_generator writer;
  counted_solver all, few;
  const auto open = b.run("open", writer, all);
  std::vector<index_t> lengths;
  run_state state(b.directory / "open", {{"test", 1}});
  for (const candidate_record& c : state.candidates(1))
    if (c.verdict != "unparsed") lengths.push_back(characters(c.question));
  std::ranges::sort(lengths);
  b.options.texts.problem.longest = lengths[lengths.size() / 2];
  const auto shorter = b.run("shorter", writer, few);
  const round_record& r = shorter.rounds[0];
  CHECK(r.off_length > 0);
  CHECK(few.asked < all.asked);
  CHECK(r.generated == r.unparsed + r.duplicates + r.contaminated + r.off_length + r.disagreed + r.verified);

  b.options.texts = {.solution = {.shortest = 100000}};
  counted_solver every;
  CHECK(b.run("long", writer, every).rounds[0].verified == 0);
  CHECK(every.asked == all.asked);
  b.options.texts = {.scripts = {script::han}};
  const auto chinese = b.run("chinese", writer, few);
  CHECK(chinese.rounds[0].off_script == chinese.rounds[0].generated - chinese.rounds[0].unparsed);
}

TEST_CASE("a solution with a wrong equation has no vote", "[synthesis][run]") {
  struct careless_solver {
    std::vector<solution> solve(std::span<const solve_request> requests) {
      std::vector<solution> out;
      for (const solve_request& r : requests) {
        solution s;
        for (index_t k = 0; k < r.attempts; ++k)  // most agree, and most of these cannot add
          s.attempts.push_back({k == 0 ? "3 + 4 = 7. The answer is 7." : "3 + 5 = 7. The answer is 7.", {}});
        out.push_back(std::move(s));
      }
      return out;
    }
  };
  bench b;
  b.options.rounds = 1;
  counted_generator writer;
  careless_solver solves;
  const auto run = [&](const std::string& name) {
    run_state state(b.directory / name, {{"test", 1}});
    row_store store(b.directory / name + "/rows", {{"width", 32}});
    auto result = synthesis_run<B, float, rademacher, counted_generator, careless_solver>(
                      b.cx, b.model, b.projection, writer, solves, b.clean, state, store, b.options)
                      .run(b.seeds, [](const auto&) {});
    const auto candidates = state.candidates(1);
    const auto dropped = std::ranges::find(candidates, "no agreement", &candidate_record::verdict);
    return std::pair(result.rounds[0], dropped == candidates.end() ? "" : dropped->detail);
  };
  const auto [trusting, nothing] = run("trusting");
  CHECK(trusting.verified > 0);
  CHECK(trusting.miscalculated == 0);
  b.options.check_arithmetic = true;
  const auto [strict, slip] = run("strict");
  CHECK(strict.verified == 0);
  CHECK(strict.miscalculated == 2 * strict.disagreed);
  CHECK(slip == "3 + 5 = 7 (8)");
}

TEST_CASE("examples by difficulty, from sparse clusters and by level", "[synthesis][run]") {
  bench b;
  b.options.rounds = 1;
  counted_solver solves;
  const auto shown = [&](few_shot_rule rule, const std::string& name) {
    b.options.examples = rule;
    counted_generator writer;
    (void)b.run(name, writer, solves);
    return writer.shown;
  };
  CHECK_THROWS_AS(shown(few_shot_rule::level, "none"), data_error);
  for (std::size_t i = 0; i < b.seeds.size(); ++i) b.seeds[i].raw = R"({"level": )" + std::to_string(i + 1) + "}";
  const auto uniform = shown(few_shot_rule::uniform, "uniform");
  const std::set found{uniform, shown(few_shot_rule::level, "level"), shown(few_shot_rule::loss, "loss"),
                       shown(few_shot_rule::sparse, "sparse")};
  CHECK(found.size() == 4);
  CHECK(uniform.size() == 20 * 4);
}

TEST_CASE("a run stops where G-Vendi rises no more", "[synthesis][run]") {
  bench b;
  b.options.target = 1000;
  b.options.plateau = 1000;  // no rise is enough
  counted_generator writer;
  counted_solver solves;
  const auto result = b.run("run", writer, solves);
  CHECK(result.rounds.size() == 3);
  CHECK(result.stopped == stop_reason::plateau);
  b.options.plateau = std::nullopt;  // and goes on when it is asked to
  const auto more = b.run("run", writer, solves);
  CHECK(more.rounds.size() == 8);
  CHECK(more.stopped == stop_reason::rounds);
}

TEST_CASE("warm clusters start from those of the round before, also after a stop", "[synthesis][run]") {
  bench b;
  b.options.warm_clusters = true;
  b.options.target = 1000;
  b.options.rounds = 3;
  counted_generator writer;
  counted_solver solves;
  const auto whole = b.run("whole", writer, solves);
  const auto centroids = [&](const std::string& name) { return run_state(b.directory / name, {{"test", 1}}).centroids(); };
  for (b.options.rounds = 1; b.options.rounds <= 3; ++b.options.rounds) (void)b.run("in parts", writer, solves);
  const matrix<float> expected = centroids("whole"), found = centroids("in parts");
  REQUIRE(found.rows() == whole.rounds.back().clusters);
  CHECK(std::equal(found.data(), found.data() + found.size(), expected.data()));
  b.options.warm_clusters = false;
  b.options.rounds = 3;
  CHECK(texts(b.run("afresh", writer, solves)) != texts(whole));
}

namespace {

// A server's model, asked for labels: numbers that are divisible by ten are cut, a few solvers disagree. Its budget may end.
struct label_model {
  index_t budget = 1'000'000;
  void spend() {
    if (--budget < 0) throw budget_spent("the last of it");
  }
  void generate(std::span<const generation_request> requests, const arrival_sink& arrived) {
    for (const generation_request& r : requests) {
      spend();
      const std::string n = std::to_string(r.number);
      const arrival a{static_cast<index_t>(r.number), 0,
                      {"**Premise:** There are " + n + " birds in tree number " + n + ".\n**Hypothesis:** Tree " + n + " has birds.",
                       r.number % 10 == 0 ? "length" : "stop"}};
      arrived(std::span(&a, 1));
    }
  }
  void solve(std::span<const solve_request> requests, const arrival_sink& arrived) {
    for (const solve_request& r : requests)
      for (const index_t k : r.missing) {
        spend();
        const arrival a{static_cast<index_t>(r.number), k, {k == 2 ? "neutral" : "Entailment.", k == 1 && r.number % 5 == 1 ? "length" : "stop"}};
        arrived(std::span(&a, 1));
      }
  }
};

}  // namespace

TEST_CASE("labels are voted on, and texts that were cut have no vote", "[synthesis][run]") {
  bench b;
  b.options.task = synthesis_task::inference;
  b.options.rounds = 1;
  b.options.filter.rule = filter_rule::none;
  label_model model;
  const auto result = b.run("run", model, model);
  REQUIRE(result.rounds.size() == 1);
  CHECK(result.rounds[0].unparsed == 2);
  CHECK(result.rounds[0].disagreed == 4);  // 1, 6, 11, 16: one vote each for two labels
  REQUIRE(result.rounds[0].kept == 14);
  CHECK(result.pool[12].prompt() == inference_question("There are 2 birds in tree number 2.", "Tree 2 has birds."));
  CHECK(result.pool[12].completion() == "Entailment.");
}

TEST_CASE("a budget that is spent ends a run where it stands, and a larger one goes on to the same pool", "[synthesis][run]") {
  bench b;
  b.options.task = synthesis_task::inference;
  b.options.target = 20;
  b.options.filter.rule = filter_rule::none;
  label_model rich;
  const auto whole = texts(b.run("whole", rich, rich));
  index_t stops = 0;
  for (;;) {
    label_model poor{.budget = 33};
    const auto part = b.run("poor", poor, poor);
    if (part.spent.empty()) {
      CHECK(texts(part) == whole);
      break;
    }
    CHECK(part.stopped == stop_reason::budget);
    CHECK(part.spent == "the last of it");
    CHECK(part.pool.size() == (part.rounds.empty() ? 12 : static_cast<std::size_t>(part.rounds.back().pool)));
    ++stops;
  }
  CHECK(stops >= 3);
}
