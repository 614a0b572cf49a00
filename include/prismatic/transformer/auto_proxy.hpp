/// The embedded proxy for a machine with nothing downloaded: a small byte-level decoder trained on the data
/// itself for a bounded number of steps.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/safetensors.hpp>
#include <prismatic/io/safetensors_writer.hpp>
#include <prismatic/transformer/byte_encoder.hpp>
#include <prismatic/transformer/config.hpp>
#include <prismatic/transformer/proxy.hpp>
#include <prismatic/transformer/training.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct auto_proxy_options {
  index_t steps = 200;          ///< optimiser steps: the bound on the time spent
  index_t batch_tokens = 4096;  ///< bytes a step sees
  double learning_rate = 3e-3;
  std::uint64_t seed = 0;       ///< of the initial weights
  progress on_progress = {};
};

/// The embedded proxy's sizes: 109,000 parameters, 4,096 bytes of context.
inline decoder_config auto_proxy_config() {
  return {.vocabulary = byte_encoder::vocabulary,
          .width = 64,
          .layers = 2,
          .heads = 4,
          .kv_heads = 2,
          .head_dim = 16,
          .ffn = 176,
          .context = 4096};
}

/// Trains a fresh proxy on the samples. Samples too long for its context are left out of the training.
/// Deterministic for a seed and thread count. @throws data_error  no sample can be used
template <class T, class B>
[[nodiscard]] proxy<B, T> train_auto_proxy(context<B>& cx, std::span<const sample> samples,
                                           const auto_proxy_options& options = {}) {
  proxy<B, T> out{decoder<B, T>(auto_proxy_config()), std::make_shared<byte_encoder>(), "auto"};
  out.model.initialise(options.seed);
  std::vector<token_sequence> sequences = encode(out, samples).sequences;
  std::erase_if(sequences, [](const token_sequence& s) { return s.size() == 0; });
  if (sequences.empty())
    throw data_error("proxy auto", 0, "", "no sample of at most " + std::to_string(out.model.config().context) + " bytes",
                     "at least 1 to train on");
  train(cx, out.model, std::span<const token_sequence>(sequences),
        {.steps = options.steps,
         .batch_tokens = options.batch_tokens,
         .learning_rate = options.learning_rate,
         .on_progress = options.on_progress});
  return out;
}

namespace detail {
inline constexpr const char* auto_proxy_format = "prismatic-auto-proxy-1";
}  // namespace detail

/// Writes an embedded proxy as one safetensors file. @throws io_error
template <class B, real T>
void save_auto_proxy(const proxy<B, T>& p, const std::string& path) {
  const auto& parameters = p.model.parameters();
  std::vector<matrix<T>> values;
  std::vector<tensor_source> tensors;
  for (index_t i = 0; i < parameters.size(); ++i) {
    values.push_back(copy_to_host(parameters.value({i})));
    tensors.push_back(tensor_of(parameters.infos()[static_cast<std::size_t>(i)].name, values.back().view()));
  }
  write_safetensors(path, tensors, {{"format", detail::auto_proxy_format}, {"encoder", p.encoder->fingerprint()}});
}

/// Whether the file is an embedded proxy that save_auto_proxy wrote. @throws io_error, data_error
inline bool is_auto_proxy(const safetensors_file& file) {
  const auto found = file.metadata().find("format");
  return found != file.metadata().end() && found->second == detail::auto_proxy_format;
}

/// Reads an embedded proxy back. @throws io_error, data_error, model_error
template <class T, class B>
[[nodiscard]] proxy<B, T> load_auto_proxy(context<B>&, const std::string& path) {
  const safetensors_file file(path);
  if (!is_auto_proxy(file))
    throw model_error("proxy " + path + ": found no embedded proxy, expected a file written by --save-proxy");
  proxy<B, T> out{decoder<B, T>(auto_proxy_config()), std::make_shared<byte_encoder>(), path};
  auto& parameters = out.model.parameters();
  require_equal(static_cast<index_t>(file.tensors().size()), parameters.size(), "proxy " + path + ": tensors");
  for (index_t i = 0; i < parameters.size(); ++i) {
    const parameter_info& info = parameters.infos()[static_cast<std::size_t>(i)];
    const tensor_entry& entry = file.at(info.name);
    if (entry.shape != std::vector<index_t>{info.rows, info.cols})
      throw model_error("proxy " + path + ": tensor " + info.name + " has another shape than this version's proxy");
    matrix<T> value(info.rows, info.cols);
    file.copy_as(entry, value.flat());
    copy_from_host(value.view(), parameters.value({i}));
  }
  return out;
}

}  // namespace prismatic
