/// The sizes and switches that make a decoder a Qwen2, a Qwen3 or a Llama.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <optional>
#include <string>

namespace prismatic {

/// Llama 3's frequency scaling: long wavelengths are slowed by `factor`, short ones left alone, with a
/// smooth passage between the two.
struct llama3_rope_scaling {
  double factor;
  double low_frequency_factor;
  double high_frequency_factor;
  index_t original_context;
};

/// A causal decoder: pre-norm blocks of grouped-query attention and SwiGLU, rotary positions.
struct decoder_config {
  index_t vocabulary = 0;
  index_t width = 0;     ///< of the residual stream
  index_t layers = 0;
  index_t heads = 0;     ///< query heads
  index_t kv_heads = 0;  ///< key and value heads; divides heads
  index_t head_dim = 0;  ///< even
  index_t ffn = 0;       ///< width of the gated feed-forward layer
  index_t context = 0;   ///< most positions a sequence may have
  double norm_epsilon = 1e-6;
  double rope_theta = 10000;
  std::optional<llama3_rope_scaling> rope_scaling = {};
  bool qkv_bias = false;     ///< Qwen2
  bool output_bias = false;  ///< attention's output projection; Llama with attention_bias
  bool qk_norm = false;      ///< Qwen3: RMSNorm of each query and key head
  bool tied = true;          ///< the output head is the embedding table

  /// @throws option_error  a size is not positive or two do not fit
  void check() const {
    const auto positive = [](index_t value, const char* name) {
      require_option(value > 0, std::string("decoder: ") + name + ": found " + std::to_string(value) +
                                    ", expected a positive number");
    };
    positive(vocabulary, "vocabulary");
    positive(width, "width");
    positive(layers, "layers");
    positive(heads, "heads");
    positive(kv_heads, "kv_heads");
    positive(head_dim, "head_dim");
    positive(ffn, "ffn");
    positive(context, "context");
    require_option(heads % kv_heads == 0, "decoder: kv_heads: found " + std::to_string(kv_heads) +
                                              ", expected a divisor of " + std::to_string(heads) + " heads");
    require_option(head_dim % 2 == 0,
                   "decoder: head_dim: found " + std::to_string(head_dim) + ", expected an even number");
    require_option(norm_epsilon > 0 && rope_theta > 0, "decoder: norm_epsilon and rope_theta must be positive");
  }
};

}  // namespace prismatic
