/// Y_i = X[rows_i]: the positions whose next token carries loss, so that prompts cost no logits.
///
/// Backward:  dX[rows_i] += dY_i.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <memory>
#include <vector>

namespace prismatic {

/// @param rows       indices into x, each at most once
/// @param sequences  how many of the rows belong to each sequence of x
/// @return (rows, width). @throws shape_error, option_error for a row outside x
template <class B, class T, class Sink>
variable select_rows(tape<B, T, Sink>& t, variable x, const std::shared_ptr<const std::vector<token_id>>& rows,
                     const std::shared_ptr<const layout>& sequences) {
  require_equal(static_cast<index_t>(rows->size()), sequences->rows(), "select_rows: rows");
  require_equal(sequences->sequences(), t.sequences(x).sequences(), "select_rows: sequences");
  for (const token_id row : *rows)
    require_option(row >= 0 && row < t.value(x).rows(), "select_rows: a row lies outside the value");
  const variable y = t.result(t.value(x).cols(), sequences, {x});
  B::gather_rows(t.cx(), t.value(x), *rows, t.fill(y));

  t.on_backward(y, [=](auto& tape) {
    B::scatter_rows(tape.cx(), tape.gradient(y), *rows, tape.gradient(x));
  });
  return y;
}

}  // namespace prismatic
