/// Small decoders of the three families with random parameters, and token sequences to feed them.
#pragma once

#include "support/numeric.hpp"

#include <prismatic/autodiff/tape.hpp>
#include <prismatic/transformer/batch.hpp>
#include <prismatic/transformer/decoder.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

namespace test {

using namespace prismatic;

/// Biases on query, key and value; a tied head.
inline decoder_config qwen2_like() {
  return {.vocabulary = 11, .width = 8, .layers = 2, .heads = 4, .kv_heads = 2, .head_dim = 2, .ffn = 7,
          .context = 16, .qkv_bias = true, .tied = true};
}
/// Normalised queries and keys, an untied head, heads wider than the residual stream.
inline decoder_config qwen3_like() {
  return {.vocabulary = 11, .width = 6, .layers = 2, .heads = 2, .kv_heads = 1, .head_dim = 6, .ffn = 9,
          .context = 16, .rope_theta = 1e6, .qk_norm = true, .tied = false};
}
/// Scaled rotary frequencies, an output bias, an untied head, narrow heads.
inline decoder_config llama_like() {
  return {.vocabulary = 13, .width = 6, .layers = 1, .heads = 3, .kv_heads = 3, .head_dim = 4, .ffn = 5,
          .context = 16, .norm_epsilon = 1e-5, .rope_theta = 500,
          .rope_scaling = llama3_rope_scaling{8, 1, 4, 64}, .output_bias = true, .tied = false};
}

/// Every parameter random, gains and biases too.
template <class B, class T>
decoder<B, T> random_decoder(const decoder_config& config) {
  decoder<B, T> model(config);
  model.initialise(3);
  for (index_t p = 0; p < model.parameters().size(); ++p) {
    const matrix_view<T> value = model.parameters().value({p});
    const matrix<T> noise = gaussian<T>(value.rows(), value.cols(), model.parameters().infos()[static_cast<std::size_t>(p)].name);
    for (index_t i = 0; i < value.size(); ++i) value.data()[i] += T(0.2) * noise.data()[i];
  }
  return model;
}

/// Sequences of the given lengths over a vocabulary; about two thirds of their tokens carry loss, the last
/// always.
inline std::vector<token_sequence> random_sequences(index_t vocabulary, std::initializer_list<index_t> lengths) {
  std::vector<token_sequence> out;
  for (const index_t length : lengths) {
    const random_stream random(out.size(), "sequence");
    token_sequence s;
    for (index_t t = 0; t < length; ++t) {
      s.tokens.push_back(static_cast<token_id>(random.below(static_cast<std::uint64_t>(2 * t), vocabulary)));
      s.carries_loss.push_back(t + 1 == length || random.below(static_cast<std::uint64_t>(2 * t + 1), 3) > 0);
    }
    out.push_back(s);
  }
  return out;
}

/// The sequences at the given places, packed in that order.
inline packed_batch pack_some(const std::vector<token_sequence>& all, const std::vector<std::size_t>& which) {
  std::vector<const token_sequence*> members;
  for (const std::size_t i : which) members.push_back(&all[i]);
  return pack(members);
}
inline packed_batch pack_all(const std::vector<token_sequence>& all) {
  std::vector<const token_sequence*> members;
  for (const token_sequence& s : all) members.push_back(&s);
  return pack(members);
}

/// One forward and one backward sweep of every sequence's mean NLL into `sink`. Returns the losses.
template <class B, class T, class Sink>
std::vector<double> sweep(context<B>& cx, const decoder<B, T>& model, const packed_batch& batch, Sink& sink) {
  const std::vector<T> weights = mean_nll_weights<T>(batch);
  tape<B, T, Sink> t(cx, sink);
  const variable losses = model.loss(t, batch, weights);
  std::vector<double> sums;
  for (const row_range rows : batch.predictions->ranges()) {
    sums.push_back(0);
    for (index_t i = rows.begin; i < rows.end; ++i) sums.back() += static_cast<double>(t.value(losses)(i, 0));
  }
  if constexpr (!std::same_as<Sink, no_sink>) t.backward(losses);
  return sums;
}

/// Logits of every position of one sequence, without a cache.
template <class B, class T>
matrix<double> all_logits(context<B>& cx, const decoder<B, T>& model, const std::vector<token_id>& tokens) {
  no_sink none;
  tape<B, T, no_sink> t(cx, none);
  auto positions = std::make_shared<std::vector<std::int32_t>>();
  for (std::size_t i = 0; i < tokens.size(); ++i) positions->push_back(static_cast<std::int32_t>(i));
  const auto sequences = std::make_shared<layout>(layout{static_cast<index_t>(tokens.size())});
  const variable h = model.hidden(t, tokens, sequences, positions, [&](auto& tape, index_t, variable q, variable k, variable v) {
    return attention(tape, q, k, v, model.attention_sizes());
  });
  return widened<T>(t.value(model.logits(t, h)));
}

}  // namespace test
