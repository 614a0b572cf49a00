#include "support/catch.hpp"
#include "cluster/planted.hpp"
#include "oracle/kmeans.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/assign.hpp>
#include <prismatic/cluster/kmeans.hpp>

#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

using namespace prismatic;

namespace {

constexpr std::array all_starts{kmeans_start::first_k, kmeans_start::plus_plus, kmeans_start::parallel};

template <class T>
bool same_bits(const matrix<T>& a, const matrix<T>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), sizeof(T) * static_cast<std::size_t>(a.size())) == 0;
}

template <class T>
matrix<T> first_rows(const matrix<T>& rows, index_t k) {
  matrix<T> out(k, rows.cols());
  std::copy_n(rows.data(), out.size(), out.data());
  return out;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("planted clusters are found", "[cluster][kmeans]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(from_range(all_starts));
  CAPTURE(B::name, int(metric), int(start));
  context<B> cx({.threads = 2, .seed = 3});
  const auto rows = test::planted<T>(330, 11, 24, 0.05);
  const auto got = kmeans(cx, rows, {.clusters = 11, .metric = metric, .start = start});
  CHECK(test::same_partition(got.labels, test::cyclic_labels(330, 11)));
  CHECK(got.converged);
  CHECK(got.sizes == std::vector<index_t>(11, 30));
}

TEMPLATE_LIST_TEST_CASE("k-means agrees with full Lloyd iterations in double", "[cluster][kmeans]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto [n, k, d] = GENERATE(
      std::tuple<index_t, index_t, index_t>{1, 1, 1}, std::tuple<index_t, index_t, index_t>{131, 1, 5},
      std::tuple<index_t, index_t, index_t>{211, 23, 7}, std::tuple<index_t, index_t, index_t>{400, 40, 65});
  const int iterations = GENERATE(1, 3, 12);
  CAPTURE(B::name, n, k, d, int(metric), iterations);
  context<B> cx({.threads = 2});
  const auto rows = test::gaussian<T>(n, d, "rows");
  const auto got = kmeans(cx, rows, {.clusters = k, .iterations = iterations, .metric = metric});
  const auto expected =
      test::oracle::lloyd(test::widened(rows), test::widened(first_rows(rows, k)), iterations, metric);

  CHECK(got.labels == expected.labels);
  CHECK(got.sizes == test::sizes_of(expected.labels, k));
  const double magnitude = metric == cluster_metric::spherical ? 1.0 : 4.0;
  CHECK(test::largest_difference<T>(got.centroids, expected.centroids) <=
        test::rounding_bound<T>(n, magnitude));
  REQUIRE(got.history.size() <= expected.history.size());
  for (std::size_t i = 0; i < expected.history.size(); ++i) {
    const double found = got.history[std::min(i, got.history.size() - 1)];  // after the end nothing changes
    CHECK(std::abs(found - expected.history[i]) <= test::rounding_bound<T>(n, 1.0 + expected.history[i]));
  }
  CHECK(got.objective == got.history.back());
  CHECK(got.iterations == static_cast<int>(got.history.size()));
}

TEMPLATE_LIST_TEST_CASE("the objective never worsens and no cluster is empty", "[cluster][kmeans]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(from_range(all_starts));
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{4}));
  const index_t n = 240, k = GENERATE(2, 24, 120),
                d = GENERATE(1, 3);  // few directions: empty and cancelling clusters
  CAPTURE(B::name, int(metric), int(start), seed, k, d);
  context<B> cx({.threads = 2, .seed = seed});
  const auto rows = test::gaussian<T>(n, d, "rows", seed);
  const auto got = kmeans(cx, rows, {.clusters = k, .metric = metric, .start = start});
  const double direction = metric == cluster_metric::spherical ? 1 : -1;
  for (std::size_t i = 1; i < got.history.size(); ++i)
    CHECK(direction * (got.history[i] - got.history[i - 1]) >=
          -test::rounding_bound<T>(n, 1.0 + std::abs(got.history[i])));
  CHECK(*std::ranges::min_element(got.sizes) >= 1);
  CHECK(got.sizes == test::sizes_of(got.labels, k));
}

TEMPLATE_LIST_TEST_CASE("k-means is the same to the bit on any number of threads", "[cluster][kmeans]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(from_range(all_starts));
  CAPTURE(B::name, int(metric), int(start));
  const auto rows = test::gaussian<T>(300, 40, "rows");
  const kmeans_options options{.clusters = 30, .metric = metric, .start = start};
  context<B> one({.threads = 1, .seed = 5}), three({.threads = 3, .seed = 5});
  const auto a = kmeans(one, rows, options), b = kmeans(three, rows, options), c = kmeans(three, rows, options);
  CHECK(a.labels == b.labels);
  CHECK(same_bits(a.centroids, b.centroids));
  CHECK(a.history == b.history);
  CHECK(b.labels == c.labels);
  CHECK(same_bits(b.centroids, c.centroids));
}

TEMPLATE_LIST_TEST_CASE("stopping early changes nothing", "[cluster][kmeans]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  CAPTURE(B::name, int(metric));
  context<B> cx({.threads = 2});
  const auto rows = test::planted<T>(400, 25, 20, 0.3);
  const auto ended = kmeans(cx, rows, {.clusters = 40, .iterations = 200, .metric = metric});
  REQUIRE(ended.converged);
  const auto again = kmeans(cx, rows, ended.centroids, {.metric = metric});
  CHECK(again.labels == ended.labels);
  CHECK(same_bits(again.centroids, ended.centroids));
  CHECK(again.iterations == 1);
  CHECK(again.converged);
  CHECK(assign(cx, rows, ended.centroids, {.metric = metric}).labels == ended.labels);
}

TEMPLATE_LIST_TEST_CASE("a warm start continues where the clustering stopped", "[cluster][kmeans]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  CAPTURE(B::name, int(metric));
  context<B> cx({.threads = 2});
  const auto rows = test::gaussian<T>(500, 16, "rows");
  const auto whole = kmeans(cx, rows, {.clusters = 30, .iterations = 7, .metric = metric});
  const auto half = kmeans(cx, rows, {.clusters = 30, .iterations = 3, .metric = metric});
  const auto rest = kmeans(cx, rows, half.centroids, {.clusters = 30, .iterations = 4, .metric = metric});
  CHECK_FALSE(half.converged);
  CHECK(rest.labels == whole.labels);
  CHECK(rest.objective == Approx(whole.objective).epsilon(test::rounding_bound<T>(500, 1.0)));
}

TEMPLATE_LIST_TEST_CASE("a warm start adds the clusters that are new", "[cluster][kmeans]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  CAPTURE(B::name, int(metric));
  context<B> cx({.threads = 2});
  // Twelve far and tight groups, of which the first clustering saw eight: row i is of group i % 12.
  const index_t groups = 12;
  const auto rows = test::planted<T>(360, groups, 24, 1e-3);
  matrix<T> seen(240, 24);
  index_t at = 0;
  for (index_t i = 0; i < 360; ++i)
    if (i % groups < 8) std::copy_n(rows.view().row(i), 24, seen.view().row(at++));
  const auto first = kmeans(cx, seen, {.clusters = 8, .metric = metric, .start = kmeans_start::plus_plus});
  const auto grown = kmeans(cx, rows, first.centroids, {.clusters = groups, .metric = metric});
  CHECK(grown.sizes == std::vector<index_t>(12, 30));
  for (index_t j = 0; j < 8; ++j)  // the old clusters keep their numbers
    for (index_t c = 0; c < 24; ++c) CHECK(std::abs(grown.centroids(j, c) - first.centroids(j, c)) < T(1e-2));
  CHECK(kmeans(cx, rows, first.centroids, {.clusters = groups, .metric = metric}).labels == grown.labels);
}

TEMPLATE_LIST_TEST_CASE("one cluster, and a cluster for each row", "[cluster][kmeans]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(from_range(all_starts));
  CAPTURE(B::name, int(metric), int(start));
  context<B> cx({.threads = 2});
  const index_t n = 37;
  const auto rows = test::gaussian<T>(n, 8, "rows");
  const auto one = kmeans(cx, rows, {.clusters = 1, .metric = metric, .start = start});
  CHECK(one.sizes == std::vector<index_t>{n});
  CHECK(one.converged);
  CHECK(one.iterations == 1);

  const auto each = kmeans(cx, rows, {.clusters = n, .metric = metric, .start = start});
  CHECK(each.sizes == std::vector<index_t>(static_cast<std::size_t>(n), 1));
  CHECK(each.converged);
  const double best = metric == cluster_metric::spherical ? 1.0 : 0.0;
  CHECK(std::abs(each.objective - best) <= test::rounding_bound<T>(n, 1.0));
}

TEMPLATE_LIST_TEST_CASE("equal rows with a cluster for each", "[cluster][kmeans]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(from_range(all_starts));
  CAPTURE(B::name, int(metric), int(start));
  context<B> cx({.threads = 2});
  matrix<T> rows(12, 3);
  for (index_t i = 0; i < 12; ++i) rows(i, i % 3) = T(2);
  const auto got = kmeans(cx, rows, {.clusters = 12, .metric = metric, .start = start});
  CHECK(got.sizes == std::vector<index_t>(12, 1));
  CHECK(got.converged);
  CHECK(got.objective == (metric == cluster_metric::spherical ? 1.0 : 0.0));
}

TEST_CASE("a cluster that loses its rows takes the worst-fitting one", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 1});
  // Points 0, 1, 2, 10 on a line; the third centroid, far away, is nearest to nobody.
  matrix<double> rows(4, 1), initial(3, 1);
  rows(1, 0) = 1, rows(2, 0) = 2, rows(3, 0) = 10;
  initial(0, 0) = 0, initial(1, 0) = 3, initial(2, 0) = 1000;
  const auto got = kmeans(cx, rows, initial, {.iterations = 1, .metric = cluster_metric::euclidean});
  CHECK(got.labels == std::vector<label_t>{0, 0, 1, 2});
  CHECK(got.centroids(0, 0) == 0.5);
  CHECK(got.centroids(2, 0) == 10.0);
  CHECK(got.objective == Approx(0.5));
}

TEST_CASE("unit rows that cancel still have a centroid", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 1});
  matrix<double> rows(2, 2);
  rows(0, 0) = 1;
  rows(1, 0) = -1;
  const auto got = kmeans(cx, rows, {.clusters = 1});
  CHECK(got.centroids(0, 0) == 1.0);
  CHECK(got.objective == 0.0);
  CHECK(got.converged);
}

TEST_CASE("the order of the starting centroids only renames clusters", "[cluster][kmeans]") {
  const auto metric = GENERATE(from_range(test::both_metrics));
  context<cpu_backend<>> cx({.threads = 2});
  const index_t k = 17;
  const auto rows = test::gaussian<double>(300, 9, "rows");
  const auto initial = first_rows(rows, k);
  matrix<double> turned(k, 9);
  for (index_t j = 0; j < k; ++j) std::copy_n(initial.view().row(j), 9, turned.view().row((j + 5) % k));
  const auto a = kmeans(cx, rows, initial, {.metric = metric}),
             b = kmeans(cx, rows, turned, {.metric = metric});
  for (std::size_t i = 0; i < a.labels.size(); ++i) REQUIRE(b.labels[i] == (a.labels[i] + 5) % k);
  CHECK(b.objective == Approx(a.objective));
}

TEST_CASE("the spherical metric sees no lengths", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 2});
  const auto rows = test::gaussian<double>(300, 9, "rows");
  matrix<double> scaled = rows.clone(), unit = rows.clone();
  for (index_t i = 0; i < 300; ++i)
    for (index_t j = 0; j < 9; ++j) scaled(i, j) *= std::ldexp(1.0, static_cast<int>(i % 40) - 20);
  test::oracle::normalise(unit);
  const auto a = kmeans(cx, rows, {.clusters = 20}), b = kmeans(cx, scaled, {.clusters = 20});
  const auto c = kmeans(cx, unit, {.clusters = 20, .rows_are_unit = true});
  CHECK(a.labels == b.labels);
  CHECK(a.labels == c.labels);
  CHECK(a.objective == Approx(b.objective));
  CHECK(a.objective == Approx(c.objective));
}

TEST_CASE("drawn starts beat the first rows on planted clusters", "[cluster][kmeans]") {
  const auto start = GENERATE(kmeans_start::plus_plus, kmeans_start::parallel);
  const auto metric = GENERATE(from_range(test::both_metrics));
  // 20 of 600 rows in groups of very different sizes: the first rows miss most groups.
  const index_t n = 600, groups = 20;
  double first = 0, drawn = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    auto rows = test::planted<double>(n, groups, 16, 0.1, seed);
    const auto directions = test::gaussian<double>(groups, 16, "directions", seed);
    for (index_t i = 0; i < n / 2; ++i)  // half of the rows, the first ones, join group 0
      for (index_t j = 0; j < 16; ++j) rows(i, j) += directions(0, j) - directions(i % groups, j);
    context<cpu_backend<>> cx({.threads = 2, .seed = seed});
    first += kmeans(cx, rows, {.clusters = groups, .metric = metric}).objective;
    drawn += kmeans(cx, rows, {.clusters = groups, .metric = metric, .start = start}).objective;
  }
  CAPTURE(int(start), int(metric), first, drawn);
  CHECK((metric == cluster_metric::spherical ? drawn > first : drawn < first));
}

TEST_CASE("k-means takes strided rows", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 2});
  const auto wide = test::gaussian<float>(200, 40, "wide");
  const matrix_view<const float> part = wide.view().middle_cols(7, 13);
  matrix<float> packed(200, 13);
  for (index_t i = 0; i < 200; ++i) std::copy_n(part.row(i), 13, packed.view().row(i));
  const auto a = kmeans(cx, part, {.clusters = 20}), b = kmeans(cx, packed, {.clusters = 20});
  CHECK(a.labels == b.labels);
  CHECK(same_bits(a.centroids, b.centroids));
}

TEST_CASE("k-means reports its iterations and can be stopped", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 2});
  const auto rows = test::gaussian<float>(200, 5, "rows");
  int calls = 0;
  auto callback = [&](const progress_report& report) {
    CHECK(report.stage == "k-means");
    CHECK(report.done == calls++);
    CHECK(report.total == 20);
    if (calls == 3) throw std::runtime_error("stop");
  };
  CHECK_THROWS_WITH(kmeans(cx, rows, {.clusters = 20, .report = callback}), "stop");
  CHECK(calls == 3);
}

TEST_CASE("k-means refuses what it cannot cluster", "[cluster][kmeans]") {
  context<cpu_backend<>> cx({.threads = 1});
  const auto metric = GENERATE(from_range(test::both_metrics));
  matrix<float> rows = test::gaussian<float>(10, 3, "rows");
  const matrix<float> none(0, 3), two_columns(4, 2), three = first_rows(rows, 3),
                                                     too_many = test::gaussian<float>(11, 3, "x");
  const auto run = [&](index_t k, int iterations = 20) {
    return kmeans(cx, rows, {.clusters = k, .iterations = iterations, .metric = metric});
  };
  CHECK_THROWS_WITH(run(11), "kmeans: found 11 clusters, expected 1 ... 10 (the number of rows)");
  CHECK_THROWS_AS(run(0), option_error);
  CHECK_THROWS_AS(run(-1), option_error);
  CHECK_THROWS_AS(run(2, 0), option_error);
  CHECK_THROWS_AS(kmeans(cx, none, {.clusters = 1, .metric = metric}), option_error);
  CHECK_THROWS_AS(kmeans(cx, rows, none, {.metric = metric}), option_error);
  CHECK_THROWS_AS(kmeans(cx, rows, too_many, {.metric = metric}), option_error);
  CHECK_THROWS_AS(kmeans(cx, rows, two_columns, {.metric = metric}), shape_error);
  CHECK_THROWS_AS(kmeans(cx, rows, three, {.clusters = 2, .metric = metric}), shape_error);
  rows(6, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(run(2), Catch::StartsWith("kmeans: row 6: found"));
}
