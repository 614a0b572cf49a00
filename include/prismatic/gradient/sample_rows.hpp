/// From samples to rows: encode, sweep, and set aside what has no usable gradient.
#pragma once

#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// The rows of those samples that have one.
template <class T>
struct sample_rows {
  gradient_rows<T> gradients;           ///< of the usable samples, in their order; `bad` is empty
  std::vector<index_t> used;            ///< which samples these are
  std::vector<refused_sample> refused;  ///< the others, by index: not encodable, too long, or without a gradient
  index_t truncated = 0;                ///< samples whose prompt was cut
  index_t tokens = 0;                   ///< of all usable samples
};

/// encode, then collect_rows; a sample that fails either is listed, not thrown. Cost and determinism as there.
template <class B, real T, class Projection>
[[nodiscard]] sample_rows<T> collect_samples(context<B>& cx, const proxy<B, T>& p, std::span<const sample> samples,
                                             const Projection& projection, const sample_encode_options& encoding = {},
                                             collect_options options = {}) {
  encoded_samples encoded = encode(p, samples, encoding);
  sample_rows<T> out;
  out.truncated = encoded.truncated;
  out.tokens = encoded.tokens;
  out.refused = std::move(encoded.refused);
  std::vector<token_sequence> sequences;
  for (std::size_t i = 0; i < encoded.sequences.size(); ++i)
    if (encoded.sequences[i].size() > 0) {
      sequences.push_back(std::move(encoded.sequences[i]));
      out.used.push_back(static_cast<index_t>(i));
    }
  out.gradients = collect_rows(cx, p.model, std::span<const token_sequence>(sequences), projection, options);
  const std::vector<index_t> bad = std::exchange(out.gradients.bad, {});
  if (bad.empty()) return out;

  const std::vector<index_t> all = std::exchange(out.used, {});
  gradient_rows<T> good{matrix<T>(static_cast<index_t>(all.size() - bad.size()), projection.width()), {}, {}, {}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const index_t owner = all[i];
    if (std::ranges::binary_search(bad, static_cast<index_t>(i))) {
      out.refused.push_back({owner, sample_name(samples[static_cast<std::size_t>(owner)], encoding.file) +
                                        ": found a gradient that is zero or not finite"});
      continue;
    }
    std::copy_n(out.gradients.rows.view().row(static_cast<index_t>(i)), projection.width(),
                good.rows.view().row(static_cast<index_t>(out.used.size())));
    good.losses.push_back(out.gradients.losses[i]);
    good.loss_tokens.push_back(out.gradients.loss_tokens[i]);
    out.used.push_back(owner);
  }
  out.gradients = std::move(good);
  std::ranges::sort(out.refused, {}, &refused_sample::index);
  return out;
}

}  // namespace prismatic
