/// Rotary position embedding: each pair (x_i, x_{i + h/2}) of a head of h numbers turns by the angle
/// position * frequency_i   [Su et al. 2021; pairs as in Hugging Face's rotate_half].
///
/// Backward: the rotation is orthogonal, so the adjoint turns back. Nothing is kept.
#pragma once

#include <prismatic/autodiff/tape.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace prismatic {

/// Cosines and sines of every (position, pair).
template <class T, memory Space>
struct rope_tables {
  matrix_view<const T, Space> cosine;  ///< (positions, head_dim / 2)
  matrix_view<const T, Space> sine;    ///< the same shape
};

using position_list = std::shared_ptr<const std::vector<std::int32_t>>;

/// @param x          (T, heads head_dim)
/// @param positions  one per row; each below the tables' row count
/// @return the shape of x. 3 FLOP an element. @throws shape_error, option_error for a position outside the tables
template <class B, class T, class Sink>
variable rope(tape<B, T, Sink>& t, variable x, index_t head_dim, const position_list& positions,
              rope_tables<T, B::space> tables) {
  require_equal(static_cast<index_t>(positions->size()), t.value(x).rows(), "rope: positions");
  require_equal(tables.cosine.cols() * 2, head_dim, "rope: table width x 2");
  require_equal(t.value(x).cols() % head_dim, 0, "rope: width modulo head_dim");
  for (const std::int32_t position : *positions)
    require_option(position >= 0 && position < tables.cosine.rows(), "rope: a position lies outside the tables");
  const variable y = t.result(t.value(x).cols(), {x});
  B::rope(t.cx(), op::none, head_dim, *positions, tables.cosine, tables.sine, t.value(x), t.fill(y));

  t.on_backward(y, [=](auto& tape) {
    auto turned = tape.scratch(tape.value(y).rows(), tape.value(y).cols());
    B::rope(tape.cx(), op::transpose, head_dim, *positions, tables.cosine, tables.sine, tape.gradient(y),
            turned.view());
    tape.give_gradient(x, std::move(turned));
  });
  return y;
}

}  // namespace prismatic
