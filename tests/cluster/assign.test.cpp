#include "support/catch.hpp"
#include "cluster/planted.hpp"
#include "oracle/kmeans.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/assign.hpp>

#include <limits>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("assign finds the nearest centroid and how near it is", "[cluster][assign]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const index_t n = GENERATE(1, 130), k = GENERATE(1, 17), d = GENERATE(1, 31);
  CAPTURE(B::name, n, k, d, int(metric));
  context<B> cx({.threads = 2});
  const matrix<T> rows = test::gaussian<T>(n, d, "rows"), centroids = test::gaussian<T>(k, d, "centroids");
  const auto got = assign(cx, rows, centroids, {.metric = metric});

  matrix<double> x = test::widened(rows), c = test::widened(centroids);
  if (metric == cluster_metric::spherical) {
    test::oracle::normalise(x);
    test::oracle::normalise(c);
  }
  const double tolerance =
      test::rounding_bound<T>(d, metric == cluster_metric::spherical ? 1.0 : 4.0 * double(d));
  for (index_t i = 0; i < n; ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (index_t j = 0; j < k; ++j)
      least = std::min(least, test::oracle::gap(x.view().row(i), c.view().row(j), d, metric));
    const auto row = static_cast<std::size_t>(i);
    const double own = test::oracle::gap(x.view().row(i), c.view().row(got.labels[row]), d, metric);
    CHECK(own <= least + tolerance);
    const double similarity = metric == cluster_metric::spherical ? 1 - own : -own;
    CHECK(std::abs(double(got.similarities[row]) - similarity) <= tolerance);
  }
}

TEST_CASE("assign by hand", "[cluster][assign]") {
  context<cpu_backend<>> cx({.threads = 1});
  matrix<double> rows(3, 2), centroids(3, 2);
  rows(0, 0) = 3, rows(0, 1) = 4;
  rows(1, 0) = -2;
  rows(2, 1) = 5;
  centroids(0, 0) = 10;
  centroids(1, 1) = 2;
  centroids(2, 1) = 2;
  const auto cosine = assign(cx, rows, centroids);
  CHECK(cosine.labels == std::vector<label_t>{1, 1, 1});  // row 1 is at right angles to 1 and 2: the smaller
  CHECK(cosine.similarities[0] == Approx(0.8));
  CHECK(cosine.similarities[2] == Approx(1.0));
  const auto distance = assign(cx, rows, centroids, {.metric = cluster_metric::euclidean});
  CHECK(distance.labels == std::vector<label_t>{1, 1, 1});
  CHECK(distance.similarities[0] == Approx(-13.0));
  CHECK(distance.similarities[1] == Approx(-8.0));
}

TEST_CASE("assign takes strided rows and no rows", "[cluster][assign]") {
  context<cpu_backend<>> cx({.threads = 1});
  const matrix<float> wide = test::planted<float>(40, 4, 20, 0.1);
  const matrix_view<const float> rows = wide.view().middle_cols(3, 11);
  const auto got = assign(cx, rows, rows.middle_rows(0, 4));
  CHECK(got.labels == test::cyclic_labels(40, 4));
  CHECK(assign(cx, rows.middle_rows(0, 0), rows).labels.empty());
}

TEST_CASE("assign refuses what it cannot place", "[cluster][assign]") {
  context<cpu_backend<>> cx({.threads = 1});
  matrix<float> rows = test::gaussian<float>(5, 3, "rows");
  const matrix<float> narrow_ones(2, 2), none(0, 3), zero(1, 3), flat(5, 0);
  CHECK_THROWS_AS(assign(cx, rows, narrow_ones), shape_error);
  CHECK_THROWS_AS(assign(cx, rows, none), shape_error);
  CHECK_THROWS_AS(assign(cx, flat, flat), shape_error);
  CHECK_THROWS_WITH(assign(cx, rows, zero), Catch::Contains("centroid 0"));
  rows(3, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(assign(cx, rows, rows), Catch::Contains("assign: row 3"));
  CHECK_THROWS_AS(assign(cx, rows, rows, {.metric = cluster_metric::euclidean}), numeric_error);
}
