/// The config.json of a Hugging Face checkpoint, in the spellings of transformers 4 and 5, as a decoder_config.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/transformer/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// What a config.json says of a model that this library can run.
struct checkpoint_config {
  decoder_config decoder;           ///< its context is cut to what was asked for
  std::string family;               ///< model_type: qwen2, qwen3 or llama
  std::string dtype;                ///< of the weights as config.json names it, or empty
  index_t positions = 0;            ///< max_position_embeddings: what the model was built for
  std::optional<token_id> bos = {};
  std::vector<token_id> eos = {};   ///< any of them ends a text
};

namespace detail {

// Made for one config.json. What changes the result must be there, or have one meaning in transformers when it
// is not; what is not understood is refused.
class checkpoint_config_reader {
 public:
  explicit checkpoint_config_reader(const std::string& path) : path_(path), config_(read_json(path)), top_{.file = path_} {}

  checkpoint_config read(index_t max_context) {
    require_option(max_context >= 1, "checkpoint: max_context: found " + std::to_string(max_context) + ", expected at least 1");
    out_.family = require<std::string>(config_, "model_type", top_);
    if (out_.family != "qwen2" && out_.family != "qwen3" && out_.family != "llama")
      unsupported("model_type", in_quotes(out_.family), "qwen2, qwen3 or llama");
    refuse_other_architectures();
    read_sizes();
    read_switches();
    read_rope();
    refuse_sliding_windows();
    out_.positions = size("max_position_embeddings");
    out_.decoder.context = std::min(out_.positions, max_context);
    read_tokens();
    out_.dtype = value_or(config_, "dtype", value_or(config_, "torch_dtype", std::string(), top_), top_);
    try {
      out_.decoder.check();
    } catch (const option_error& e) {
      throw model_error(path_ + ": " + e.what());
    }
    return out_;
  }

 private:
  [[nodiscard]] bool is(std::string_view family) const { return out_.family == family; }

  void refuse_other_architectures() const {
    if (const json* const how = find_field(config_, "quantization_config", top_)) {
      const json_place inside{.file = path_, .inside = "quantization_config"};
      unsupported("quantization_config", in_quotes(value_or(*how, "quant_method", std::string("unnamed"), inside)),
                  "weights that are not quantised");
    }
    if (find_field(config_, "architectures", top_) == nullptr) return;
    const std::string expected = is("qwen2") ? "Qwen2ForCausalLM" : is("qwen3") ? "Qwen3ForCausalLM" : "LlamaForCausalLM";
    for (const json& found : require_array(config_, "architectures", top_))
      if (as_value<std::string>(found, "architectures", top_) != expected)
        unsupported("architectures", described(found), expected);
  }

  void read_sizes() {
    decoder_config& d = out_.decoder;
    d.vocabulary = size("vocab_size");
    d.width = size("hidden_size");
    d.ffn = size("intermediate_size");
    d.layers = size("num_hidden_layers");
    d.heads = size("num_attention_heads");
    // Llama's first checkpoints do not name this: as many as there are query heads. Qwen's default is a number.
    d.kv_heads = is("llama") && !has("num_key_value_heads") ? d.heads : size("num_key_value_heads");
    // Absent, it is the width shared out, but for Qwen3, whose default is a number.
    if (is("qwen3") || has("head_dim")) {
      d.head_dim = size("head_dim");
    } else {
      if (d.width % d.heads != 0)
        throw field_error(top_, "hidden_size", std::to_string(d.width), "a multiple of " + std::to_string(d.heads) + " heads");
      d.head_dim = d.width / d.heads;
    }
    d.norm_epsilon = number(config_, "rms_norm_eps", top_);
  }

  // Absent switches are off in all three families, as in transformers.
  void read_switches() {
    decoder_config& d = out_.decoder;
    const bool attention_bias = !is("qwen2") && value_or(config_, "attention_bias", false, top_);
    d.qkv_bias = is("qwen2") || attention_bias;
    d.output_bias = attention_bias;
    d.qk_norm = is("qwen3");
    d.tied = value_or(config_, "tie_word_embeddings", false, top_);
    if (value_or(config_, "mlp_bias", false, top_)) unsupported("mlp_bias", "true", "false");
    const auto activation = value_or(config_, "hidden_act", std::string("silu"), top_);
    if (activation != "silu") unsupported("hidden_act", in_quotes(activation), "silu");
  }

  // transformers 5: rope_parameters with everything in it. transformers 4: rope_theta, and rope_scaling where the
  // angles are scaled.
  void read_rope() {
    const json* const joined = find_field(config_, "rope_parameters", top_);
    const json* const scaling = find_field(config_, "rope_scaling", top_);
    const json* const theta = find_field(config_, "rope_theta", top_);
    if (joined != nullptr && (scaling != nullptr || theta != nullptr))
      throw field_error(top_, "rope_parameters", std::string("also ") + (scaling != nullptr ? "rope_scaling" : "rope_theta"), "one of the two spellings");
    const json_place inside{.file = path_, .inside = joined != nullptr ? "rope_parameters" : "rope_scaling"};
    out_.decoder.rope_theta = joined != nullptr ? number(*joined, "rope_theta", inside) : number(config_, "rope_theta", top_);
    if (const json* const rope = joined != nullptr ? joined : scaling) read_scaling(*rope, inside);
    refuse_partial_rotation(config_, top_);
  }

  void refuse_partial_rotation(const json& object, const json_place& place) const {
    const double share = value_or(object, "partial_rotary_factor", 1.0, place);
    if (share != 1) unsupported("partial_rotary_factor", std::to_string(share), "1");
  }

  void read_scaling(const json& rope, const json_place& inside) {
    const std::string field = std::string(inside.inside) + ".rope_type";
    const std::string_view spelled = find_field(rope, "rope_type", inside) == nullptr ? "type" : "rope_type";
    const auto type = require<std::string>(rope, spelled, inside);
    refuse_partial_rotation(rope, inside);
    if (type == "default") return;
    if (type != "llama3") unsupported(field, in_quotes(type), "default or llama3");
    out_.decoder.rope_scaling = llama3_rope_scaling{number(rope, "factor", inside), number(rope, "low_freq_factor", inside),
                                                    number(rope, "high_freq_factor", inside),
                                                    require<index_t>(rope, "original_max_position_embeddings", inside)};
    const llama3_rope_scaling& s = *out_.decoder.rope_scaling;
    if (s.original_context < 1)
      throw field_error(inside, "original_max_position_embeddings", std::to_string(s.original_context), "a positive number");
    if (s.high_frequency_factor <= s.low_frequency_factor)
      throw field_error(inside, "high_freq_factor", std::to_string(s.high_frequency_factor), "more than low_freq_factor");
  }

  // transformers reads layer_types where it is written, and otherwise the switch with its first layer.
  void refuse_sliding_windows() const {
    if (has("layer_types")) {
      for (const json& type : require_array(config_, "layer_types", top_))
        if (as_value<std::string>(type, "layer_types", top_) != "full_attention")
          unsupported("layer_types", described(type), "full_attention in every layer");
    } else if (value_or(config_, "use_sliding_window", false, top_) && !is("llama") &&
               require<index_t>(config_, "max_window_layers", top_) < out_.decoder.layers) {
      unsupported("use_sliding_window", "true", "false");
    }
  }

  void read_tokens() {
    if (const json* const bos = find_field(config_, "bos_token_id", top_)) out_.bos = token(*bos, "bos_token_id");
    const json* const eos = find_field(config_, "eos_token_id", top_);
    if (eos == nullptr) return;
    if (!eos->is_array()) return out_.eos.push_back(token(*eos, "eos_token_id"));
    for (const json& each : *eos) out_.eos.push_back(token(each, "eos_token_id"));
  }

  [[nodiscard]] token_id token(const json& value, std::string_view field) const {
    const auto id = as_value<index_t>(value, field, top_);
    if (id < 0 || id >= out_.decoder.vocabulary)
      throw field_error(top_, field, std::to_string(id), "a token below " + std::to_string(out_.decoder.vocabulary));
    return static_cast<token_id>(id);
  }

  [[nodiscard]] bool has(std::string_view field) const { return find_field(config_, field, top_) != nullptr; }

  // Token ids, positions and counts all fit 32 bits; larger sizes would only be good for overflow.
  [[nodiscard]] index_t size(std::string_view field) const {
    const auto value = require<index_t>(config_, field, top_);
    if (value < 1 || value > std::numeric_limits<std::int32_t>::max())
      throw field_error(top_, field, std::to_string(value), "1 ... 2147483647");
    return value;
  }

  static double number(const json& object, std::string_view field, const json_place& place) {
    const auto value = require<double>(object, field, place);
    if (!(value > 0)) throw field_error(place, field, std::to_string(value), "a positive number");
    return value;
  }

  [[noreturn]] void unsupported(std::string_view field, const std::string& found, const std::string& expected) const {
    throw model_error(path_ + ": " + std::string(field) + ": found " + found + ", expected " + expected);
  }

  std::string path_;
  json config_;
  json_place top_;
  checkpoint_config out_;
};

}  // namespace detail

/// Reads config.json of a checkpoint directory. A field that changes the result is never guessed; left out, it
/// means what transformers takes it for: tie_word_embeddings, attention_bias and mlp_bias are false, hidden_act is
/// silu, Llama has as many key heads as query heads, and head_dim is the width over the heads (but must be there
/// for Qwen3).
///
/// @param max_context  the decoder's context is no longer: rotary angles are tabulated for every position of it
/// @throws io_error, data_error  it cannot be read, a field is missing or malformed
/// @throws model_error  another family, or a feature that is not supported: the message names the field
[[nodiscard]] inline checkpoint_config read_decoder_config(const std::string& directory, index_t max_context = 4096) {
  return detail::checkpoint_config_reader((std::filesystem::path(directory) / "config.json").string()).read(max_context);
}

}  // namespace prismatic
