/// A proxy language model: a decoder together with the way its samples are written down.
#pragma once

#include <prismatic/backend/cpu/widen.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/transformer/batch.hpp>
#include <prismatic/transformer/decoder.hpp>
#include <prismatic/transformer/text_encoder.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// What gradients are taken of.
template <class B, real T>
struct proxy {
  decoder<B, T> model;
  std::shared_ptr<const text_encoder> encoder;
  std::string name;  ///< as a user would say it: "auto", or the directory it was read from
};

/// A hash of every parameter's name and value, however they are held: two proxies with the same one give the same rows.
template <class T, memory Space>
[[nodiscard]] std::string weights_fingerprint(const parameter_set<T, Space>& parameters) {
  std::string hashes;
  for (index_t i = 0; i < parameters.size(); ++i) {
    content_hasher bytes;
    const auto add = [&](vector_view<const T> numbers) {
      bytes.add({reinterpret_cast<const char*>(numbers.data()), static_cast<std::size_t>(numbers.size()) * sizeof(T)});
    };
    if constexpr (Space != memory::host) {
      add(copy_to_host(parameters.value({i})).flat());
    } else if (const matrix_view<const bf16> rounded = parameters.rounded({i}); rounded.empty()) {
      add({parameters.value({i}).data(), parameters.value({i}).size()});
    } else {
      matrix<T> wide(1, rounded.cols());
      for (index_t r = 0; r < rounded.rows(); ++r) {
        detail::widen(rounded.row(r), 0, 1, rounded.cols(), wide.data(), 0);
        add(wide.flat());
      }
    }
    hashes += parameters.infos()[static_cast<std::size_t>(i)].name + '=' + bytes.text() + '\n';
  }
  return content_hash(hashes);
}

/// How a sample is named in a message: its file and line where it has one, else its id.
inline std::string sample_name(const sample& s, const std::string& file) {
  return s.line > 0 && !file.empty() ? file + ":" + std::to_string(s.line) : "sample '" + s.id + "'";
}

struct sample_encode_options {
  truncation too_long = truncation::prompt;
  std::string file = {};  ///< where the samples were read, for messages
};

/// A sample that could not be encoded, and why.
struct refused_sample {
  index_t index;
  std::string reason;
};

struct encoded_samples {
  std::vector<token_sequence> sequences;  ///< one per sample; empty for a refused one
  std::vector<refused_sample> refused;
  index_t truncated = 0;    ///< samples whose prompt was cut
  index_t loss_tokens = 0;  ///< of all sequences together
  index_t tokens = 0;
};

/// Encodes every sample and makes it fit the proxy's context. Samples that do not fit, or have nothing to
/// predict, are listed, not thrown: the caller decides whether to go on without them.
template <class B, real T>
[[nodiscard]] encoded_samples encode(const proxy<B, T>& p, std::span<const sample> samples,
                                     const sample_encode_options& options = {}) {
  encoded_samples out;
  out.sequences.reserve(samples.size());
  for (const sample& s : samples) {
    const std::string name = sample_name(s, options.file);
    token_sequence sequence;
    try {
      sequence = p.encoder->encode(s);
      if (sequence.loss_tokens() == 0) throw data_error(name, 0, "", "no token that carries loss", "a completion");
      out.truncated += fit_context(sequence, p.model.config().context, options.too_long, name) > 0 ? 1 : 0;
      out.loss_tokens += sequence.loss_tokens();
      out.tokens += sequence.size();
    } catch (const data_error& e) {
      out.refused.push_back({static_cast<index_t>(out.sequences.size()), e.what()});
      sequence = {};
    }
    out.sequences.push_back(std::move(sequence));
  }
  return out;
}

}  // namespace prismatic
