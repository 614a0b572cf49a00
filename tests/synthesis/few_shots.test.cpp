#include "support/catch.hpp"

#include <prismatic/synthesis/few_shots.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace prismatic;

namespace {

sample with(const std::string& raw) {
  sample s = make_sample("id", "q", "a");
  s.raw = raw;
  return s;
}

}  // namespace

TEST_CASE("draws follow their weights", "[synthesis][few_shots]") {
  const std::array<double, 4> weights{1, 0, 3, 4};
  const weighted_draw draw(weights);
  CHECK(draw.at(0) == 0);
  CHECK(draw.at(0.1249) == 0);
  CHECK(draw.at(0.125) == 2);
  CHECK(draw.at(0.4999) == 2);
  CHECK(draw.at(0.5) == 3);
  CHECK(draw.at(std::nextafter(1.0, 0.0)) == 3);
  const std::array<double, 3> ends_in_nothing{1, 1, 0};
  CHECK(weighted_draw(ends_in_nothing).at(std::nextafter(1.0, 0.0)) == 1);
}

TEST_CASE("weights that cannot be drawn by are refused", "[synthesis][few_shots]") {
  for (const std::vector<double>& weights : {std::vector<double>{}, {0, 0}, {1, -1}, {1, NAN}, {INFINITY}})
    CHECK_THROWS_AS(weighted_draw(weights), option_error);
}

TEST_CASE("the table of levels", "[synthesis][few_shots]") {
  struct row {
    const char* raw;
    double level;  // 0: none
  };
  const row rows[] = {{R"({"level": 4})", 4},       {R"({"level": 2.5})", 2.5}, {R"({"level": "Level 5"})", 5},
                      {R"({"level": "3"})", 3},     {R"({"level": "hard"})", 0}, {R"({"level": 0})", 0},
                      {R"({"level": -1})", 0},      {R"({"level": null})", 0},  {R"({"other": 4})", 0},
                      {R"({"level": [4]})", 0},     {"not json", 0},            {"", 0},
                      {R"({"level": "9999999999999999999999"})", 0}};
  for (const row& r : rows) {
    CAPTURE(r.raw);
    CHECK(level_of(with(r.raw)).value_or(0) == r.level);
  }
}

TEST_CASE("a sample without a level counts as the mean of the others", "[synthesis][few_shots]") {
  const std::vector<sample> pool{with(R"({"level": 1})"), with("{}"), with(R"({"level": "Level 5"})")};
  CHECK(level_weights(pool) == std::vector<double>{1, 3, 5});
  CHECK_THROWS_WITH(level_weights(std::vector<sample>{with("{}")}),
                    "the pool: level: found no sample with one, expected a number above 0, such as 4 or \"Level 4\"");
}

TEST_CASE("a request's examples depend on its number and the seed alone", "[synthesis][few_shots]") {
  const few_shot_choice alike({3, 5, 8});
  const auto first = alike.of_request(1, 7, 50);
  CHECK(std::set<index_t>(first.begin(), first.end()) == std::set<index_t>{3, 5, 8});
  CHECK(alike.of_request(1, 7, 50) == first);
  CHECK(alike.of_request(1, 8, 50) != first);
  CHECK(alike.of_request(2, 7, 50) != first);
  CHECK(alike.of_request(1, 7, 0).empty());

  // In 3,000 draws a share of 3/4 has a standard deviation of 0.008.
  const std::array<double, 3> weights{1, 0, 3};
  const auto drawn = few_shot_choice(weights).of_request(1, 7, 3000);
  CHECK(std::abs(static_cast<double>(std::ranges::count(drawn, 2)) / 3000 - 0.75) < 0.04);
  CHECK(std::ranges::count(drawn, 1) == 0);
}
