/// Causal grouped-query attention over packed ragged sequences: per sequence and head
/// O = softmax(scale Q K' + causal mask) V.
///
/// Backward, with P recomputed from the saved log-sum-exp L  [Dao et al. 2022, section 3.1]:
///   dV += P' dO;  dS = P * (dO V' - rowsum(dO * O)) scale;  dQ += dS K;  dK += dS' Q.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <memory>

namespace prismatic {

/// @param q     (T, heads head_dim)
/// @param k, v  (T, kv_heads head_dim), the same sequences as q
/// @return (T, heads head_dim). About 2 T_s^2 heads head_dim FLOP a sequence forward, 5 T_s^2 ... backward;
/// memory for scores stays on the tile. @throws shape_error
template <class B, class T, class Sink>
variable attention(tape<B, T, Sink>& t, variable q, variable k, variable v, attention_shape shape) {
  require_equal(t.value(q).cols(), shape.heads * shape.head_dim, "attention: query width");
  require_equal(t.value(k).cols(), shape.kv_heads * shape.head_dim, "attention: key width");
  require_equal(t.value(v).cols(), shape.kv_heads * shape.head_dim, "attention: value width");
  require_equal(t.value(k).rows(), t.value(q).rows(), "attention: rows of the keys");
  require_equal(t.value(v).rows(), t.value(q).rows(), "attention: rows of the values");
  require_equal(shape.heads % shape.kv_heads, 0, "attention: query heads modulo key heads");
  const variable o = t.result(t.value(q).cols(), {q, k, v});
  const auto ranges = t.sequences(q).ranges();
  auto log_sums = std::make_shared<scratch_matrix<T, B::space>>(t.scratch(t.value(q).rows(), shape.heads));
  B::attention(t.cx(), shape, t.value(q), t.value(k), t.value(v), ranges, ranges, t.fill(o), log_sums->view());

  t.on_backward(o, [=](auto& tape) {
    B::attention_adjoint(tape.cx(), shape, tape.value(q), tape.value(k), tape.value(v), tape.value(o),
                         log_sums->view(), tape.gradient(o), tape.sequences(o).ranges(), tape.gradient(q),
                         tape.gradient(k), tape.gradient(v));
  });
  return o;
}

}  // namespace prismatic
