#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/synthesis/filter.hpp>

#include <algorithm>
#include <vector>

using namespace prismatic;

namespace {

// `count` rows near the unit vector e_direction of R^8.
void plant(matrix<double>& rows, index_t first, index_t count, index_t direction) {
  const auto noise = test::gaussian<double>(rows.rows(), rows.cols(), "filter");
  for (index_t i = first; i < first + count; ++i)
    for (index_t j = 0; j < rows.cols(); ++j) rows(i, j) = 0.01 * noise(i, j) + (j == direction ? 1 : 0);
}

struct planted {
  matrix<double> pool{40, 8};
  matrix<double> candidates{4, 8};
  planted() {
    plant(pool, 0, 30, 0);  // dense
    plant(pool, 30, 6, 1);
    plant(pool, 36, 3, 2);
    plant(pool, 39, 1, 3);
    for (index_t i = 0; i < 4; ++i) candidates(i, i) = 2;  // one towards each direction
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("candidates of the smaller half of the clusters are kept", "[synthesis][filter]", test::built) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2, .seed = 1});
  const planted data;
  const filter_options options{.rows_per_cluster = 10};
  const auto clusters = cluster_pool(cx, data.pool, options);
  REQUIRE(clusters.means.sizes.size() == 4);
  REQUIRE(std::ranges::max(clusters.means.sizes) == 30);
  const filter_result out = filter_candidates(cx, data.pool, clusters, data.candidates, options);
  CHECK(out.keep == std::vector<bool>{false, false, true, true});
  CHECK(out.in_sparse == out.keep);
  CHECK(std::ranges::is_sorted(out.surprisals));  // the thinner the direction, the more surprising
}

TEST_CASE("the surprisal rule keeps its share, the most surprising first", "[synthesis][filter]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 1, .seed = 1});
  const planted data;
  filter_options options{.rule = filter_rule::surprisal, .surprisal_share = 0.25};
  const auto clusters = cluster_pool(cx, data.pool, options);
  CHECK(filter_candidates(cx, data.pool, clusters, data.candidates, options).keep ==
        std::vector<bool>{false, false, false, true});
  options.surprisal_share = 0;
  CHECK(std::ranges::count(filter_candidates(cx, data.pool, clusters, data.candidates, options).keep, true) == 0);
  options.rule = filter_rule::none;
  CHECK(std::ranges::count(filter_candidates(cx, data.pool, clusters, data.candidates, options).keep, true) == 4);
  CHECK(filter_candidates(cx, data.pool, clusters, matrix<double>(0, 8), options).keep.empty());
}

TEST_CASE("a pool of few rows has two clusters, one of them sparse", "[synthesis][filter]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 1});
  const auto rows = test::gaussian<float>(3, 4, "few");
  const auto clusters = cluster_pool(cx, rows, {});
  CHECK(clusters.means.sizes.size() == 2);
  CHECK(std::ranges::count(clusters.sparse, true) == 1);
  CHECK(cluster_pool(cx, test::gaussian<float>(1, 4, "one"), {}).means.sizes == std::vector<index_t>{1});
}
