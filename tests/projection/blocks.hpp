/// What tests of projections share: exact inputs, and a projection applied to one block.
#pragma once

#include "support/numeric.hpp"

#include <prismatic/projection/projection.hpp>

#include <cstdint>

namespace test {

using namespace prismatic;

/// Small whole numbers: their signed sums are exact in any order, so equal sums mean equal entries of R.
template <class T>
matrix<T> whole_numbers(index_t rows, index_t cols) {
  const random_stream random(3, "whole numbers");
  matrix<T> out(rows, cols);
  for (index_t i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<T>(random.below(static_cast<std::uint64_t>(i), 15) - 7);
  return out;
}

/// The rows of g under R, unscaled.
template <class B, class T, class Projection>
matrix<T> project(context<B>& cx, const Projection& r, const tensor_block& block, matrix_view<const T> g) {
  matrix<T> z(g.rows(), r.width());
  r.accumulate(cx, block, g, z.view());
  return z;
}

}  // namespace test
