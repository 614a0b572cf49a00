#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/projection/rademacher.hpp>

namespace {

using namespace bench;

// One block of a weight matrix, for a batch of gradients; "ns/param/grad" is the figure peers are compared by.
void rademacher_block(benchmark::State& state) {
  const index_t samples = state.range(0), rows = 64, cols = 896, width = state.range(1);
  context<B> cx;
  const rademacher projection(width, 1);
  const auto g = gaussian(samples, rows * cols, "g");
  matrix<float> z(samples, width);
  for (auto _ : state) projection.accumulate<B, float>(cx, {"bench", 0, rows, cols}, g, z.view());
  const double entries = static_cast<double>(samples * rows * cols);
  report(state, {2 * entries * static_cast<double>(width), 4 * entries});  // as a product would count it
  state.counters["params*grads/s"] = benchmark::Counter(entries, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(rademacher_block)
    ->ArgNames({"batch", "d"})
    ->Args({1, 1024})
    ->Args({8, 1024})
    ->Args({16, 1024})
    ->Args({64, 1024})
    ->Args({8, 256})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
