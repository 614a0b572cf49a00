#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/projection/rademacher.hpp>

namespace {

using namespace bench;

// A weight matrix of `rows` times 896, for a batch of gradients. "ns" is per parameter and gradient, the figure peers
// are compared by. of_peak counts the work as a product would, on all threads, so a look-up kernel passes 1.
void block_at(benchmark::State& state, product_precision precision) {
  const index_t samples = state.range(0), rows = state.range(1), cols = 896, width = state.range(2);
  context<B> cx({.threads = static_cast<int>(state.range(3))});
  const products_at<B> set(cx, precision);
  const rademacher projection(width, 1);
  const auto g = gaussian(samples, rows * cols, "g");
  matrix<float> z(samples, width);
  for (auto _ : state) projection.accumulate<B, float>(cx, {"bench", 0, rows, cols}, g, z.view());
  const double entries = static_cast<double>(samples * rows * cols);
  report(state, {2 * entries * static_cast<double>(width), 4 * entries});
  state.counters["ns"] = benchmark::Counter(1e-9 * entries, benchmark::Counter::kIsIterationInvariantRate |
                                                                benchmark::Counter::kInvert);
}

void rademacher_block(benchmark::State& state) { block_at(state, product_precision::full); }
void rademacher_block_at_bf16(benchmark::State& state) { block_at(state, product_precision::bf16); }

BENCHMARK(rademacher_block)
    ->ArgNames({"batch", "rows", "d", "threads"})
    ->ArgsProduct({{1, 8, 64}, {1116}, {1024}, {1, 0}})  // a million parameters; 0 threads: all
    ->Args({8, 1116, 256, 0})
    ->Args({8, 1, 1024, 0})  // a bias or a norm
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

BENCHMARK(rademacher_block_at_bf16)
    ->ArgNames({"batch", "rows", "d", "threads"})
    ->ArgsProduct({{1, 8, 64}, {1116}, {1024}, {1, 0}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
