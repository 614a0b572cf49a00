#include <prismatic/synthesis/dice.hpp>

#include "support/catch.hpp"

#include <array>
#include <set>

using namespace prismatic;

TEST_CASE("throws are a function of seed, name, number, lane and place", "[synthesis][dice]") {
  const auto sequence = [](std::uint64_t seed, std::string_view name, std::uint64_t number,
                           std::uint32_t lane) {
    dice d(seed, name, number, lane);
    std::array<index_t, 4> out{};
    for (index_t& x : out) x = d.below(1'000'000'000);
    return out;
  };
  std::set<std::array<index_t, 4>> all;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::uint64_t number = 0; number < 4; ++number)
      for (std::uint32_t lane = 0; lane < 4; ++lane) {
        CHECK(sequence(seed, "a", number, lane) == sequence(seed, "a", number, lane));
        all.insert(sequence(seed, "a", number, lane));
        all.insert(sequence(seed, "b", number, lane));
      }
  CHECK(all.size() == 128);
}

TEST_CASE("throws stay in range and reach both ends", "[synthesis][dice]") {
  dice d(1, "range", 0);
  std::set<index_t> seen;
  for (int i = 0; i < 300; ++i) seen.insert(d.between(-2, 3));
  CHECK(seen == std::set<index_t>{-2, -1, 0, 1, 2, 3});
  CHECK(d.below(1) == 0);
  CHECK_FALSE(d.chance(0));
  CHECK(d.chance(1));
  const std::array<int, 2> items{4, 9};
  std::set<int> picked;
  for (int i = 0; i < 60; ++i) picked.insert(d.pick(items));
  CHECK(picked == std::set<int>{4, 9});
}
