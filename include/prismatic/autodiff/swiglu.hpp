/// Y = silu(G) * U, silu(x) = x / (1 + exp(-x))   [Shazeer 2020].
///
/// Backward:  dG += dY * U * silu'(G);  dU += dY * silu(G).  G and U are kept.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <utility>

namespace prismatic {

/// @param gate, up  (T, width)
/// @return (T, width). @throws shape_error
template <class B, class T, class Sink>
variable swiglu(tape<B, T, Sink>& t, variable gate, variable up) {
  require_equal(t.value(up).rows(), t.value(gate).rows(), "swiglu: rows of up");
  require_equal(t.value(up).cols(), t.value(gate).cols(), "swiglu: width of up");
  const variable y = t.result(t.value(gate).cols(), {gate, up});
  B::swiglu(t.cx(), t.value(gate), t.value(up), t.fill(y));

  t.on_backward(y, [=](auto& tape) {
    auto of_gate = tape.scratch(tape.value(y).rows(), tape.value(y).cols());
    auto of_up = tape.scratch(tape.value(y).rows(), tape.value(y).cols());
    B::swiglu_adjoint(tape.cx(), tape.value(gate), tape.value(up), tape.gradient(y), of_gate.view(), of_up.view());
    tape.give_gradient(gate, std::move(of_gate));
    tape.give_gradient(up, std::move(of_up));
  });
  return y;
}

}  // namespace prismatic
