/// A stretch of a tape that keeps nothing but its input and is computed once more on the way back: memory
/// for one stretch instead of all of them, for one forward pass more  [Chen et al. 2016, arXiv:1604.06174].
#pragma once

#include <prismatic/autodiff/tape.hpp>

namespace prismatic {

/// y = f(tape, x), recorded as one operation. Values and gradients equal those of f(t, x) to the bit.
///
/// @param f  callable with a tape and a variable on it, any number of times, until the sweep is over; it
///           reads no other variable
template <class B, class T, class Sink, class F>
variable recompute(tape<B, T, Sink>& t, variable x, F f) {
  if constexpr (!tape<B, T, Sink>::records) {
    return f(t, x);  // nothing is kept anyway
  } else {
    tape<B, T, Sink> forward(t.cx(), t.sink());
    const variable result = f(forward, forward.input(t.value(x), t.shared_sequences(x), t.needs_gradient(x)));
    const variable y = t.result(forward.value(result).cols(), forward.shared_sequences(result), {x},
                                forward.needs_gradient(result));
    B::copy(t.cx(), forward.value(result), t.fill(y));

    t.on_backward(y, [=](auto& outer) {
      tape<B, T, Sink> inner(outer.cx(), outer.sink());
      const variable in = inner.input(outer.value(x), outer.shared_sequences(x), outer.needs_gradient(x));
      inner.on_backward(in, [&outer, x, in](auto& tape) { outer.give_gradient(x, tape.take_gradient(in)); });
      const variable out = f(inner, in);
      inner.backward(out, outer.take_gradient(y));
    });
    return y;
  }
}

}  // namespace prismatic
