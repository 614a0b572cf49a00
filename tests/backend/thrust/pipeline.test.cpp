// The whole way from samples to scores on the Thrust backend, in host memory and in memory that counts as a device's,
// against the CPU backend.
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/pretend_device.hpp"
#include "transformer/models.hpp"

#include <prismatic/cluster/assign.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/projection/kronecker.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/transformer/sampler.hpp>
#include <prismatic/transformer/training.hpp>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

using cpu = cpu_backend<eigen_kernels>;
using systems = std::tuple<test::on<thrust_backend<thrust_omp>, float>, test::on<thrust_backend<test::pretend_device>, float>>;

// A verb takes its own backend's memory and no other.
template <class B, class View>
concept copies = requires(context<B>& cx, View from, matrix_view<float, B::space> to) { B::copy(cx, from, to); };
static_assert(copies<thrust_backend<test::pretend_device>, matrix_view<const float, memory::device>>);
static_assert(!copies<thrust_backend<test::pretend_device>, matrix_view<const float>>);
static_assert(copies<thrust_backend<thrust_omp>, matrix_view<const float>>);
static_assert(!copies<thrust_backend<thrust_omp>, matrix_view<const float, memory::device>>);

// Parameters are the same on every backend: they are drawn on the host.
template <class B, class T>
decoder<B, T> model_of(const decoder_config& config) {
  decoder<B, T> model(config);
  model.initialise(3);
  return model;
}

template <class T>
double relative_difference(matrix_view<const T> a, matrix_view<const T> b) {
  double difference = 0, size = 0;
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) {
      difference += std::pow(static_cast<double>(a(i, j)) - static_cast<double>(b(i, j)), 2);
      size += std::pow(static_cast<double>(b(i, j)), 2);
    }
  return std::sqrt(difference / size);
}

// Sums of a few hundred terms through a dozen layers, each in an order of its own.
template <class T>
double row_bound() {
  return test::rounding_bound<T>(100, 1);
}

template <class T>
matrix<T> rows_of(index_t n, index_t d) {
  matrix<T> rows = test::gaussian<T>(n, d, "rows");
  const matrix<T> centres = test::gaussian<T>(5, d, "centres");
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) rows(i, j) = centres(i % 5, j) + T(0.3) * rows(i, j);
  return rows;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("gradient rows are the CPU's", "[backend][thrust][pipeline]", systems) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like()}) {
    const auto data = test::random_sequences(config.vocabulary, {7, 2, 12, 16, 5});
    const auto compare = [&](const auto& projection) {
      context<B> cx({.threads = 2});
      context<cpu> host({.threads = 2});
      const auto found = collect_rows(cx, model_of<B, T>(config), std::span<const token_sequence>(data), projection,
                                      {.batch_tokens = 30});
      const auto expected = collect_rows(host, model_of<cpu, T>(config), std::span<const token_sequence>(data), projection,
                                         {.batch_tokens = 30});
      CAPTURE(B::name);
      CHECK(found.bad.empty());
      CHECK(relative_difference<T>(found.rows.view(), expected.rows.view()) <= row_bound<T>());
      for (std::size_t i = 0; i < data.size(); ++i)
        CHECK(std::abs(found.losses[i] - expected.losses[i]) <= row_bound<T>() * expected.losses[i]);
    };
    compare(rademacher(96, 5));
    compare(sparse_sign(96, 4, 5));
    compare(kronecker(96, 5));
  }
}

TEST_CASE("a sweep that the device has no memory for is halved, once", "[backend][thrust][pipeline]") {
  using B = thrust_backend<test::pretend_device>;
  const decoder_config config = test::qwen2_like();
  const auto data = test::random_sequences(config.vocabulary, {16, 16, 16, 16, 16, 16, 16, 16});
  const rademacher projection(64, 5);
  const auto model = model_of<B, float>(config);
  // What a run of sweeps of so many tokens holds beside the model.
  const auto rows_within = [&](index_t limit, index_t tokens, std::vector<index_t>& told) {
    context<B> cx({.threads = 1});
    struct lifted {
      ~lifted() { memory_budget::set_limit(std::numeric_limits<index_t>::max()); }
    } afterwards;
    memory_budget::set_limit(memory_budget::held() + limit);
    const auto listen = [&](const progress_report& r) { told.push_back(r.done); };
    auto found = collect_rows(cx, model, std::span<const token_sequence>(data), projection,
                              {.batch_tokens = tokens, .on_smaller_sweeps = progress(listen)});
    return std::pair(std::move(found), cx.scratch().held_bytes());
  };
  std::vector<index_t> told;
  const index_t plenty = index_t{1} << 40;
  const auto [expected, whole] = rows_within(plenty, 128, told);
  const index_t half = rows_within(plenty, 64, told).second;
  REQUIRE(half < whole);
  REQUIRE(told.empty());
  const auto found = rows_within((half + whole) / 2, 128, told).first;
  CHECK(told == std::vector<index_t>{64});
  CHECK(relative_difference<float>(found.rows.view(), expected.rows.view()) <= row_bound<float>());
  CHECK(found.losses.size() == expected.losses.size());
  for (std::size_t i = 0; i < data.size(); ++i) CHECK(found.losses[i] == Approx(expected.losses[i]).epsilon(1e-5));
  CHECK_THROWS_AS(rows_within(half / 4, 128, told), memory_error);  // not even half as many fit
  CHECK(told == std::vector<index_t>{64, 64});
}

TEMPLATE_LIST_TEST_CASE("scores and clusters are the CPU's", "[backend][thrust][pipeline]", systems) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  context<cpu> host({.threads = 2});
  const index_t n = 60, d = 24;
  const matrix<T> rows = rows_of<T>(n, d);
  const matrix<T, B::space> there = moved_to<B::space>(rows.clone());
  CAPTURE(B::name);

  for (const auto route : {vendi_route::covariance, vendi_route::gram}) {
    const auto found = vendi(cx, there, {.route = route}), expected = vendi(host, rows, {.route = route});
    CHECK(std::abs(found.score - expected.score) <= test::rounding_bound<T>(n, expected.score));
  }
  covariance_accumulator<B, T> sums(d);
  covariance_accumulator<cpu, T> host_sums(d);
  sums.add(cx, there);
  host_sums.add(host, rows);
  std::vector<double> found(static_cast<std::size_t>(n)), expected(found.size());
  surprisal_model<B, T>(cx, sums).score(cx, there, found);
  surprisal_model<cpu, T>(host, host_sums).score(host, rows, expected);
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(std::abs(found[i] - expected[i]) <= 10 * test::rounding_bound<T>(d, expected[i]));
  CHECK(select_greedy(cx, there, 10).rows == select_greedy(host, rows, 10).rows);

  for (const auto metric : {cluster_metric::spherical, cluster_metric::euclidean})
    for (const auto start : {kmeans_start::first_k, kmeans_start::plus_plus, kmeans_start::parallel}) {
      const kmeans_options options{.clusters = 5, .metric = metric, .start = start};
      const auto clusters = kmeans(cx, there, options), wanted = kmeans(host, rows, options);
      CHECK(clusters.labels == wanted.labels);
      CHECK(clusters.objective == Approx(wanted.objective).epsilon(test::rounding_bound<T>(n, 1)));
      const auto assigned = assign(cx, there, clusters.centroids, {.metric = metric});
      CHECK(assigned.labels == wanted.labels);
    }
}

TEMPLATE_LIST_TEST_CASE("a round's filter decides as the CPU's", "[backend][thrust][pipeline]", systems) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  context<cpu> host({.threads = 2});
  const matrix<T> pool = rows_of<T>(60, 24), fresh = test::gaussian<T>(9, 24, "candidates");
  const auto there = on_backend(cx, pool.view());
  const filter_options options{.rows_per_cluster = 12};
  const auto clusters = cluster_pool(cx, there, options);
  const auto wanted = cluster_pool(host, pool, options);
  REQUIRE(clusters.means.labels == wanted.means.labels);
  const auto again = cluster_pool(cx, there, options, clusters.means.centroids);  // a warm start
  CHECK(again.means.labels == wanted.means.labels);
  const filter_result found = filter_candidates(cx, there, clusters, on_backend(cx, fresh.view()), options);
  const filter_result expected = filter_candidates(host, pool, wanted, fresh, options);
  CAPTURE(B::name);
  CHECK(found.keep == expected.keep);
  CHECK(found.clusters == expected.clusters);
}

TEMPLATE_LIST_TEST_CASE("training and sampling are the CPU's", "[backend][thrust][pipeline]", systems) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const decoder_config config = test::qwen2_like();
  const auto data = test::random_sequences(config.vocabulary, {9, 12, 6, 15, 10, 8});
  const auto trained = [&]<class On>(context<On>& cx) {
    auto model = model_of<On, T>(config);
    const auto result = train(cx, model, data, {.steps = 12, .batch_tokens = 24, .learning_rate = 1e-2, .warmup_steps = 2});
    const std::vector<std::vector<token_id>> prompts{{1, 2, 3}, {4}, {5, 6}};
    return std::pair(result.losses, generate(cx, model, prompts, {.max_tokens = 6, .temperature = 0}));
  };
  context<B> cx({.threads = 2});
  context<cpu> host({.threads = 2});
  const auto found = trained(cx), expected = trained(host);
  CAPTURE(B::name);
  // A dozen steps of AdamW magnify rounding some tenfold each time the sign of a small gradient flips.
  for (std::size_t i = 0; i < found.first.size(); ++i)
    CHECK(found.first[i] == Approx(expected.first[i]).epsilon(1e-3));
  CHECK(found.second == expected.second);
}

TEMPLATE_LIST_TEST_CASE("the host's eigensystem of a backend", "[backend][thrust][pipeline]", systems) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 1});
  matrix<double> m(2, 2);
  m(0, 0) = m(1, 1) = 2;
  m(0, 1) = m(1, 0) = 1;
  const auto lambda = host_eigensystem(cx, m);
  CHECK(lambda[0] == Approx(1));
  CHECK(lambda[1] == Approx(3));
  CHECK(m(0, 0) * m(0, 1) == Approx(-0.5));
}
