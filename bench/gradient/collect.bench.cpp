#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/gradient/collect.hpp>
#include <prismatic/autodiff/accumulate.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/projection/kronecker.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/decoder.hpp>

namespace {

using namespace bench;

// The embedded proxy, the peers' models A and B (docs/performance.md), and Qwen2.5-0.5B's shape.
decoder_config config(index_t which) {
  if (which == 0) return auto_proxy_config();
  if (which == 1)
    return {.vocabulary = 2048, .width = 128, .layers = 4, .heads = 4, .kv_heads = 2, .head_dim = 32, .ffn = 352, .context = 512};
  if (which == 2)
    return {.vocabulary = 8192, .width = 384, .layers = 8, .heads = 6, .kv_heads = 2, .head_dim = 64, .ffn = 1024, .context = 512};
  return {.vocabulary = 151936, .width = 896, .layers = 24, .heads = 14, .kv_heads = 2, .head_dim = 64, .ffn = 4864, .context = 512,
          .qkv_bias = true};
}

// Forward and backward multiply every weight (the embedding once, as the head) three times; causal attention
// is half of 12 L T^2 d.
double gradient_flop(const decoder_config& c, const decoder<B, float>& model, index_t length) {
  const double t = static_cast<double>(length);
  return 6 * static_cast<double>(model.parameters().scalars()) * t +
         6 * static_cast<double>(c.layers * c.heads * c.head_dim) * t * t;
}

// Weights as a checkpoint in bfloat16 has them.
void round_weights(decoder<B, float>& model) {
  for (index_t i = 0; i < model.parameters().size(); ++i) {
    if (model.parameters().info({i}).rows == 1) continue;
    const matrix<float> weights = copy_to_host(model.parameters().value({i}));
    const auto rounded = model.parameters().hold_rounded({i});
    for (index_t k = 0; k < weights.size(); ++k) rounded.data()[k] = {to_bfloat16(weights.data()[k])};
  }
}

struct setting {
  bool rounded = false;  // weights; those of 0.5B's shape are in any case
  product_precision products = product_precision::full;
};

// `additions` a parameter: d for the dense projection, s for the sparse one.
template <class Projection>
void gradients(benchmark::State& state, const Projection& projection, index_t additions, setting with = {}) {
  const decoder_config c = config(state.range(0));
  const index_t length = state.range(1), samples = state.range(2);
  context<B> cx;
  decoder<B, float> model(c);
  model.initialise(1);
  if (with.rounded || state.range(0) == 3) round_weights(model);
  const auto data = sequences(samples, length, c.vocabulary);
  const auto once = [&] { benchmark::DoNotOptimize(collect_rows(cx, model, data, projection, {.products = with.products})); };
  once();  // the context's memory is there afterwards, which takes a host seconds to find for 0.5B's shape
  for (auto _ : state) once();
  const double flop = static_cast<double>(samples) *
                      (gradient_flop(c, model, length) + static_cast<double>(additions * model.parameters().scalars()));
  report(state, {flop, 0});
  report_items(state, "samples/s", static_cast<double>(samples));
  report_items(state, "tokens/s", static_cast<double>(samples * length));
}

void gradients_dense(benchmark::State& state) { gradients(state, rademacher(1024), 1024); }
void gradients_sparse(benchmark::State& state) {
  gradients(state, sparse_sign(1024, state.range(3)), state.range(3));
}
void gradients_kronecker(benchmark::State& state) { gradients(state, kronecker(1024), 0); }
void gradients_of_bf16_weights_sparse(benchmark::State& state) {
  gradients(state, sparse_sign(1024, state.range(3)), state.range(3), {.rounded = true});
}
void gradients_of_bf16_weights_kronecker(benchmark::State& state) { gradients(state, kronecker(1024), 0, {.rounded = true}); }

// --precision bf16
constexpr setting at_bf16{.products = product_precision::bf16};
void gradients_at_bf16_dense(benchmark::State& state) { gradients(state, rademacher(1024), 1024, at_bf16); }
void gradients_at_bf16_sparse(benchmark::State& state) {
  gradients(state, sparse_sign(1024, state.range(3)), state.range(3), at_bf16);
}
void gradients_at_bf16_kronecker(benchmark::State& state) { gradients(state, kronecker(1024), 0, at_bf16); }

// From tokens to G-Vendi, as a user waits for it. s = 0: dense signs; threads = 0: all.
void score_of_tokens(benchmark::State& state) {
  const decoder_config c = config(state.range(0));
  const index_t length = state.range(1), samples = state.range(2), nonzeros = state.range(3);
  context<B> cx({.threads = static_cast<int>(state.range(4))});
  decoder<B, float> model(c);
  model.initialise(1);
  const auto data = sequences(samples, length, c.vocabulary);
  for (auto _ : state) {
    const auto found = nonzeros == 0 ? collect_rows(cx, model, data, rademacher(1024))
                                     : collect_rows(cx, model, data, sparse_sign(1024, nonzeros));
    benchmark::DoNotOptimize(vendi(cx, found.rows).score);
  }
  const index_t additions = nonzeros == 0 ? 1024 : nonzeros;
  report(state, {static_cast<double>(samples) *
                     (gradient_flop(c, model, length) + static_cast<double>(additions * model.parameters().scalars())),
                 0});
  report_items(state, "samples/s", static_cast<double>(samples));
}

void summed_gradient(benchmark::State& state) {
  const decoder_config c = config(state.range(0));
  const index_t length = state.range(1), samples = state.range(2);
  context<B> cx;
  decoder<B, float> model(c);
  model.initialise(1);
  const auto data = sequences(samples, length, c.vocabulary);
  std::vector<const token_sequence*> members;
  for (const token_sequence& s : data) members.push_back(&s);
  const packed_batch batch = pack(members);
  const auto weights = mean_nll_weights<float>(batch);
  accumulate_sink<B, float> sink(cx, model.parameters().infos());
  for (auto _ : state) {
    tape<B, float, decltype(sink)> t(cx, sink);
    t.backward(model.loss(t, batch, weights));
  }
  report(state, {static_cast<double>(samples) * gradient_flop(c, model, length), 0});
  report_items(state, "samples/s", static_cast<double>(samples));
}

void three_models(benchmark::internal::Benchmark* b) {
  b->ArgNames({"model", "T", "n"})->Args({1, 64, 64})->Args({2, 128, 16})->Args({3, 128, 8})->UseRealTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(gradients_dense)
    ->ArgNames({"model", "T", "n"})
    ->Args({0, 400, 16})
    ->Args({1, 64, 64})
    ->Args({2, 128, 16})
    ->Args({3, 128, 8})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gradients_sparse)
    ->ArgNames({"model", "T", "n", "s"})
    ->Args({0, 400, 16, 4})
    ->Args({1, 64, 64, 1})
    ->Args({1, 64, 64, 4})
    ->Args({2, 128, 16, 1})
    ->Args({2, 128, 16, 4})
    ->Args({2, 128, 16, 8})
    ->Args({3, 128, 8, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gradients_kronecker)->Apply(three_models);
BENCHMARK(gradients_of_bf16_weights_sparse)
    ->ArgNames({"model", "T", "n", "s"})
    ->Args({1, 64, 64, 1})
    ->Args({2, 128, 16, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gradients_of_bf16_weights_kronecker)
    ->ArgNames({"model", "T", "n"})
    ->Args({1, 64, 64})
    ->Args({2, 128, 16})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gradients_at_bf16_dense)->Apply(three_models);
BENCHMARK(gradients_at_bf16_sparse)
    ->ArgNames({"model", "T", "n", "s"})
    ->Args({1, 64, 64, 1})
    ->Args({2, 128, 16, 1})
    ->Args({3, 128, 8, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gradients_at_bf16_kronecker)->Apply(three_models);
BENCHMARK(score_of_tokens)
    ->ArgNames({"model", "T", "n", "s", "threads"})
    ->ArgsProduct({{1}, {64}, {64}, {0, 1, 4}, {1, 0}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(summed_gradient)
    ->ArgNames({"model", "T", "n"})
    ->Args({0, 400, 10})
    ->Args({1, 64, 64})
    ->Args({2, 128, 16})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
