#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/projection/sparse_sign.hpp>

#include <algorithm>

namespace {

using namespace bench;

// A weight matrix of rows x 1000 parameters, for a batch of gradients that come from memory (rows = 1000 or
// 10000), or that fit a sink's tile of 2 MiB and are still in cache (rows = 0). Peers are compared by seconds
// per parameter and gradient; the floor is one read of the gradients.
void sparse_sign_matrix(benchmark::State& state) {
  constexpr index_t cols = 1000, width = 1024;
  const index_t samples = state.range(0), nonzeros = state.range(1);
  const index_t rows = state.range(2) > 0 ? state.range(2) : std::max<index_t>((2 << 20) / (4 * cols * samples), 1);
  context<B> cx;
  const sparse_sign projection(width, nonzeros, 1);
  matrix<float> g(samples, rows * cols), z(samples, width);
  for (index_t i = 0; i < g.size(); ++i) g.data()[i] = static_cast<float>(i * 7 % 11 - 5);
  for (auto _ : state) projection.accumulate<B, float>(cx, {"bench", 0, rows, cols}, g, z.view());
  const double entries = static_cast<double>(g.size());
  report(state, {entries * static_cast<double>(nonzeros), 4 * entries});
  state.counters["s/param/grad"] =
      benchmark::Counter(entries, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK(sparse_sign_matrix)
    ->ArgNames({"batch", "s", "rows"})
    ->ArgsProduct({{1, 8, 64}, {1, 4, 8}, {0, 1000}})
    ->ArgsProduct({{1, 8}, {1, 4, 8}, {10000}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
