#include "support/catch.hpp"

#include <prismatic/synthesis/run_options.hpp>

#include <vector>

using namespace prismatic;

TEST_CASE("a plateau is judged by the last rounds together", "[synthesis][run_options]") {
  std::vector<round_record> rounds;
  for (const double after : {20.0, 30.0, 30.5, 30.9})
    rounds.push_back({.vendi_before = rounds.empty() ? 10 : rounds.back().vendi_after, .vendi_after = after});
  CHECK(is_plateau(rounds, 1, 0.014));
  CHECK_FALSE(is_plateau(rounds, 1, 0.013));
  CHECK(is_plateau(rounds, 2, 0.031));
  CHECK_FALSE(is_plateau(rounds, 2, 0.029));
  CHECK_FALSE(is_plateau(rounds, 3, 0.5));
  CHECK_FALSE(is_plateau(rounds, 5, 100));  // too few rounds to say
  CHECK_FALSE(is_plateau({}, 1, 1));
  CHECK(of_round(std::vector<index_t>{4, 2}, 1, index_t{9}) == 4);
  CHECK(of_round(std::vector<index_t>{4, 2}, 7, index_t{9}) == 2);
  CHECK(of_round(std::vector<index_t>{}, 7, index_t{9}) == 9);
}

TEST_CASE("barren rounds are counted from the end", "[synthesis][run_options]") {
  std::vector<round_record> rounds(4);
  CHECK(barren_rounds(rounds) == 4);
  rounds[1].kept = 1;
  CHECK(barren_rounds(rounds) == 2);
  rounds[3].kept = 1;
  CHECK(barren_rounds(rounds) == 0);
  CHECK(barren_rounds({}) == 0);
}
