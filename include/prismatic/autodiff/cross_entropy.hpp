/// The loss: l_t = w_t (log sum_v exp Z_tv - Z_t,target(t)), weighted negative log-likelihood in nats.
///
/// Backward:  dZ_t = w_t (softmax(Z_t) - onehot(target(t))), computed in place of the logits on the way
/// forward: this is where the sweep starts, and the gradient of every l_t is one by definition.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// One target a row, each inside the vocabulary. @throws shape_error, option_error
inline void require_targets(std::span<const token_id> targets, index_t rows, index_t vocabulary, const std::string& who) {
  require_equal(static_cast<index_t>(targets.size()), rows, who + ": targets");
  for (const token_id target : targets)
    if (target < 0 || target >= vocabulary)
      throw option_error(who + ": found target " + std::to_string(target) + ", expected 0 to " +
                         std::to_string(vocabulary - 1));
}

/// @param logits   (T, vocabulary), made by an operation; their values are used up
/// @param targets  one token per row
/// @param weights  one per row; 1 / (completion tokens of the sequence) gives each sequence its mean NLL
/// @return (T, 1): the loss of each row. @throws shape_error, option_error for a target outside the vocabulary
template <class B, class T, class Sink>
variable cross_entropy(tape<B, T, Sink>& t, variable logits, std::span<const token_id> targets,
                       input_vector<T, B::space> weights) {
  const index_t rows = t.value(logits).rows(), vocabulary = t.value(logits).cols();
  require_equal(t.fill(logits).rows(), rows, "cross_entropy: rows of logits that may be used up");
  require_targets(targets, rows, vocabulary, "cross_entropy");
  require_equal(weights.size(), rows, "cross_entropy: weights");
  const variable losses = t.result(1, {logits});
  const auto out = t.fill(losses);
  B::cross_entropy(t.cx(), t.fill(logits), targets, weights, vector_view<T, B::space>(out.data(), rows));

  t.on_backward(losses, [=](auto& tape) { tape.give_gradient(logits, tape.take_value(logits)); });
  return losses;
}

}  // namespace prismatic
