/// The best-matching row of B for each row of A by Thrust, a tile of scores at a time.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/nearest.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <limits>

namespace prismatic {

template <class System>
struct thrust_nearest {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// As cpu_nearest. Scratch: 4 million scores at most. Determinism: bitwise in threads.
  template <real T>
  static void nearest(own& cx, input_matrix<T, space> a, input_matrix<T, space> b, input_vector<T, space> bias,
                      vector_view<label_t, space> labels, vector_view<T, space> best) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    const index_t n = a.rows(), k = b.rows(), width = std::min(tile_cols, k), height = std::min(tile_rows, n);
    detail::for_each_index(cx, n, n, detail::forget_nearest<T>{lowest, labels.data(), best.data()});
    const scratch_matrix<T, space> all(cx.scratch(), height, width);
    for (index_t i = 0; i < n; i += tile_rows)
      for (index_t j = 0; j < k; j += tile_cols) {
        const index_t rows = std::min(tile_rows, n - i), cols = std::min(tile_cols, k - j);
        const auto scores = all.view().middle_rows(0, rows).middle_cols(0, cols);
        System::template gemm<T>(cx, op::none, op::transpose, T{1}, a.middle_rows(i, rows), b.middle_rows(j, cols), T{0},
                                 scores);
        detail::fold_rows(
            cx, rows, cols,
            detail::greatest_score<T>{matrix_view<const T, space>(scores), bias.empty() ? nullptr : bias.data() + j, lowest},
            detail::keep_greatest<T>{j, labels.data() + i, best.data() + i});
      }
  }

 private:
  static constexpr index_t tile_rows = 2048, tile_cols = 2048;
};

}  // namespace prismatic
