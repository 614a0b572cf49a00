/// Sparse sign projection by Thrust: entries are sorted by the output they go to, so that each output has one adder.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/sparse_signs.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <thrust/binary_search.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace prismatic {

template <class System>
struct thrust_sparse_signs {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// Z(S,d) += G(S, rows cols) R(rows cols, d), R having `nonzeros` entries +-1 a row, the same as on the CPU. No
  /// scaling. Cost: a sort of all (entry, non-zero) pairs, shared by the samples, and an addition a pair and sample.
  /// Scratch: 12 bytes a pair, a million pairs at a time (or one row's), and what the sort takes.
  /// Determinism: bitwise in threads and in the batch.
  template <real T>
  static void sparse_sign_accumulate(own& cx, const sign_block& block, index_t nonzeros, input_matrix<T, space> g,
                                     matrix_view<T, space> z) {
    if (g.empty()) return;
    const index_t row_pairs = checked_mul(block.cols, nonzeros), width = z.cols();
    const index_t height = std::clamp<index_t>(pairs_at_once / row_pairs, 1, block.rows);
    const scratch_matrix<std::int32_t, space> outputs(cx.scratch(), height, row_pairs);
    const scratch_matrix<index_t, space> addends(cx.scratch(), height, row_pairs), begins(cx.scratch(), 1, width + 1);
    for (index_t first = 0; first < block.rows; first += height) {
      const index_t rows = std::min(height, block.rows - first), pairs = rows * row_pairs;
      const detail::sparse_codes_of_lane codes{{block.key, block.first_row + first, rows, block.cols},
                                               nonzeros, width, outputs.data(), addends.data()};
      detail::for_each_index(cx, codes.calls(), 8 * pairs, codes);
      cx.resources().run(8 * pairs, [&](const auto& policy) {
        const ::thrust::counting_iterator<std::int32_t> all_outputs(0);
        ::thrust::stable_sort_by_key(policy, outputs.data(), outputs.data() + pairs, addends.data());
        ::thrust::lower_bound(policy, outputs.data(), outputs.data() + pairs, all_outputs, all_outputs + (width + 1),
                              begins.data());
      });
      detail::for_each_element(
          cx, z.rows(), width,
          detail::sparse_output<T>{begins.data(), addends.data(), g.middle_cols(first * block.cols, rows * block.cols), z});
    }
  }

  /// Row i of Z += row i of G under row ids[i] of the tensor's R: what a call of sparse_sign_accumulate a row would add, up to
  /// rounding. One call of the generator for 8 entries and non-zero. Determinism: bitwise in threads and in the rows beside it.
  template <real T>
  static void sparse_sign_rows(own& cx, philox_key key, index_t nonzeros, std::span<const token_id> ids,
                               input_matrix<T, space> g, matrix_view<T, space> z) {
    const detail::along<System, token_id> rows(cx, ids);
    detail::for_each_element(cx, z.rows(), nonzeros,
                             detail::sparse_row<T>{key, rows.data(), nonzeros, z.cols(), g.cols(), g, z});
  }

 private:
  static constexpr index_t pairs_at_once = index_t{1} << 20;
};

}  // namespace prismatic
