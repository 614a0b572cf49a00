#include "support/inputs.hpp"
#include "support/report.hpp"

namespace {

using namespace bench;

void gemm(benchmark::State& state) {
  const index_t n = state.range(0);
  context<B> cx;
  const auto a = gaussian(n, n, "a"), b = gaussian(n, n, "b");
  matrix<float> c(n, n);
  for (auto _ : state) B::gemm(cx, op::none, op::transpose, 1, a, b, 0, c.view());
  const double size = static_cast<double>(n);
  report(state, {2 * size * size * size, 12 * size * size});
}

void syrk(benchmark::State& state) {
  const index_t n = state.range(0), d = state.range(1);
  context<B> cx;
  const auto a = gaussian(n, d, "a");
  matrix<float> c(d, d);
  for (auto _ : state) B::syrk(cx, op::transpose, 1, a, 0, c.view());
  const double rows = static_cast<double>(n), width = static_cast<double>(d);
  report(state, {rows * width * (width + 1), 4 * rows * width});  // one triangle
}

void eigenvalues(benchmark::State& state) {
  const index_t n = state.range(0);
  context<B> cx;
  const auto rows = gaussian(2 * n, n, "a");
  matrix<float> full(n, n);
  B::syrk(cx, op::transpose, 1, rows, 0, full.view());
  matrix<double> c(n, n);
  std::vector<double> w(static_cast<std::size_t>(n));
  for (auto _ : state) {
    for (index_t i = 0; i < c.size(); ++i) c.data()[i] = static_cast<double>(full.data()[i]);
    B::eigenvalues(cx, c.view(), vector_view<double>(w));
  }
  const double size = static_cast<double>(n);
  report(state, {4.0 / 3 * size * size * size, 8 * size * size});
}

BENCHMARK(gemm)->ArgName("n")->Arg(256)->Arg(1024)->Arg(2048)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(syrk)->ArgNames({"n", "d"})->Args({1000, 1024})->Args({10000, 1024})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(eigenvalues)->ArgName("n")->Arg(256)->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
