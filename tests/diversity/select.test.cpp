#include "support/catch.hpp"

#include <prismatic/diversity/select.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace prismatic;

TEST_CASE("random rows are different, repeatable and evenly drawn", "[diversity][select]") {
  const auto chosen = select_random(20, 8, {1, "a"});
  CHECK(std::set<index_t>(chosen.begin(), chosen.end()).size() == 8);
  CHECK(chosen == select_random(20, 8, {1, "a"}));
  CHECK(chosen != select_random(20, 8, {2, "a"}));
  CHECK(select_random(5, 0, {1, "a"}).empty());
  CHECK(select_random(0, 0, {1, "a"}).empty());
  auto all = select_random(30, 30, {1, "b"});
  std::ranges::sort(all);
  for (index_t i = 0; i < 30; ++i) CHECK(all[static_cast<std::size_t>(i)] == i);
  std::vector<int> counts(6, 0);
  for (std::uint64_t seed = 0; seed < 3000; ++seed)
    for (const index_t i : select_random(6, 2, {seed, "even"})) ++counts[static_cast<std::size_t>(i)];
  for (const int c : counts) CHECK(std::abs(c - 1000) < 130);  // five standard deviations of 26
  CHECK_THROWS_AS(select_random(3, 4, {1, "a"}), option_error);
  CHECK_THROWS_AS(select_random(3, -1, {1, "a"}), option_error);
}

TEST_CASE("clusters are drained in rounds", "[diversity][select]") {
  std::vector<label_t> labels;  // cluster -7: 10 rows, 3: 4 rows, 2000000000: 1 row
  for (int i = 0; i < 10; ++i) labels.push_back(-7);
  for (int i = 0; i < 4; ++i) labels.push_back(3);
  labels.push_back(2000000000);
  const auto chosen = select_cluster_balanced(labels, 15, {4, "rounds"});
  std::vector<label_t> of;
  for (const index_t i : chosen) of.push_back(labels[static_cast<std::size_t>(i)]);
  CHECK(std::set<index_t>(chosen.begin(), chosen.end()).size() == 15);
  CHECK(std::set<label_t>(of.begin(), of.begin() + 3).size() == 3);
  for (int round = 1; round < 4; ++round) {
    const auto first = of.begin() + 3 + 2 * (round - 1);
    CHECK(std::set<label_t>(first, first + 2) == std::set<label_t>{-7, 3});
  }
  CHECK(std::count(of.begin() + 9, of.end(), -7) == 6);
  CHECK(select_cluster_balanced(labels, 5, {4, "rounds"}) ==
        std::vector<index_t>(chosen.begin(), chosen.begin() + 5));
  CHECK_THROWS_AS(select_cluster_balanced(labels, 16, {1, "a"}), option_error);
  CHECK(select_cluster_balanced({}, 0, {1, "a"}).empty());
}

TEST_CASE("a large cluster has no better chance in a partial round", "[diversity][select]") {
  std::vector<label_t> labels(50, 0);
  labels.push_back(1);
  int small = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    small += select_cluster_balanced(labels, 1, {seed, "fair"})[0] == 50;
  CHECK(std::abs(small - 500) < 80);  // five standard deviations of 16
}
