/// The gradient sink: who receives parameter gradients, still factored, as the backward sweep finds them.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <span>

namespace prismatic {

/// A backward sweep never builds a P-long gradient. For every parameter it emits what it knows, one piece
/// per sequence s of the batch, and the sink decides what becomes of it:
///
///   outer(p, dY, X, seq)   weight (out, in): the gradient of sequence s is dY_s' X_s
///   rows(p, ids, dY, seq)  embedding table: row ids[t] of sequence s receives dY_t
///   dense(p, G)            gains and biases: row s of G is the gradient of sequence s
///
/// A parameter may be emitted more than once (tied embeddings): the gradient is the sum.
/// `wants(p)` says whether p is asked for at all: the sweep stops where nothing below it is.
template <class S, class B, class T>
concept gradient_sink = requires(S& sink, const S& asked, parameter_id p, matrix_view<const T, B::space> m,
                                 std::span<const token_id> ids, const layout& seq) {
  { asked.wants(p) } -> std::same_as<bool>;
  { sink.outer(p, m, m, seq) } -> std::same_as<void>;
  { sink.rows(p, ids, m, seq) } -> std::same_as<void>;
  { sink.dense(p, m) } -> std::same_as<void>;
};

/// The sink of a forward pass that nothing follows: the tape records nothing and frees as it goes.
struct no_sink {
  [[nodiscard]] bool wants(parameter_id) const noexcept { return false; }
  template <class... Pieces>
  void outer(parameter_id, const Pieces&...) noexcept {}
  template <class... Pieces>
  void rows(parameter_id, const Pieces&...) noexcept {}
  template <class... Pieces>
  void dense(parameter_id, const Pieces&...) noexcept {}
};

}  // namespace prismatic
