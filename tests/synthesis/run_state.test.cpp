#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/synthesis/run_state.hpp>

#include <algorithm>
#include <filesystem>
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
  const auto centroids = test::gaussian<float>(3, 5, "centroids");
  {
    run_state state(path, configuration);
    CHECK(state.pool().empty());
    CHECK(state.centroids().empty());
    state.set_seeds(std::vector<sample>{seed});
    const std::vector<arrival> first{{7, 0, {"a"}}, {9, 0, {"c", "length"}}}, second{{7, 1, {"b", "stop"}}, {7, 0, {"late"}}};
    state.store("problem", first);
    exchange cost{.number = 7, .attempt = 1, .asked = 2, .texts = 1, .model = "m", .prompt_tokens = 50, .completion_tokens = 7};
    exchange junk{.number = 7, .attempt = 2, .asked = 1, .model = "m", .prompt_was_cut = true, .body = "<html>"};
    state.store("problem", second, std::vector<exchange>{cost, junk});
    const std::vector<candidate_record> candidates{{7, "kept", "", "t", "q", "s", "42", 3, 0.25}, {9, "unparsed", "x", "", "", "", "", -1, 0}};
    state.commit_round(round, candidates, std::vector<sample>{make_sample("r1-7", "q", "s")}, centroids);
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
  const matrix<float> again = state.centroids();
  REQUIRE(again.rows() == 3);
  CHECK(std::equal(again.data(), again.data() + 15, centroids.data()));
  CHECK(state.rounds()[0].sparse_share() == 0.25);
  REQUIRE(state.candidates(1).size() == 2);
  CHECK(state.candidates(1)[0].answer == "42");
  CHECK(state.verdicts() == std::map<std::string, index_t>{{"kept", 1}, {"unparsed", 1}});
  CHECK(state.candidates(1)[1].verdict == "unparsed");
  const std::vector<index_t> numbers{7, 8};
  CHECK(state.responses("problem", numbers) == response_map{{7, {{0, {"a"}}, {1, {"b", "stop"}}}}});
  CHECK_FALSE(state.responses("problem", std::vector<index_t>{9}).at(9).at(0).is_whole());
  const spending spent = state.spent("problem");
  CHECK(spent.requests == 2);
  CHECK(spent.prompt_tokens == 50);
  CHECK(spent.completion_tokens == 7);
  CHECK(spent.unread == 1);
  CHECK(spent.cut_prompts == 1);
  CHECK(state.spent("solution").requests == 0);
  CHECK(state.responses("solution", numbers).empty());
}

TEST_CASE("a changed configuration is refused with the difference named", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  const std::string path = directory / "run";
  run_state(path, {{"seed", 1}});
  CHECK(run_state::reading(path).configuration() == json{{"seed", 1}});
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

TEST_CASE("a run can be looked at while it is played", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  const std::string path = directory / "run";
  CHECK_THROWS_WITH(run_state::reading(path), path + ": found no run.sqlite, expected a run that synthesize began");
  CHECK_FALSE(std::filesystem::exists(path));
  run_state writer(path, {{"seed", 1}});
  writer.store("problem", std::vector<arrival>{{7, 0, {"a"}}});
  run_state reader = run_state::reading(path);
  const std::vector<index_t> numbers{7};
  CHECK(reader.responses("problem", numbers).size() == 1);
  CHECK(reader.answered("problem", 7) == 1);
  CHECK(reader.answered("problem", 8) == 0);
  writer.store("solution", std::vector<arrival>{{7, 0, {"b"}}});
  CHECK(reader.answered("solution", 0) == 0);  // all that is read is of one moment
  CHECK(run_state::reading(path).answered("solution", 0) == 1);
  CHECK_THROWS_AS(reader.set_seeds(std::vector<sample>{make_sample("a", "q", "s")}), io_error);
  CHECK_THROWS_AS(run_state(path, {{"seed", 1}}), io_error);  // one plays it already
}

TEST_CASE("a run of other tables is refused in one line", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  const std::string path = directory / "run";
  run_state(path, {{"seed", 1}});
  database(path + "/run.sqlite").run("PRAGMA user_version=1");
  const std::string words = path + "/run.sqlite: found a run of another version of prismatic (schema 1), expected schema 2: "
                                   "finish it with that version, or begin another run";
  CHECK_THROWS_WITH(run_state(path, {{"seed", 1}}), words);
  CHECK_THROWS_WITH(run_state::reading(path), words);
}

TEST_CASE("centroids that are not what they say are refused", "[synthesis][run_state]") {
  const test::temporary_directory directory;
  run_state(directory / "run", json::object());
  database(directory / "run/run.sqlite").run("INSERT INTO centroids VALUES (1, 3, 4, x'00000000')");
  CHECK_THROWS_AS(run_state(directory / "run", json::object()).centroids(), data_error);
}
