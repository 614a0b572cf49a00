#include <prismatic/cluster/resident_clusters.hpp>

#include "cluster/planted.hpp"
#include "support/backends.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/cluster/kmeans.hpp>

#include <type_traits>
#include <vector>

using namespace prismatic;

static_assert(std::is_same_v<typename detail::clusters_of<cpu_backend<eigen_kernels>, float>::type,
                             remembered_clusters<cpu_backend<eigen_kernels>, float>>);

#if PRISMATIC_TEST_THRUST || PRISMATIC_TEST_CUDA
namespace {

using cpu = cpu_backend<eigen_kernels>;

template <class T, memory Space>
void check_same(const kmeans_result<T, Space>& found, const kmeans_result<T>& expected, index_t rows) {
  CHECK(found.labels == expected.labels);
  CHECK(found.sizes == expected.sizes);
  CHECK(found.iterations == expected.iterations);
  CHECK(found.converged == expected.converged);
  CHECK(found.history.size() == expected.history.size());
  const double bound = test::rounding_bound<T>(rows, 1);
  CHECK(found.objective == Approx(expected.objective).epsilon(bound).margin(bound));
  CHECK(test::largest_difference<T>(copy_to_host(found.centroids.view()), test::widened(expected.centroids)) <=
        test::rounding_bound<T>(rows, 4));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("clusters whose labels stay with the rows are the CPU's", "[cluster][kmeans]", test::resident) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  static_assert(groups_rows<B, T>);
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto start = GENERATE(kmeans_start::first_k, kmeans_start::plus_plus);
  const int iterations = GENERATE(1, 2, 20);
  CAPTURE(B::name, int(metric), int(start), iterations);
  context<B> cx({.threads = 2, .seed = 3});
  context<cpu> host({.threads = 2, .seed = 3});
  const index_t n = 1400, k = 9;  // groups of more than one piece
  matrix<T> rows = test::planted<T>(n, 5, 24, 0.3);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < 24; ++j) rows(i, j) *= T(1 + i % 3);  // lengths that do not count where it is spherical
  const auto there = moved_to<B::space>(rows.clone());
  const kmeans_options options{.clusters = k, .iterations = iterations, .metric = metric, .start = start};
  check_same(kmeans(cx, there, options), kmeans(host, rows, options), n);
}

TEMPLATE_LIST_TEST_CASE("a cluster without rows takes one, wherever labels are", "[cluster][kmeans]", test::resident) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> rows(4, 1), initial(3, 1);
  rows(1, 0) = 1, rows(2, 0) = 2, rows(3, 0) = 10;
  initial(0, 0) = 0, initial(1, 0) = 3, initial(2, 0) = 1000;
  const auto got = kmeans(cx, moved_to<B::space>(rows.clone()), moved_to<B::space>(initial.clone()),
                          {.iterations = 1, .metric = cluster_metric::euclidean});
  CAPTURE(B::name);
  CHECK(got.labels == std::vector<label_t>{0, 0, 1, 2});
  CHECK(got.sizes == std::vector<index_t>{2, 1, 1});
  CHECK(got.objective == Approx(0.5));
  CHECK(copy_to_host(got.centroids.view())(2, 0) == T(10));
}

TEMPLATE_LIST_TEST_CASE("members that cancel, and equal rows", "[cluster][kmeans]", test::resident) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  CAPTURE(B::name);
  matrix<T> rows(2, 2);
  rows(0, 0) = 1;
  rows(1, 0) = -1;
  const auto one = kmeans(cx, moved_to<B::space>(rows.clone()), {.clusters = 1});
  CHECK(copy_to_host(one.centroids.view())(0, 0) == T(1));
  CHECK(one.objective == 0.0);
  CHECK(one.iterations == 1);  // all labels are 0, and were nothing before
  CHECK(one.converged);

  matrix<T> equal(12, 3);
  for (index_t i = 0; i < 12; ++i) equal(i, i % 3) = T(2);
  for (const auto metric : test::both_metrics) {
    const auto each = kmeans(cx, moved_to<B::space>(equal.clone()), {.clusters = 12, .metric = metric});
    CHECK(each.sizes == std::vector<index_t>(12, 1));
    CHECK(each.converged);
    CHECK(each.objective == (metric == cluster_metric::spherical ? 1.0 : 0.0));
  }
}
#endif
