#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/core/bfloat16.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/sampler.hpp>

#include <vector>

namespace {

using namespace bench;

// The embedded proxy, the peers' model B, and Qwen2.5-0.5B's shape.
decoder_config config(index_t which) {
  if (which == 0) return auto_proxy_config();
  if (which == 1)
    return {.vocabulary = 8192,
            .width = 384,
            .layers = 8,
            .heads = 6,
            .kv_heads = 2,
            .head_dim = 64,
            .ffn = 1024,
            .context = 512};
  return {.vocabulary = 151936,
          .width = 896,
          .layers = 24,
          .heads = 14,
          .kv_heads = 2,
          .head_dim = 64,
          .ffn = 4864,
          .context = 512,
          .qkv_bias = true};
}

// Small weights without an order: decoder::initialise draws normal numbers, which takes long for half a
// billion. Rounded: as a checkpoint in bfloat16 has them.
void fill(decoder<B, float>& model, bool rounded) {
  for (index_t p = 0; p < model.parameters().size(); ++p) {
    const auto number = [](index_t i) { return static_cast<float>(i * 7919 % 1021 - 510) * 5e-5f; };
    if (model.parameters().info({p}).rows > 1 && rounded) {
      const auto value = model.parameters().hold_rounded({p});
      for (index_t i = 0; i < value.size(); ++i) value.data()[i] = {to_bfloat16(number(i))};
    } else {
      const auto value = model.parameters().value({p});
      for (index_t i = 0; i < value.size(); ++i) value.data()[i] = value.rows() == 1 ? 1.0f : number(i);
    }
  }
}

// `prompts` of 16 tokens, continued by 16 more. Bytes: every step reads all weights once; caches are small
// beside them. FLOP: 2 P a token.
void decoding(benchmark::State& state) {
  constexpr index_t length = 16;
  const index_t prompts = state.range(1);
  context<B> cx;
  decoder<B, float> model(config(state.range(0)));
  const bool rounded = state.range(3) != 0;
  fill(model, rounded);
  const std::vector<std::vector<token_id>> tokens(static_cast<std::size_t>(prompts),
                                                  std::vector<token_id>(length, 65));
  const sampling_options options{.max_tokens = length,
                                 .temperature = state.range(2) != 0 ? 0.7 : 0.0,
                                 .top_p = state.range(2) != 0 ? 0.9 : 1.0};
  for (auto _ : state) benchmark::DoNotOptimize(generate(cx, model, tokens, options));
  const double weights = static_cast<double>(model.parameters().scalars()),
               count = static_cast<double>(prompts * length);
  report(state, {2 * weights * 2 * count, (rounded ? 2 : 4) * weights * length});
  report_items(state, "tokens/s", count);
}

BENCHMARK(decoding)
    ->ArgNames({"model", "prompts", "draw", "bf16"})
    ->ArgsProduct({{0, 1}, {1, 8, 64}, {0}, {0}})
    ->ArgsProduct({{2}, {1, 8}, {0}, {0, 1}})
    ->Args({2, 1, 1, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
