/// Y_t = E[ids_t].
///
/// Backward: the sink hears rows(E, ids, dY): row ids_t of the table's gradient receives dY_t.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// @param ids        one token per row, the sequences end to end
/// @param table      (vocabulary, width)
/// @param sequences  where each sequence begins and ends
/// @return (T, width). @throws shape_error, option_error for an id outside the vocabulary
template <class B, class T, class Sink>
variable embedding(tape<B, T, Sink>& t, std::span<const token_id> ids, parameter_ref<T, B::space> table,
                   const std::shared_ptr<const layout>& sequences) {
  require_equal(static_cast<index_t>(ids.size()), sequences->rows(), "embedding: tokens");
  for (const token_id id : ids)
    if (id < 0 || id >= table.rows())
      throw option_error("embedding: found token id " + std::to_string(id) + ", expected 0 to " +
                         std::to_string(table.rows() - 1));
  const bool wanted = t.sink().wants(table.id);
  const variable y = t.result(table.cols(), sequences, {}, wanted);
  with_numbers<B, T>(table, [&](auto numbers) { B::gather_rows(t.cx(), numbers, ids, t.fill(y)); });

  t.on_backward(y, [=, kept = std::vector<token_id>(ids.begin(), ids.end())](auto& tape) {
    tape.sink().rows(table.id, kept, tape.gradient(y), tape.sequences(y));
  });
  return y;
}

}  // namespace prismatic
