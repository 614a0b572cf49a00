/// What a projection must offer: a random linear map from a model's P parameters to d numbers that keeps
/// inner products on average.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <string_view>

namespace prismatic {

/// Part of one named parameter tensor of `cols` columns: rows [first_row, first_row + rows).
struct tensor_block {
  std::string_view name;
  index_t first_row;
  index_t rows;
  index_t cols;
};

/// A linear map R^P -> R^d given tensor by tensor. It is a pure function of its own fields and the
/// tensor's name, so blocks may come in any order, from any shard.
///
/// `accumulate(cx, block, G, Z)`: Z(S,d) += G(S, rows cols) R_block, unscaled. The image of a gradient is
/// scale() times the sum over all its blocks; then E<z, z'> = <g, g'>.
template <class P, class B, class T>
concept projection = requires(const P& p, context<B>& cx, const tensor_block& block,
                              matrix_view<const T, B::space> g, matrix_view<T, B::space> z) {
  { p.width() } -> std::convertible_to<index_t>;
  { p.scale() } -> std::convertible_to<double>;
  { P::name } -> std::convertible_to<std::string_view>;
  { p.accumulate(cx, block, g, z) } -> std::same_as<void>;
};

}  // namespace prismatic
