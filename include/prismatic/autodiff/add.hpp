/// Y = A + B: the residual connection.
///
/// Backward:  dA += dY;  dB += dY.  One of them takes dY's storage, so a residual stream costs no copies.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <utility>

namespace prismatic {

/// @param a, b  of one shape. @throws shape_error
template <class B, class T, class Sink>
variable add(tape<B, T, Sink>& t, variable a, variable b) {
  require_equal(t.value(b).rows(), t.value(a).rows(), "add: rows");
  require_equal(t.value(b).cols(), t.value(a).cols(), "add: cols");
  const variable y = t.result(t.value(a).cols(), {a, b});
  B::copy(t.cx(), t.value(a), t.fill(y));
  B::axpy(t.cx(), T{1}, t.value(b), t.fill(y));

  t.on_backward(y, [=](auto& tape) {
    auto dy = tape.take_gradient(y);
    if (tape.needs_gradient(b)) {
      const auto db = tape.gradient_slot(b);
      if (db.fresh)
        B::copy(tape.cx(), dy, db.gradient);
      else
        B::axpy(tape.cx(), T{1}, dy, db.gradient);
    }
    if (tape.needs_gradient(a)) tape.give_gradient(a, std::move(dy));
  });
  return y;
}

}  // namespace prismatic
