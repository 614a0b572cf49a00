#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/core/layout.hpp>

#include <cmath>

namespace {

using namespace bench;

void attention(benchmark::State& state) {
  const index_t length = state.range(0), sequences = state.range(1);
  const attention_shape shape{.heads = 8, .kv_heads = 2, .head_dim = 64, .scale = 0.125};
  context<B> cx;
  layout seq;
  for (index_t s = 0; s < sequences; ++s) seq.append(length);
  const auto q = gaussian(seq.rows(), 512, "q"), k = gaussian(seq.rows(), 128, "k"), v = gaussian(seq.rows(), 128, "v");
  matrix<float> o(seq.rows(), 512), l(seq.rows(), 8);
  for (auto _ : state) B::attention(cx, shape, q, k, v, seq.ranges(), seq.ranges(), o.view(), l.view());
  // Two products over the causal half: 2 x 2 x (T^2 / 2) x H x head_dim.
  report(state, {2.0 * static_cast<double>(sequences * length * length) * 512, 0});
}

void cross_entropy(benchmark::State& state) {
  const index_t rows = state.range(0), vocabulary = state.range(1);
  context<B> cx;
  const auto logits = gaussian(rows, vocabulary, "logits");
  matrix<float> z(rows, vocabulary);
  const std::vector<token_id> targets(static_cast<std::size_t>(rows), 1);
  const std::vector<float> weights(targets.size(), 1.0f);
  std::vector<float> losses(targets.size());
  for (auto _ : state) {
    B::copy(cx, logits, z.view());
    B::cross_entropy(cx, z.view(), targets, weights, vector_view<float>(losses));
  }
  report(state, {0, 4.0 * 4 * static_cast<double>(rows * vocabulary)});  // copy, then read and write the logits
}

void rms_norm(benchmark::State& state) {
  const index_t rows = state.range(0), width = state.range(1);
  context<B> cx;
  const auto x = gaussian(rows, width, "x");
  const std::vector<float> gain(static_cast<std::size_t>(width), 1.0f);
  matrix<float> y(rows, width);
  std::vector<float> inverse(static_cast<std::size_t>(rows));
  for (auto _ : state) B::rms_norm(cx, x, gain, 1e-6f, y.view(), vector_view<float>(inverse));
  report(state, {0, 8.0 * static_cast<double>(rows * width)});
}

void swiglu(benchmark::State& state) {
  const index_t rows = state.range(0), width = state.range(1);
  context<B> cx;
  const auto gate = gaussian(rows, width, "gate"), up = gaussian(rows, width, "up");
  matrix<float> y(rows, width);
  for (auto _ : state) B::swiglu(cx, gate, up, y.view());
  report(state, {0, 12.0 * static_cast<double>(rows * width)});
}

BENCHMARK(attention)->ArgNames({"T", "S"})->Args({128, 16})->Args({512, 4})->Args({2048, 1})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(cross_entropy)->ArgNames({"T", "V"})->Args({4096, 263})->Args({256, 151936})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(rms_norm)->ArgNames({"T", "c"})->Args({4096, 64})->Args({4096, 896})->UseRealTime();
BENCHMARK(swiglu)->ArgNames({"T", "c"})->Args({4096, 176})->Args({4096, 4864})->UseRealTime();

}  // namespace
