/// What tests of projections share: exact inputs, and a projection applied to one block.
#pragma once

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <prismatic/projection/projection.hpp>

#include <cstdint>
#include <vector>

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

/// Where B has a verb for rows of a tensor in one call: they are those of a call each. Columns in several units with a tail, ids in
/// any order and twice, sums that were there before.
template <class B, class T, class Projection>
void check_rows_in_one_call(const Projection& r) {
  if constexpr (row_projection<Projection, B, T>) {
    context<B> cx({.threads = 2});
    const std::vector<token_id> ids{5, 0, 70000, 5, 3};
    for (const index_t cols : {1, 31, 128, 300}) {
      const auto count = static_cast<index_t>(ids.size());
      const matrix<T> g = whole_numbers<T>(count, cols);
      matrix<T> found = whole_numbers<T>(count, r.width()), expected = found.clone(), short_one(count - 1, r.width());
      r.accumulate_each(cx, "model.embed_tokens.weight", ids, g.view(), found.view());
      for (index_t i = 0; i < count; ++i)
        r.accumulate(cx, {"model.embed_tokens.weight", ids[static_cast<std::size_t>(i)], 1, cols}, g.view().middle_rows(i, 1),
                     expected.view().middle_rows(i, 1));
      CAPTURE(B::name, cols);
      CHECK(identical(found, expected));
      CHECK_THROWS_AS(r.accumulate_each(cx, "w", ids, g.view(), short_one.view()), shape_error);
    }
  }
}

}  // namespace test
