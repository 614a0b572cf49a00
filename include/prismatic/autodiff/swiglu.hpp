/// Y = silu(G) * U, silu(x) = x / (1 + exp(-x))   [Shazeer 2020].
///
/// Backward:  dG += dY * U * silu'(G);  dU += dY * silu(G).  G and U are kept.
#pragma once

#include <prismatic/autodiff/tape.hpp>

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
    B::swiglu_adjoint(tape.cx(), tape.value(gate), tape.value(up), tape.gradient(y), tape.gradient(gate),
                      tape.gradient(up));
  });
  return y;
}

}  // namespace prismatic
