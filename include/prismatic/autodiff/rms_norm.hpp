/// Y = X diag(r) diag(g), r_t = 1 / sqrt(mean_i X_ti^2 + epsilon)   [Zhang & Sennrich 2019].
///
/// Backward, with u = dY diag(g) and xhat = X diag(r):  dX += diag(r) (u - xhat diag(mean_i u_i xhat_i));
/// the sink hears dense(g, sum over each sequence of dY * xhat). X and r are kept.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <memory>

namespace prismatic {

/// Normalises each row, or each of `heads` equal parts of a row with one shared gain (query/key norm).
///
/// @param x     (T, heads width)
/// @param gain  (1, width)
/// @return the shape of x. About 6 FLOP an element. @throws shape_error
template <class B, class T, class Sink>
variable rms_norm(tape<B, T, Sink>& t, variable x, parameter_ref<T, B::space> gain, double epsilon,
                  index_t heads = 1) {
  const index_t rows = t.value(x).rows(), width = gain.value.cols();
  require_equal(t.value(x).cols(), heads * width, "rms_norm: input width");
  const bool wanted = t.sink().wants(gain.id);
  const variable y = t.result(heads * width, {x}, wanted);
  const vector_view<const T, B::space> g(gain.value.data(), width);
  auto inverse = std::make_shared<scratch_matrix<T, B::space>>(t.scratch(1, rows * heads));
  const auto as_heads = [=](auto view) { return view.reshaped(rows * heads, width); };
  B::rms_norm(t.cx(), as_heads(t.value(x)), g, static_cast<T>(epsilon), as_heads(t.fill(y)), inverse->flat());

  t.on_backward(y, [=](auto& tape) {
    const layout per_head = tape.sequences(y).split(heads);
    const auto sums = tape.scratch(per_head.sequences(), width);
    B::fill(tape.cx(), T{0}, sums.view());
    B::rms_norm_adjoint(tape.cx(), as_heads(tape.value(x)), g, inverse->flat(), as_heads(tape.gradient(y)), per_head,
                        as_heads(tape.gradient(x)), sums.view());
    if (wanted) tape.sink().dense(gain.id, sums.view());
  });
  return y;
}

}  // namespace prismatic
