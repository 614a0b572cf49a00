/// A vocabulary's logits and their loss in one operation, so that no more logits are alive than the context
/// has memory for: l_t = w_t (log sum_v exp(X W')_tv - (X W')_t,target(t)).
///
/// Backward: the gradient of every l_t is one by definition, so dZ is known as soon as the logits are. The
/// sink hears outer(W, dZ, X) on the way FORWARD, once for every group of rows; dX = dZ W waits for the sweep.
#pragma once

#include <prismatic/autodiff/cross_entropy.hpp>
#include <prismatic/autodiff/tape.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// The root of a sweep: cross_entropy(linear(x, w), targets, weights), up to the rounding of sums that span groups.
///
/// @param x        (T, in)
/// @param w        (vocabulary, in)
/// @param targets  one token per row
/// @param weights  one per row
/// @return (T, 1): the loss of each row. Logits take at most half of the context's activation_bytes, or one row.
/// @throws shape_error, option_error for a target outside the vocabulary
template <class B, class T, class Sink>
variable linear_cross_entropy(tape<B, T, Sink>& t, variable x, parameter_ref<T, B::space> w,
                              std::span<const token_id> targets, input_vector<T, B::space> weights) {
  const index_t rows = t.value(x).rows(), vocabulary = w.rows();
  require_equal(t.value(x).cols(), w.cols(), "linear_cross_entropy: input width");
  require_targets(targets, rows, vocabulary, "linear_cross_entropy");
  require_equal(weights.size(), rows, "linear_cross_entropy: weights");
  const bool wants_w = t.sink().wants(w.id), wants_x = t.needs_gradient(x);
  const variable losses = t.result(1, {x}, wants_w);
  auto dx = std::make_shared<scratch_matrix<T, B::space>>();
  if (wants_x) *dx = t.scratch(rows, w.cols());

  const index_t most = std::max<index_t>(1, t.cx().activation_bytes() / 2 / (vocabulary * index_t{sizeof(T)}));
  const index_t groups = (rows + most - 1) / most, height = groups == 0 ? 0 : (rows + groups - 1) / groups;
  const scratch_matrix<T, B::space> space = t.scratch(height, vocabulary);
  for (index_t first = 0; first < rows; first += height) {
    const index_t count = std::min(height, rows - first);
    const auto logits = space.view().middle_rows(0, count);
    const auto inputs = t.value(x).middle_rows(first, count);
    {
      const products_at<B> forward(t.cx(), forward_products(t.cx()));
      with_numbers<B, T>(w, [&](auto numbers) {
        B::gemm(t.cx(), op::none, op::transpose, T{1}, inputs, numbers, T{0}, logits);
      });
    }
    B::cross_entropy(t.cx(), logits, targets.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                     weights.middle(first, count),
                     vector_view<T, B::space>(t.fill(losses).data() + first, count));  // logits are dZ from here on
    if (wants_w) t.sink().outer(w.id, logits, inputs, t.sequences(x).within({first, first + count}));
    if (wants_x)
      with_numbers<B, T>(w, [&](auto numbers) {
        B::gemm(t.cx(), op::none, op::none, T{1}, logits, numbers, T{0}, dx->view().middle_rows(first, count));
      });
  }

  t.on_backward(losses, [=](auto& tape) {
    if (wants_x) tape.give_gradient(x, std::move(*dx));
  });
  return losses;
}

}  // namespace prismatic
