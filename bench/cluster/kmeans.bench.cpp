#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/cluster/kmeans.hpp>

#include <cmath>

namespace {

using namespace bench;

// Directions with Zipf-like weights, rows scattered about them: docs/performance.md has the recipe.
matrix<float> mixture(index_t n, index_t d) {
  const auto directions = gaussian(500, d, "directions");
  const random_stream random(3, "mixture");
  std::vector<double> cumulative;
  double sum = 0;
  for (index_t r = 0; r < 500; ++r) cumulative.push_back(sum += 1.0 / static_cast<double>(r + 20));
  auto rows = gaussian(n, d, "noise");
  const double spread = 1.5 / std::sqrt(static_cast<double>(d));
  for (index_t i = 0; i < n; ++i) {
    const double at = random.uniform(static_cast<std::uint64_t>(i)) * sum;
    const index_t r = std::upper_bound(cumulative.begin(), cumulative.end(), at) - cumulative.begin();
    double length = 0;
    for (index_t j = 0; j < d; ++j) length += std::pow(static_cast<double>(directions(r, j)), 2);
    for (index_t j = 0; j < d; ++j)
      rows(i, j) = static_cast<float>(spread * static_cast<double>(rows(i, j)) +
                                      static_cast<double>(directions(r, j)) / std::sqrt(length));
  }
  return rows;
}

// Rows without clusters: a Gaussian of 24 dimensions, turned into d.
matrix<float> latent(index_t n, index_t d) {
  context<B> cx;
  const auto source = gaussian(n, 24, "source"), basis = gaussian(24, d, "basis");
  matrix<float> rows(n, d);
  B::gemm(cx, op::none, op::none, 1.0f, source, basis, 0.0f, rows.view());
  return rows;
}

void spherical_kmeans(benchmark::State& state) {
  const index_t n = state.range(0), d = state.range(1), k = state.range(2);
  context<B> cx;
  const auto rows = state.range(3) != 0 ? mixture(n, d) : latent(n, d);
  for (auto _ : state) benchmark::DoNotOptimize(kmeans(cx, rows, {.clusters = k, .iterations = 20}));
  // Twenty full passes; pairs that cannot have changed are skipped, so of_peak may exceed 1.
  report(state, {20 * 2.0 * static_cast<double>(n * k * d), 0});
}

BENCHMARK(spherical_kmeans)
    ->ArgNames({"n", "d", "k", "clustered"})
    ->Args({5000, 256, 500, 1})
    ->Args({20000, 1024, 2000, 1})
    ->Args({20000, 1024, 2000, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
