/// Dense Rademacher projection by Thrust: Z += G R with the same bits of R as on the CPU.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/signs.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <span>

namespace prismatic {

template <class System>
struct thrust_signs {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// Z(S,d) += G(S, rows cols) R(rows cols, d): one call of the generator for 128 entries of eight samples. No scaling.
  /// Determinism: bitwise in threads and in the batch.
  template <real T>
  static void sign_accumulate(own& cx, const sign_block& block, input_matrix<T, space> g, matrix_view<T, space> z) {
    using output = detail::sign_output<T>;
    detail::for_each_index(cx, output::count(g.rows(), z.cols()),
                           z.size() * checked_mul(block.rows, block.cols), output{block, g.rows(), z.cols(), g, z});
  }

  /// C(rows, k) = rows [first, first + rows) of the +-1 factor of one side, the CPU's.
  template <real T>
  static void sign_factor(own& cx, philox_key key, index_t side, index_t first, matrix_view<T, space> c) {
    detail::for_each_element(cx, c.rows(), (c.cols() + 31) / 32, detail::factor_word<T>{key, side, first, nullptr, c.cols(), c});
  }

  /// Row i of Z += row i of G under row ids[i] of the tensor's R: what a call of sign_accumulate a row would add, up to
  /// rounding. One call of the generator for 128 entries and output. Determinism: bitwise in threads and in the rows beside it.
  template <real T>
  static void sign_rows(own& cx, philox_key key, std::span<const token_id> ids, input_matrix<T, space> g,
                        matrix_view<T, space> z) {
    const detail::along<System, token_id> rows(cx, ids);
    detail::for_each_element(cx, z.rows(), z.cols(), detail::sign_row_output<T>{key, rows.data(), g.cols(), g, z});
  }

  /// Row i of C(rows, k) = row ids[i] of the +-1 factor of one side.
  template <real T>
  static void sign_factor_rows(own& cx, philox_key key, index_t side, std::span<const token_id> ids, matrix_view<T, space> c) {
    const detail::along<System, token_id> rows(cx, ids);
    detail::for_each_element(cx, c.rows(), (c.cols() + 31) / 32, detail::factor_word<T>{key, side, 0, rows.data(), c.cols(), c});
  }
};

}  // namespace prismatic
