/// Y = X W' + b.
///
/// Backward:  dX += dY W;  the sink hears outer(W, dY, X): per sequence dW_s = dY_s' X_s, never formed
/// here; and dense(b, sum of dY over each sequence). X is kept; nothing else.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <optional>
#include <type_traits>
#include <vector>

namespace prismatic {

/// @param x     (T, in)
/// @param w     (out, in)
/// @param bias  (1, out), or none
/// @return (T, out). 2 T in out FLOP forward, as many for dX. @throws shape_error
template <class B, class T, class Sink>
variable linear(tape<B, T, Sink>& t, variable x, parameter_ref<T, B::space> w,
                std::type_identity_t<std::optional<parameter_ref<T, B::space>>> bias = std::nullopt) {
  require_equal(t.value(x).cols(), w.cols(), "linear: input width");
  const bool wants_w = t.sink().wants(w.id), wants_bias = bias && t.sink().wants(bias->id);
  const variable y = t.result(w.rows(), {x}, wants_w || wants_bias);
  if (bias) {
    require_equal(bias->value.cols(), w.rows(), "linear: bias width");
    const std::vector<token_id> first_row(static_cast<std::size_t>(t.value(x).rows()), 0);
    B::gather_rows(t.cx(), bias->value, first_row, t.fill(y));
  }
  {
    const products_at<B> forward(t.cx(), forward_products(t.cx()));
    with_numbers<B, T>(w, [&](auto numbers) {
      B::gemm(t.cx(), op::none, op::transpose, T{1}, t.value(x), numbers, bias ? T{1} : T{0}, t.fill(y));
    });
  }

  t.on_backward(y, [=](auto& tape) {
    const auto dy = tape.gradient(y);
    if (wants_w) tape.sink().outer(w.id, dy, tape.value(x), tape.sequences(y));
    if (wants_bias) {
      const auto sums = tape.scratch(tape.sequences(y).sequences(), dy.cols());
      B::fill(tape.cx(), T{0}, sums.view());
      B::segment_sum(tape.cx(), dy, tape.sequences(y), sums.view());
      tape.sink().dense(bias->id, sums.view());
    }
    if (tape.needs_gradient(x)) {
      const auto dx = tape.gradient_slot(x);
      with_numbers<B, T>(w, [&](auto numbers) {
        B::gemm(tape.cx(), op::none, op::none, T{1}, dy, numbers, dx.beta(), dx.gradient);
      });
    }
  });
  return y;
}

}  // namespace prismatic
