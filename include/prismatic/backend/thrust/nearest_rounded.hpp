/// The verb nearest by rounded products, around what a device multiplies and scans by.
#pragma once

#include <prismatic/backend/functors/nearest_rounded.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/backend/thrust/nearest.hpp>
#include <prismatic/backend/thrust/rows.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace prismatic::detail {

/// Rounded copies of up to `most` rows at a time, with bounds of each; every row begins at a multiple of 16 bytes.
template <memory Space>
class rounded_rows {
 public:
  rounded_rows(workspace<Space>& scratch, index_t most, index_t cols)
      : cols_(cols), rows_(scratch, most, (cols + 7) / 8 * 8), bounds_(scratch, 1, most) {}

  /// The rows, rounded.
  template <class System>
  matrix_view<const bf16, Space> take(context<thrust_backend<System>>& cx, matrix_view<const float, Space> x) {
    const auto to = rows_.view().middle_rows(0, x.rows()).middle_cols(0, cols_);
    fold_rows(cx, x.rows(), cols_, round_row{x, to}, keep_lengths{cols_, bounds_.data()});
    return to;
  }
  [[nodiscard]] const rounded_row* bounds() const noexcept { return bounds_.data(); }

 private:
  index_t cols_;
  scratch_matrix<bf16, Space> rows_;
  scratch_matrix<rounded_row, Space> bounds_;
};

/// labels[i] = the first argmax_j <a_i, b_j> + bias[j], best[i] = the maximum, in single precision. 2 n k d FLOP in bf16, and an
/// exact score or two a row. Waits for the device once. Scratch: 2 bytes an element of B, and 64 MiB of products with their
/// rows of A, up to 256 MiB where those would be fewer than 4096 rows.
///
/// @param product  product(a, b, c): C = A B' of bf16 numbers, summed in float
/// @param scan     scan(rows, all): the lanes of match_rows for that many rows, those left undecided counted
template <class System, class Product, class Scan>
void nearest_by_rounding(context<thrust_backend<System>>& cx, matrix_view<const float, System::space> a,
                         matrix_view<const float, System::space> b, vector_view<const float, System::space> bias,
                         vector_view<label_t, System::space> labels, vector_view<float, System::space> best, Product&& product,
                         Scan&& scan) {
  constexpr memory space = System::space;
  using limits = std::numeric_limits<float>;
  const index_t n = a.rows(), k = b.rows(), d = a.cols();
  if (n == 0) return;
  // Products that a device's cache still holds when they are looked at, but of rows enough for all its warps.
  constexpr index_t usual_products = index_t{1} << 24, most_products = index_t{1} << 26, enough_rows = 4096, strip = 128;
  const index_t rows_at_once = std::max(usual_products / k, std::min(enough_rows, most_products / k));
  const index_t step = std::min(n, std::max(strip, rows_at_once / strip * strip));
  rounded_rows<space> rounded_b(cx.scratch(), k, d), rounded_a(cx.scratch(), step, d);
  const scratch_matrix<float, space> products(cx.scratch(), step, (k + 3) / 4 * 4);
  const scratch_matrix<rounded_extent, space> extent(cx.scratch(), 1, 1);
  const scratch_matrix<int, space> undecided(cx.scratch(), 1, 1);
  undecided.zero();
  const float* const added = bias.empty() ? nullptr : bias.data();
  const auto b16 = rounded_b.take(cx, b);
  fold_rows(cx, 1, k, greatest_extent{rounded_b.bounds(), added, limits::max(), limits::infinity()}, keep_extent{extent.data()});
  for (index_t first = 0; first < n; first += step) {
    const index_t count = std::min(step, n - first);
    const auto rows = a.middle_rows(first, count);
    const auto scores = products.view().middle_rows(0, count).middle_cols(0, k);
    product(rounded_a.take(cx, rows), b16, scores);
    scan(count, match_rows{rows, b, matrix_view<const float, space>(scores), d, k, added, rounded_a.bounds(), extent.data(),
                           limits::epsilon(), limits::infinity(), labels.data() + first, best.data() + first, undecided.data()});
  }
  if (copy_to_host(undecided.view())(0, 0) == 0) return;

  // Rows that rounding cannot decide, all their scores: equal ones, or numbers that are not finite.
  const matrix<label_t> found = copy_to_host(matrix_view<label_t, space>(labels.data(), 1, n));
  std::vector<token_id> rest;
  for (index_t i = 0; i < n; ++i)
    if (found(0, i) < 0) rest.push_back(narrow<token_id>(i));
  constexpr index_t most_rows = 4096;
  const scratch_matrix<float, space> block(cx.scratch(), most_rows, d), their_best(cx.scratch(), 1, most_rows);
  const scratch_matrix<label_t, space> their_labels(cx.scratch(), 1, most_rows);
  const auto total = static_cast<index_t>(rest.size());
  for (index_t first = 0; first < total; first += most_rows) {
    const auto part = std::span<const token_id>(rest).subspan(static_cast<std::size_t>(first),
                                                              static_cast<std::size_t>(std::min(most_rows, total - first)));
    const auto count = static_cast<index_t>(part.size());
    const auto rows = block.view().middle_rows(0, count);
    thrust_rows<System>::template gather_rows<float>(cx, a, part, rows);
    thrust_nearest<System>::template nearest<float>(cx, rows, b, bias, {their_labels.data(), count}, {their_best.data(), count});
    const along<System, token_id> ids(cx, part);
    for_each_index(cx, count, count, put_matches{ids.data(), their_labels.data(), their_best.data(), labels.data(), best.data()});
  }
}

}  // namespace prismatic::detail
