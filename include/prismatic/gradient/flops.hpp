/// What gradients cost, counted before any is taken.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/transformer/batch.hpp>
#include <prismatic/transformer/config.hpp>

namespace prismatic {

/// Floating-point operations; additions of a projection count as one each.
struct gradient_flops {
  double sweeps = 0;      ///< forward and backward
  double projection = 0;

  [[nodiscard]] double total() const noexcept { return sweeps + projection; }
  gradient_flops& operator+=(const gradient_flops& other) noexcept {
    sweeps += other.sweeps;
    projection += other.projection;
    return *this;
  }
};

/// The matrix products of one sequence of T tokens, p of which are predicted, forward (2 a multiply and add) and backward
/// (twice that):
///
///   6 L T (D (H + 2 H') h + H h D + 3 D F) + 6 L T (T + 1) H h + 6 p D V
///
/// with L blocks of width D, H query and H' key heads of h, a feed-forward width F and V words; causal attention pairs a
/// token with itself and those before it. What is small beside them is not counted: norms, rotations, gates, the softmax.
/// The projection adds up `additions` numbers (d, or the non-zeros of a column) for each of `projected` parameters.
/// A sweep of fewer modules costs less; this does not know of it.
inline gradient_flops flops_of_gradient(const decoder_config& c, index_t tokens, index_t predictions, index_t projected,
                                        index_t additions) noexcept {
  const auto n = [](index_t x) { return static_cast<double>(x); };
  const double t = n(tokens), heads = n(c.heads * c.head_dim);
  const double weights = n(c.width) * (heads + 2 * n(c.kv_heads * c.head_dim)) + heads * n(c.width) + 3 * n(c.width) * n(c.ffn);
  return {6 * n(c.layers) * t * (weights + (t + 1) * heads) + 6 * n(predictions) * n(c.width) * n(c.vocabulary),
          n(projected) * n(additions)};
}

/// The same of a sequence.
inline gradient_flops flops_of_gradient(const decoder_config& c, const token_sequence& sequence, index_t projected,
                                        index_t additions) {
  return flops_of_gradient(c, sequence.size(), sequence.loss_tokens(), projected, additions);
}

}  // namespace prismatic
