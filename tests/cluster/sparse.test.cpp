#include "support/catch.hpp"

#include <prismatic/cluster/sparse.hpp>

#include <limits>

using namespace prismatic;
using flags = std::vector<bool>;

TEST_CASE("the sparse clusters are the smallest half", "[cluster][sparse]") {
  CHECK(sparse_clusters(std::vector<index_t>{5, 1, 3, 9}) == flags{false, true, true, false});
  CHECK(sparse_clusters(std::vector<index_t>{5, 1, 3}) == flags{false, true, false});
}

TEST_CASE("ties between clusters go to the smaller index", "[cluster][sparse]") {
  CHECK(sparse_clusters(std::vector<index_t>{2, 2, 2, 2}) == flags{true, true, false, false});
  CHECK(sparse_clusters(std::vector<index_t>{3, 2, 2, 1}) == flags{false, true, false, true});
  CHECK(sparse_clusters(std::vector<index_t>{2, 2, 2, 2}, {sparse_rule::fraction_of_mass, 0.25}) ==
        flags{true, false, false, false});
}

TEST_CASE("sparse clusters by mass hold at most the fraction of the rows", "[cluster][sparse]") {
  const std::vector<index_t> sizes{50, 10, 25, 15};  // 100 rows
  const auto at = [&](double fraction) {
    return sparse_clusters(sizes, {.rule = sparse_rule::fraction_of_mass, .fraction = fraction});
  };
  CHECK(at(0.09) == flags{false, false, false, false});
  CHECK(at(0.10) == flags{false, true, false, false});
  CHECK(at(0.24) == flags{false, true, false, false});
  CHECK(at(0.25) == flags{false, true, false, true});
  CHECK(at(0.50) == flags{false, true, true, true});
}

TEST_CASE("the extremes of sparse clusters", "[cluster][sparse]") {
  const auto rule = GENERATE(sparse_rule::fraction_of_clusters, sparse_rule::fraction_of_mass);
  CHECK(sparse_clusters(std::vector<index_t>{}, {rule, 0.5}).empty());
  CHECK(sparse_clusters(std::vector<index_t>{4, 2, 7}, {rule, 0.0}) == flags{false, false, false});
  CHECK(sparse_clusters(std::vector<index_t>{4, 2, 7}, {rule, 1.0}) == flags{true, true, true});
  CHECK(sparse_clusters(std::vector<index_t>{4}, {rule, 0.5}) == flags{false});
}

TEST_CASE("a fraction that is a whole number of clusters is not lost to rounding", "[cluster][sparse]") {
  const std::vector<index_t> sizes(100, 1);
  for (int percent = 0; percent <= 100; ++percent) {
    const auto sparse = sparse_clusters(sizes, {.fraction = percent / 100.0});
    CHECK(std::count(sparse.begin(), sparse.end(), true) == percent);
  }
}

TEST_CASE("an unusable fraction or size is refused", "[cluster][sparse]") {
  const std::vector<index_t> sizes{1, 2};
  CHECK_THROWS_AS(sparse_clusters(sizes, {.fraction = -0.1}), option_error);
  CHECK_THROWS_AS(sparse_clusters(sizes, {.fraction = 1.1}), option_error);
  CHECK_THROWS_AS(sparse_clusters(sizes, {.fraction = std::numeric_limits<double>::quiet_NaN()}), option_error);
  CHECK_THROWS_AS(sparse_clusters(std::vector<index_t>{1, -2}), size_error);
}
