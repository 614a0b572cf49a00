#include "support/catch.hpp"
#include "cluster/planted.hpp"
#include "oracle/kmeans.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/centroids.hpp>

#include <cstring>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("moved centroids become means, the others keep their bits", "[cluster][centroids]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const index_t n = GENERATE(11, 700), k = 5, d = GENERATE(1, 67, 600);
  CAPTURE(B::name, n, d, int(metric));
  context<B> cx({.threads = 2});
  matrix<T> rows = test::gaussian<T>(n, d, "rows");
  for (index_t i = 0; i < n; ++i) rows(i, 0) = T(3);  // so that one column does not cancel
  const std::vector<label_t> labels = test::cyclic_labels(n, k);
  const std::vector<index_t> sizes = test::sizes_of(labels, k);
  const clustered_rows<B, T> points(cx, rows.view(), metric, false, "test");
  const matrix<T> start = test::gaussian<T>(k, d, "start");
  cluster_means<B, T> means(start.clone());

  matrix<double> x = test::widened(rows), mean(k, d);
  if (metric == cluster_metric::spherical) test::oracle::normalise(x);
  for (index_t i = 0; i < n; ++i)
    for (index_t c = 0; c < d; ++c)
      mean(i % k, c) += x(i, c) / static_cast<double>(sizes[static_cast<std::size_t>(i % k)]);
  if (metric == cluster_metric::spherical) test::oracle::normalise(mean);
  const double tolerance = test::rounding_bound<T>(n, 4.0);

  const auto step = [&](std::vector<bool> moved) { means.update(cx, points, labels, sizes, moved); };
  step({false, true, false, true, false});
  for (const index_t j : {0, 2, 4})
    CHECK(std::memcmp(means.centroids().row(j), start.view().row(j), sizeof(T) * static_cast<std::size_t>(d)) ==
          0);
  for (const index_t j : {1, 3})
    CHECK(test::largest_difference<T>(means.centroids().middle_rows(j, 1), mean.view().middle_rows(j, 1)) <=
          tolerance);

  step({true, false, true, false, true});
  CHECK(test::largest_difference<T>(means.centroids(), mean.view()) <= tolerance);
  const double expected = test::oracle::objective(x, mean, labels, metric);
  CHECK(std::abs(means.objective(cx, points, labels) - expected) <= test::rounding_bound<T>(n, 1.0 + expected));

  // A centroid is a function of its members: all at once gives the same bits.
  cluster_means<B, T> again(start.clone());
  again.update(cx, points, labels, sizes, std::vector<bool>(5, true));
  CHECK(std::memcmp(again.centroids().data(), means.centroids().data(),
                    sizeof(T) * static_cast<std::size_t>(k * d)) == 0);
}

TEST_CASE("members that cancel leave the direction of the first", "[cluster][centroids]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<double> rows(3, 2);
  rows(0, 1) = 1;
  rows(1, 0) = -2;
  rows(2, 0) = 5;
  const clustered_rows<B, double> points(cx, rows.view(), cluster_metric::spherical, false, "test");
  cluster_means<B, double> means(matrix<double>(2, 2));
  const std::vector<label_t> labels{0, 1, 1};
  means.update(cx, points, labels, std::vector<index_t>{1, 2}, {true, true});
  CHECK(means.centroids()(1, 0) == -1.0);
  CHECK(means.centroids()(1, 1) == 0.0);
  CHECK(means.objective(cx, points, labels) == Approx(1.0 / 3.0));
}

TEST_CASE("given centroids are normalised for the spherical metric alone", "[cluster][centroids]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<float> given(2, 2);
  given(0, 0) = 3, given(0, 1) = 4;
  given(1, 0) = 0.6000001f, given(1, 1) = 0.8000001f;  // length 1.0000001
  const auto unit = given_centroids<B, float>(cx, cluster_metric::spherical, given.view(), "who");
  CHECK(unit(0, 0) == Approx(0.6f));
  CHECK(unit(1, 0) == 0.6000001f);  // unit to rounding: untouched
  const auto same = given_centroids<B, float>(cx, cluster_metric::euclidean, given.view(), "who");
  CHECK(same(0, 1) == 4.0f);
  given(1, 0) = given(1, 1) = 0;
  CHECK_NOTHROW(given_centroids<B, float>(cx, cluster_metric::euclidean, given.view(), "who"));
  CHECK_THROWS_WITH((given_centroids<B, float>(cx, cluster_metric::spherical, given.view(), "who")),
                    Catch::StartsWith("who: centroid 1: found length 0"));
}

TEST_CASE("the bias turns a product into a distance", "[cluster][centroids]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<float> centroids(2, 2);
  centroids(0, 0) = 3, centroids(0, 1) = 4;
  CHECK(centroid_bias<B, float>(cx, cluster_metric::euclidean, centroids.view()) ==
        std::vector<float>{-12.5f, 0.0f});
  CHECK(centroid_bias<B, float>(cx, cluster_metric::spherical, centroids.view()).empty());
}
