/// The decoder: its parameters by their Hugging Face names, and the forward pass from top to bottom.
#pragma once

#include <prismatic/autodiff/add.hpp>
#include <prismatic/autodiff/attention.hpp>
#include <prismatic/autodiff/embedding.hpp>
#include <prismatic/autodiff/linear.hpp>
#include <prismatic/autodiff/linear_cross_entropy.hpp>
#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/recompute.hpp>
#include <prismatic/autodiff/rms_norm.hpp>
#include <prismatic/autodiff/rope.hpp>
#include <prismatic/autodiff/select_rows.hpp>
#include <prismatic/autodiff/swiglu.hpp>
#include <prismatic/autodiff/tape.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/transformer/batch.hpp>
#include <prismatic/transformer/config.hpp>
#include <prismatic/transformer/rotary.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// A causal decoder of the Qwen2, Qwen3 and Llama families. Parameters start at zero: `initialise` them or
/// load a checkpoint.
template <class B, real T>
class decoder {
 public:
  using backend_type = B;
  using scalar = T;

  /// One block's parameters; those its configuration does not have are empty.
  struct block {
    parameter_id attention_norm, query, key, value, output;
    std::optional<parameter_id> query_bias, key_bias, value_bias, output_bias, query_norm, key_norm;
    parameter_id ffn_norm, gate, up, down;
  };

  /// @throws option_error for sizes that do not fit
  explicit decoder(decoder_config config) : config_(config) {
    config_.check();
    const index_t d = config_.width, q = config_.heads * config_.head_dim, kv = config_.kv_heads * config_.head_dim;
    embedding_ = parameters_.add("model.embed_tokens.weight", config_.vocabulary, d);
    for (index_t i = 0; i < config_.layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".", attention = layer + "self_attn.";
      block b;
      const auto optional = [&](bool present, const std::string& name, index_t cols) {
        return present ? std::optional(parameters_.add(name, 1, cols)) : std::nullopt;
      };
      b.attention_norm = parameters_.add(layer + "input_layernorm.weight", 1, d);
      b.query = parameters_.add(attention + "q_proj.weight", q, d);
      b.query_bias = optional(config_.qkv_bias, attention + "q_proj.bias", q);
      b.key = parameters_.add(attention + "k_proj.weight", kv, d);
      b.key_bias = optional(config_.qkv_bias, attention + "k_proj.bias", kv);
      b.value = parameters_.add(attention + "v_proj.weight", kv, d);
      b.value_bias = optional(config_.qkv_bias, attention + "v_proj.bias", kv);
      b.query_norm = optional(config_.qk_norm, attention + "q_norm.weight", config_.head_dim);
      b.key_norm = optional(config_.qk_norm, attention + "k_norm.weight", config_.head_dim);
      b.output = parameters_.add(attention + "o_proj.weight", d, q);
      b.output_bias = optional(config_.output_bias, attention + "o_proj.bias", d);
      b.ffn_norm = parameters_.add(layer + "post_attention_layernorm.weight", 1, d);
      b.gate = parameters_.add(layer + "mlp.gate_proj.weight", config_.ffn, d);
      b.up = parameters_.add(layer + "mlp.up_proj.weight", config_.ffn, d);
      b.down = parameters_.add(layer + "mlp.down_proj.weight", d, config_.ffn);
      blocks_.push_back(b);
    }
    final_norm_ = parameters_.add("model.norm.weight", 1, d);
    head_ = config_.tied ? embedding_ : parameters_.add("lm_head.weight", config_.vocabulary, d);
    rotary_angles<T> angles(config_, config_.context);
    cosine_ = moved_to<B::space>(std::move(angles.cosine));
    sine_ = moved_to<B::space>(std::move(angles.sine));
  }

  [[nodiscard]] const decoder_config& config() const noexcept { return config_; }
  [[nodiscard]] parameter_set<T, B::space>& parameters() noexcept { return parameters_; }
  [[nodiscard]] const parameter_set<T, B::space>& parameters() const noexcept { return parameters_; }

  /// Gains of one; weights normal with deviation 1 / sqrt(inputs), those that write to the residual stream
  /// further divided by sqrt(2 layers). A function of the seed and each tensor's name.
  void initialise(std::uint64_t seed) {
    for (index_t i = 0; i < parameters_.size(); ++i) {
      const parameter_info& info = parameters_.infos()[static_cast<std::size_t>(i)];
      matrix<T> value(info.rows, info.cols);
      const auto named = [&](const char* part) { return info.name.find(part) != std::string::npos; };
      const random_stream random(seed, "initialise " + info.name);
      double deviation = 1 / std::sqrt(static_cast<double>(info.cols));
      if (named("o_proj") || named("down_proj")) deviation /= std::sqrt(2.0 * static_cast<double>(config_.layers));
      for (index_t k = 0; k < value.size(); ++k)
        value.data()[k] = named("norm.weight") ? T{1}
                          : named(".bias")     ? T{0}
                                               : static_cast<T>(deviation * random.normal(static_cast<std::uint64_t>(k)));
      copy_from_host(value.view(), parameters_.value({i}));
    }
  }

  /// Bytes of activations that a forward pass leaves for a backward one, logits apart.
  [[nodiscard]] index_t activation_bytes(index_t tokens) const {
    const index_t q = config_.heads * config_.head_dim, kv = config_.kv_heads * config_.head_dim;
    const index_t block_floats = 4 * config_.width + (2 + config_.qk_norm) * (q + kv) + 3 * config_.ffn;
    return tokens * config_.layers * block_floats * index_t{sizeof(T)};
  }

  /// The hidden states after the last norm, (T, width). `attend(tape, i, q, k, v)` is block i's attention:
  /// over the batch itself, or over a cache. Blocks keep their input only, and are computed again on the way
  /// back, where all activations together would outgrow the context's memory.
  /// @throws option_error  a token outside the vocabulary, a position outside the context
  template <class Tape, class Attend>
  variable hidden(Tape& t, std::span<const token_id> tokens, const std::shared_ptr<const layout>& sequences,
                  const position_list& positions, Attend attend) const {
    for (const std::int32_t position : *positions)
      require_option(position < config_.context, "decoder: found a sequence of " + std::to_string(position + 1) +
                                                     " tokens or more, expected at most " +
                                                     std::to_string(config_.context));
    const bool again = activation_bytes(static_cast<index_t>(tokens.size())) > t.cx().activation_bytes();
    variable x = embedding(t, tokens, parameters_[embedding_], sequences);
    for (index_t i = 0; i < config_.layers; ++i) {
      const auto forward = [this, i, positions, attend](auto& tape, variable in) {
        return block_forward(tape, i, in, positions, attend);
      };
      x = again ? recompute(t, x, forward) : forward(t, x);
      t.keep_only(x);
    }
    return rms_norm(t, x, parameters_[final_norm_], config_.norm_epsilon);
  }

  /// Next-token logits (rows of h, vocabulary).
  template <class Tape>
  variable logits(Tape& t, variable h) const {
    return linear(t, h, parameters_[head_]);
  }

  /// The weighted NLL of every prediction of the batch, (predictions, 1): what training, scoring and tests
  /// all sweep back from. @throws as hidden
  template <class Tape>
  variable loss(Tape& t, const packed_batch& batch, vector_view<const T, B::space> weights) const {
    const variable h = hidden(t, batch.inputs, batch.sequences, batch.positions,
                              [shape = attention_sizes()](auto& tape, index_t, variable q, variable k, variable v) {
                                return attention(tape, q, k, v, shape);
                              });
    const variable predicting = select_rows(t, h, batch.predicting, batch.predictions);
    return linear_cross_entropy(t, predicting, parameters_[head_], batch.targets, weights);
  }

  [[nodiscard]] attention_shape attention_sizes() const {
    return {config_.heads, config_.kv_heads, config_.head_dim,
            1 / std::sqrt(static_cast<double>(config_.head_dim))};
  }

 private:
  template <class Tape, class Attend>
  variable block_forward(Tape& t, index_t i, variable x, const position_list& positions, const Attend& attend) const {
    const rope_tables<T, B::space> angles{cosine_.view(), sine_.view()};
    const block& b = blocks_[static_cast<std::size_t>(i)];
    const variable h = rms_norm(t, x, parameters_[b.attention_norm], config_.norm_epsilon);
    variable q = linear(t, h, parameters_[b.query], maybe(b.query_bias));
    variable k = linear(t, h, parameters_[b.key], maybe(b.key_bias));
    const variable v = linear(t, h, parameters_[b.value], maybe(b.value_bias));
    if (b.query_norm) q = rms_norm(t, q, parameters_[*b.query_norm], config_.norm_epsilon, config_.heads);
    if (b.key_norm) k = rms_norm(t, k, parameters_[*b.key_norm], config_.norm_epsilon, config_.kv_heads);
    const auto turned = [&](variable in) {
      const variable out = rope(t, in, config_.head_dim, positions, angles);
      t.forget(in);
      return out;
    };
    const auto added = [&](variable to, variable in) {
      const variable out = add(t, to, in);
      t.forget(in);
      return out;
    };
    q = turned(q);
    k = turned(k);
    const variable o = attend(t, i, q, k, v);
    const variable mid = added(x, linear(t, o, parameters_[b.output], maybe(b.output_bias)));

    const variable g = rms_norm(t, mid, parameters_[b.ffn_norm], config_.norm_epsilon);
    const variable f = swiglu(t, linear(t, g, parameters_[b.gate]), linear(t, g, parameters_[b.up]));
    return added(mid, linear(t, f, parameters_[b.down]));
  }

  [[nodiscard]] std::optional<parameter_ref<T, B::space>> maybe(std::optional<parameter_id> p) const {
    return p ? std::optional(parameters_[*p]) : std::nullopt;
  }

  decoder_config config_;
  parameter_set<T, B::space> parameters_;
  std::vector<block> blocks_;
  parameter_id embedding_{}, final_norm_{}, head_{};
  matrix<T, B::space> cosine_, sine_;  // of every position and pair
};

}  // namespace prismatic
