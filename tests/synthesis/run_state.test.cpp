#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/synthesis/run_state.hpp>

#include <map>
#include <string>
#include <vector>

using namespace prismatic;

TEST_CASE("a run remembers everything across a restart", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  const std::string path = directory / "run";
  const json configuration{{"seed", 1}, {"filter", "none"}};
  sample seed = make_sample("s1", "question", "answer");
  seed.raw = R"({"odd":1e400000})";
  seed.context_messages = 1;
  round_record round{.round = 1, .generated = 5, .judged = 4, .in_sparse = 1, .kept = 1, .pool = 2, .vendi_after = 1.5};
  {
    run_state state(path, configuration);
    CHECK(state.pool().empty());
    state.set_seeds(std::vector<sample>{seed});
    state.store_responses("problem", {{7, {"a", "b"}}, {9, {"c"}}});
    const std::vector<candidate_record> candidates{{7, "kept", "", "t", "q", "s", "42", 3, 0.25}, {9, "unparsed", "x", "", "", "", "", -1, 0}};
    state.commit_round(round, candidates, std::vector<sample>{make_sample("r1-7", "q", "s")});
  }
  run_state state(path, configuration);
  const auto pool = state.pool();
  REQUIRE(pool.size() == 2);
  CHECK(pool[0].raw == seed.raw);
  CHECK(pool[0].messages == seed.messages);
  CHECK(pool[0].context_messages == 1);
  CHECK(pool[1].id == "r1-7");
  CHECK(state.seeds() == 1);
  REQUIRE(state.rounds().size() == 1);
  CHECK(state.rounds()[0].vendi_after == 1.5);
  CHECK(state.rounds()[0].sparse_share() == 0.25);
  REQUIRE(state.candidates(1).size() == 2);
  CHECK(state.candidates(1)[0].answer == "42");
  CHECK(state.candidates(1)[1].verdict == "unparsed");
  const std::vector<index_t> numbers{7, 8};
  CHECK(state.responses("problem", numbers) == std::map<index_t, std::vector<std::string>>{{7, {"a", "b"}}});
  CHECK(state.responses("solution", numbers).empty());
}

TEST_CASE("a changed configuration is refused with the difference named", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  const std::string path = directory / "run";
  CHECK(run_state::configuration_of(path).is_null());
  run_state(path, {{"seed", 1}});
  CHECK(run_state::configuration_of(path) == json{{"seed", 1}});
  CHECK_THROWS_WITH(run_state(path, {{"seed", 2}}),
                    path + "/run.sqlite: found a run with another configuration: seed: found 1, expected 2");
}

TEST_CASE("a round that fails to commit leaves nothing", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  run_state state(directory / "run", json::object());
  state.set_seeds(std::vector<sample>{make_sample("a", "q", "s")});
  const round_record round{.round = 1};
  // The id is taken: the last statement of the transaction fails.
  CHECK_THROWS_AS(state.commit_round(round, std::vector<candidate_record>{{1, "kept", "", "", "", "", "", 0, 0}},
                                     std::vector<sample>{make_sample("a", "q", "s")}),
                  io_error);
  CHECK(state.rounds().empty());
  CHECK(state.candidates(1).empty());
  CHECK(state.pool().size() == 1);
}
