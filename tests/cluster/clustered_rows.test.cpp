#include "support/catch.hpp"
#include "cluster/planted.hpp"
#include "oracle/kmeans.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/clustered_rows.hpp>

#include <limits>
#include <numeric>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("a gap is 1 - cosine or the squared distance", "[cluster][clustered_rows]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> rows(2, 2);
  rows(0, 0) = 3, rows(0, 1) = 4;
  rows(1, 0) = 1;
  const clustered_rows<B, T> spherical(cx, rows.view(), cluster_metric::spherical, false, "test");
  CHECK(spherical.gap(0, T{3}) == Approx(0.4));  // against (1, 0): <x, c> = 3, |x| = 5
  CHECK(spherical.gap(1, T{2}) == 0.0);          // rounding above a cosine of 1
  const clustered_rows<B, T> euclidean(cx, rows.view(), cluster_metric::euclidean, true, "test");
  CHECK(euclidean.gap(0, T{3} - T(0.5)) == Approx(20.0));  // (3, 4) - (1, 0)
}

TEMPLATE_LIST_TEST_CASE("rows are gathered in blocks, unit when spherical", "[cluster][clustered_rows]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const index_t n = 300, d = 1009;  // several blocks
  CAPTURE(B::name, int(metric));
  context<B> cx({.threads = 2});
  const matrix<T> rows = test::gaussian<T>(n, d, "rows");
  const clustered_rows<B, T> points(cx, rows.view(), metric, false, "test");
  matrix<double> expected = test::widened(rows);
  if (metric == cluster_metric::spherical) test::oracle::normalise(expected);

  std::vector<token_id> ids(static_cast<std::size_t>(n));
  std::iota(ids.rbegin(), ids.rend(), 0);
  index_t seen = 0;
  points.for_blocks(cx, ids, [&](index_t first, std::span<const token_id> part, matrix_view<T> block) {
    REQUIRE(first == seen);
    REQUIRE(block.rows() == static_cast<index_t>(part.size()));
    for (index_t t = 0; t < block.rows(); ++t) {
      const index_t i = n - 1 - first - t;
      REQUIRE(part[static_cast<std::size_t>(t)] == i);
      CHECK(test::largest_difference<T>(block.middle_rows(t, 1), expected.view().middle_rows(i, 1)) <=
            test::rounding_bound<T>(1, 4.0));
    }
    seen += block.rows();
  });
  CHECK(seen == n);
}

TEST_CASE("unit rows are used as they are", "[cluster][clustered_rows]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<float> rows(1, 2);
  rows(0, 0) = 1.001f;
  const clustered_rows<B, float> points(cx, rows.view(), cluster_metric::spherical, true, "test");
  matrix<float> out(1, 2);
  points.gather(cx, std::vector<token_id>{0}, out.view());
  CHECK(out(0, 0) == 1.001f);
  CHECK(points.gap(0, 0.5f) == Approx(0.5));
}

TEST_CASE("rows that cannot be clustered are named", "[cluster][clustered_rows]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<float> rows = test::gaussian<float>(9, 4, "rows");
  const auto check = [&](cluster_metric metric, bool unit = false) {
    const clustered_rows<B, float> points(cx, rows.view(), metric, unit, "who");
  };
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  CHECK_NOTHROW(check(cluster_metric::spherical));
  CHECK_THROWS_WITH(check(cluster_metric::spherical, true), Catch::StartsWith("who: row 0: found length"));
  rows(7, 2) = bad;
  CHECK_THROWS_WITH(check(cluster_metric::spherical), Catch::StartsWith("who: row 7: found"));
  CHECK_THROWS_WITH(check(cluster_metric::euclidean), Catch::StartsWith("who: row 7: found"));
  for (index_t j = 0; j < 4; ++j) rows(7, j) = 0;
  CHECK_THROWS_WITH(check(cluster_metric::spherical), Catch::StartsWith("who: row 7: found length 0"));
  CHECK_NOTHROW(check(cluster_metric::euclidean));
  const matrix<float> flat(3, 0);
  CHECK_THROWS_AS((clustered_rows<B, float>(cx, flat.view(), cluster_metric::euclidean, false, "who")),
                  shape_error);
}
