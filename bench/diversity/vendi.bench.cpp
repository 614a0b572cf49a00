#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>

namespace {

using namespace bench;

void vendi_score(benchmark::State& state) {
  const index_t n = state.range(0), d = state.range(1);
  context<B> cx;
  const auto rows = gaussian(n, d, "rows");
  for (auto _ : state) benchmark::DoNotOptimize(vendi(cx, rows).score);
  const double a = static_cast<double>(std::min(n, d)), b = static_cast<double>(std::max(n, d));
  report(state, {b * a * (a + 1) + 4.0 / 3 * a * a * a, 4 * a * b});
}

void surprisal_of_rows(benchmark::State& state) {
  const index_t n = state.range(0), d = state.range(1);
  context<B> cx;
  const auto rows = gaussian(n, d, "rows");
  covariance_accumulator<B, float> sums(d);
  sums.add(cx, rows);
  const surprisal_model<B, float> model(cx, sums);
  std::vector<double> out(static_cast<std::size_t>(n));
  for (auto _ : state) model.score(cx, rows, out);
  report(state, {2 * static_cast<double>(n * d * d), 4 * static_cast<double>(n * d)});
}

void greedy_selection_of_rows(benchmark::State& state) {
  const index_t n = state.range(0), m = state.range(1);
  context<B> cx;
  const auto rows = gaussian(n, 1024, "rows");
  for (auto _ : state) benchmark::DoNotOptimize(select_greedy(cx, rows, m));
  report_items(state, "picks/s", static_cast<double>(m));
}

BENCHMARK(vendi_score)->ArgNames({"n", "d"})->Args({1000, 1024})->Args({10000, 1024})->Args({100000, 1024})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(surprisal_of_rows)->ArgNames({"n", "d"})->Args({10000, 1024})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(greedy_selection_of_rows)->ArgNames({"n", "m"})->Args({5000, 500})->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
