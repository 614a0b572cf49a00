/// A Hugging Face checkpoint directory as a proxy: configuration, weights, tokenizer and chat template.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/context.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/io/dtype.hpp>
#include <prismatic/transformer/chat_encoder.hpp>
#include <prismatic/transformer/checkpoint_config.hpp>
#include <prismatic/transformer/checkpoint_weights.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

struct checkpoint_options {
  std::string template_name = {};  ///< a chat format to use whatever template the checkpoint brings; `none` for plain text
  index_t max_context = 4096;      ///< positions the decoder is made for, if the model has as many
};

namespace detail {

// Finds the stored tensor of every parameter and refuses what does not fit, then fills the parameters.
template <class B, real T>
class checkpoint_reader {
 public:
  explicit checkpoint_reader(const checkpoint_weights& weights, const checkpoint_config& config) : weights_(weights), config_(config) {}

  decoder<B, T> read(context<B>& cx) {
    refuse_sizes_beyond_weights();
    decoder<B, T> model(config_.decoder);
    match(model.parameters());
    refuse_leftovers(model.parameters());
    fill(cx, model.parameters());
    return model;
  }

 private:
  using located_tensor = checkpoint_weights::located_tensor;

  // Sizes from a file must not size an allocation before something vouches for them: here the weights, with some
  // slack for missing tensors, which are to be named.
  void refuse_sizes_beyond_weights() const {
    const decoder_config& d = config_.decoder;
    const auto product = [](index_t a, index_t b) { return checked_mul(a, b, "checkpoint: parameters"); };
    const index_t attention = product(product(2, d.heads + d.kv_heads), product(d.head_dim, d.width));
    const index_t ffn = product(product(3, d.ffn), d.width), table = product(d.vocabulary, d.width);
    const index_t claimed = checked_add(product(d.layers, checked_add(attention, ffn, "checkpoint: parameters")), table, "checkpoint: parameters");
    index_t stored = 0;
    for (const auto& [name, tensor] : weights_.tensors()) stored += tensor.entry->elements;
    if (claimed / 4 > stored)
      fail("found " + std::to_string(stored) + " weights, expected at least the " + std::to_string(claimed) + " that config.json describes");
  }

  void match(const parameter_set<T, B::space>& parameters) {
    for (const parameter_info& info : parameters.infos()) {
      const located_tensor* const found = weights_.find(info.name);
      if (found == nullptr) fail("found no tensor " + in_quotes(info.name) + ", expected it for the sizes of config.json");
      const std::vector<index_t> expected = is_vector(info) ? std::vector{info.cols} : std::vector{info.rows, info.cols};
      if (found->entry->shape != expected)
        throw model_error(found->file->path() + ": tensor " + in_quotes(info.name) + ": found shape " + shape_text(found->entry->shape) +
                          ", expected " + shape_text(expected) + " by config.json");
      require_float(*found);
      sources_.push_back(*found);
    }
  }

  // Gains and biases have one dimension, a table or a projection with a single row has two.
  static bool is_vector(const parameter_info& info) { return info.name.ends_with("norm.weight") || info.name.ends_with(".bias"); }

  static void require_float(const located_tensor& tensor) {
    const dtype type = tensor.entry->type;
    if (type != dtype::bf16 && type != dtype::f16 && type != dtype::f32)
      throw model_error(tensor.file->path() + ": tensor " + in_quotes(tensor.entry->name, 120) + ": found " +
                        std::string(info_of(type).name) + ", expected BF16, F16 or F32");
  }

  // A tied head may be stored once more. Old checkpoints store rotary frequencies, which follow from config.json.
  void refuse_leftovers(const parameter_set<T, B::space>& parameters) const {
    std::set<std::string_view> known;
    for (const parameter_info& info : parameters.infos()) known.insert(info.name);
    for (const auto& [name, tensor] : weights_.tensors()) {
      if (known.contains(name) || name.ends_with(".rotary_emb.inv_freq")) continue;
      if (name == "lm_head.weight" && config_.decoder.tied) {
        const tensor_entry& table = *weights_.find("model.embed_tokens.weight")->entry;
        if (tensor.entry->type != table.type || !std::ranges::equal(tensor.entry->bytes, table.bytes))
          throw model_error(tensor.file->path() + ": tensor \"lm_head.weight\": found other values than those of "
                            "\"model.embed_tokens.weight\", expected the same as tie_word_embeddings is true");
        continue;
      }
      throw model_error(tensor.file->path() + ": found tensor " + in_quotes(name, 120) + ", expected none of that name in a " + config_.family +
                        " of the sizes of config.json");
    }
  }

  void fill(context<B>& cx, parameter_set<T, B::space>& parameters) const {
    if constexpr (B::space == memory::host) {
      std::vector<bf16*> rounded(sources_.size());  // of a weight that stays as it is stored
      for (std::size_t p = 0; p < sources_.size(); ++p) {
        const parameter_id id{static_cast<index_t>(p)};
        if (reads_bfloat16<B, T> && sources_[p].entry->type == dtype::bf16 && !is_vector(parameters.info(id)))
          rounded[p] = parameters.hold_rounded(id).data();
      }
      in_pieces(cx, parameters, 0, parameters.size(), [&](index_t p, index_t first, index_t count) {
        if (bf16* const to = rounded[static_cast<std::size_t>(p)])
          read(p, first, vector_view<bf16>(to + first, count));
        else
          read(p, first, vector_view<T>(parameters.value({p}).data() + first, count));
      });
    } else {  // one parameter at a time passes through host memory
      for (index_t p = 0; p < parameters.size(); ++p) {
        matrix<T> widened(parameters.info({p}).rows, parameters.info({p}).cols);
        in_pieces(cx, parameters, p, p + 1,
                  [&](index_t, index_t first, index_t count) { read(p, first, vector_view<T>(widened.data() + first, count)); });
        copy_from_host(widened.view(), parameters.value({p}));
      }
    }
  }

  template <class Number>
  void read(index_t p, index_t first, vector_view<Number> out) const {
    const located_tensor& source = sources_[static_cast<std::size_t>(p)];
    source.file->copy_as(*source.entry, out, first);
  }

  // body(p, first, count) for all numbers of the parameters [begin, end), in pieces that go round the team: reading is bound by
  // memory, and the table is a third of a small model.
  template <class Body>
  static void in_pieces(context<B>& cx, const parameter_set<T, B::space>& parameters, index_t begin, index_t end, Body&& body) {
    struct piece {
      index_t parameter, first, count;
    };
    constexpr index_t most = index_t{1} << 20;
    std::vector<piece> pieces;
    for (index_t p = begin; p < end; ++p)
      for (index_t first = 0, size = parameters.info({p}).size(); first < size; first += most)
        pieces.push_back({p, first, std::min(most, size - first)});
    cx.team().for_each(static_cast<index_t>(pieces.size()), [&](index_t i, int) {
      const piece& part = pieces[static_cast<std::size_t>(i)];
      body(part.parameter, part.first, part.count);
    });
  }

  [[noreturn]] void fail(const std::string& what) const { throw model_error(weights_.directory() + ": " + what); }

  const checkpoint_weights& weights_;
  const checkpoint_config& config_;
  std::vector<located_tensor> sources_;  // of parameter p
};

}  // namespace detail

/// Reads a checkpoint of the families qwen2, qwen3 and llama, as `save_pretrained` writes them: config.json,
/// model.safetensors or its shards, tokenizer.json, tokenizer_config.json, chat_template.jinja. BF16 weights are kept as they are
/// where the backend reads them so; else they and F16 ones are widened to T, exactly, straight from the mapped files: beyond the
/// parameters no memory is taken.
///
/// Cost: reads the weights once, in parallel.
/// @throws io_error, data_error  a file cannot be read or is malformed
/// @throws model_error   not a model, tokenizer or template that is supported; a tensor that is missing, of another
///                       shape or too many; a configuration that contradicts the weights or the tokenizer
/// @throws option_error  an unknown template name
template <class T, class B>
[[nodiscard]] proxy<B, T> load_checkpoint(context<B>& cx, const std::string& directory, const checkpoint_options& options = {}) {
  const checkpoint_config config = read_decoder_config(directory, options.max_context);
  std::shared_ptr<const chat_encoder> encoder = load_chat_encoder(directory, config, options.template_name);
  const checkpoint_weights weights(directory);
  return {detail::checkpoint_reader<B, T>(weights, config).read(cx), std::move(encoder), directory};
}

}  // namespace prismatic
