#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>

#if PRISMATIC_HAS_BLAS
#include <lapacke.h>
#include <omp.h>
#endif

#include <algorithm>
#include <concepts>
#include <vector>

namespace {

using namespace bench;

void vendi_at(benchmark::State& state, product_precision products) {
  const index_t n = state.range(0), d = state.range(1);
  context<B> cx;
  const auto rows = gaussian(n, d, "rows");
  for (auto _ : state) benchmark::DoNotOptimize(vendi(cx, rows, {.products = products}).score);
  const double a = static_cast<double>(std::min(n, d)), b = static_cast<double>(std::max(n, d));
  report(state, {b * a * (a + 1) + 4.0 / 3 * a * a * a, 4 * a * b});
}

void vendi_score(benchmark::State& state) { vendi_at(state, product_precision::full); }
void vendi_score_bf16(benchmark::State& state) { vendi_at(state, product_precision::bf16); }

// Values only, of the covariance of Gaussian rows. 4/3 d^3 FLOP; of_peak is against the float peak for either type.
template <class T, class F>
void eigenvalues_of(benchmark::State& state, F&& solve) {
  const index_t d = state.range(0);
  context<B> cx;
  const auto rows = gaussian(2 * d, d, "rows");
  matrix<float> covariance(d, d);
  B::syrk(cx, op::transpose, 1 / static_cast<float>(2 * d), rows, 0.0f, covariance.view());
  matrix<T> c(d, d);
  std::vector<T> w(static_cast<std::size_t>(d));
  for (auto _ : state) {
    std::copy_n(covariance.data(), c.size(), c.data());
    solve(cx, c, w);
    benchmark::DoNotOptimize(w.data());
  }
  report(state, {4.0 / 3 * static_cast<double>(d * d * d), 0});
}

template <class T>
void eigenvalues(benchmark::State& state) {
  eigenvalues_of<T>(state, [](auto& cx, auto& c, auto& w) { B::eigenvalues(cx, c.view(), vector_view<T>(w)); });
}

#if PRISMATIC_HAS_BLAS
// On one thread: on two, Debian's OpenBLAS is slower.
template <class T>
void eigenvalues_lapack(benchmark::State& state) {
  omp_set_num_threads(1);
  eigenvalues_of<T>(state, [](auto&, auto& c, auto& w) {
    const auto n = static_cast<lapack_int>(c.rows());
    if constexpr (std::same_as<T, float>)
      LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'N', 'L', n, c.data(), n, w.data());
    else
      LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'N', 'L', n, c.data(), n, w.data());
  });
}
#endif

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
BENCHMARK(vendi_score_bf16)->ArgNames({"n", "d"})->Args({10000, 1024})->Args({100000, 1024})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(eigenvalues<float>)->ArgName("d")->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(eigenvalues<double>)->ArgName("d")->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);
#if PRISMATIC_HAS_BLAS
BENCHMARK(eigenvalues_lapack<float>)->ArgName("d")->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(eigenvalues_lapack<double>)->ArgName("d")->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);
#endif
BENCHMARK(surprisal_of_rows)->ArgNames({"n", "d"})->Args({10000, 1024})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(greedy_selection_of_rows)->ArgNames({"n", "m"})->Args({5000, 500})->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
