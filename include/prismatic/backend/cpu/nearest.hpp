/// The best-matching row of B for each row of A on the CPU, without the matrix of all scores.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/multiply.hpp>
#include <prismatic/backend/cpu/nearest_candidates.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <concepts>
#include <limits>

namespace prismatic {

template <class Kernels>
struct cpu_nearest {
  using cpu = context<cpu_backend<Kernels>>;

  /// labels[i] = argmax_j <a_i, b_j> + bias[j], the smallest j of a tie; best[i] = the maximum.
  ///
  /// A(n,d), B(k,d), k >= 1; an empty bias counts as 0. With bias[j] = -|b_j|^2 / 2 the maximum names the
  /// nearest b_j in the Euclidean sense. A row without a number (NaN) gets label 0, best minus infinity.
  /// Cost: 2 n k d FLOP, in bfloat16 where the processor multiplies that (nearest_candidates.hpp: the same answer, to the
  /// bit); scratch of 512 KiB (float) a thread. Determinism: bitwise in threads.
  template <real T>
  static void nearest(cpu& cx, input_matrix<T> a, input_matrix<T> b, input_vector<T> bias,
                      vector_view<label_t> labels, vector_view<T> best) {
    const index_t n = a.rows(), k = b.rows(), width = std::min(tile_cols, k);
    const scratch_matrix<T, memory::host> all(cx.scratch(), cx.team().size() * tile_rows, width);
    const bool may_round = std::same_as<T, float> && detail::rounds_for_candidates(a.cols());
    const bool rounds = may_round && k >= worth_rounding;
    detail::rounded_length furthest;
    if constexpr (std::same_as<T, float>)
      if (rounds) furthest = detail::rounded_length::furthest(cx.team(), b);
    cx.team().for_each((n + tile_rows - 1) / tile_rows, [&](index_t task, int worker) {
      const index_t first = task * tile_rows, rows = std::min(tile_rows, n - first);
      if constexpr (std::same_as<T, float>)
        if (rounds && detail::nearest_by_candidates(a.middle_rows(first, rows), b, bias, furthest,
                                                    all.view().middle_rows(worker * tile_rows, rows), labels.data() + first,
                                                    best.data() + first))
          return;
      std::fill_n(labels.data() + first, rows, label_t{0});
      std::fill_n(best.data() + first, rows, -std::numeric_limits<T>::infinity());
      for (index_t j = 0; j < k; j += tile_cols) {
        const index_t cols = std::min(tile_cols, k - j);
        const matrix_view<T> scores(all.view().row(worker * tile_rows), rows, cols, width);
        // A pair has one score, whether rounded products have found it or not.
        if (may_round)
          detail::multiply_by_vectors<T>(op::none, op::transpose, T{1}, a.middle_rows(first, rows), b.middle_rows(j, cols), T{0}, scores);
        else
          detail::multiply<T>(op::none, op::transpose, T{1}, a.middle_rows(first, rows), b.middle_rows(j, cols), T{0}, scores);
        const T* const added = bias.empty() ? nullptr : bias.data() + j;
        vectorised([&] {
          for (index_t i = 0; i < rows; ++i) {
            if (added != nullptr) add(added, scores.row(i), cols);
            keep_greatest(scores.row(i), cols, j, labels[first + i], best[first + i]);
          }
        });
      }
    });
  }

 private:
  // A tile of scores (512 KiB in float) stays in the second-level cache; the product runs at full speed.
  static constexpr index_t tile_rows = 256, tile_cols = 512;
  static constexpr index_t worth_rounding = 128;  // rows of B

  template <class T>
  static void add(const T* bias, T* scores, index_t n) {
    for (index_t j = 0; j < n; ++j) scores[j] += bias[j];
  }

  // The maximum first, in vector code; its place only for a tile that improves on the earlier ones.
  template <class T>
  static void keep_greatest(const T* scores, index_t n, index_t offset, label_t& label, T& best) {
    const T top = greatest(scores, n);
    if (!(top > best)) return;
    best = top;
    label = static_cast<label_t>(offset + first_place(scores, n, top));
  }

  // Of a number that is there: which step it is in first, in vector code too.
  template <class T>
  static index_t first_place(const T* scores, index_t n, T number) {
    constexpr index_t step = 64;
    index_t j = 0;
    for (; j + step <= n; j += step) {
      int found = 0;
      for (index_t i = 0; i < step; ++i) found |= scores[j + i] == number ? 1 : 0;
      if (found != 0) break;
    }
    while (scores[j] != number) ++j;
    return j;
  }
};

}  // namespace prismatic
