/// Nearest centroids that are remembered between passes, so that a pass compares only what has changed.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace prismatic {

/// The nearest centroid of every row, kept exact while centroids move.
///
/// Let row x have the nearest centroid c. A pair (x, b) needs its score again only if b moved, or if c did:
/// otherwise b lost against c before and nothing about the two has changed. So a pass compares every row
/// with the moved centroids, and the rows whose own centroid moved with the others too. Ties go to the
/// smallest index, as in one full pass. The labels are those of a full pass wherever the verb `nearest`
/// gives a pair the same score at any place in its operands; where it does not, they can differ between
/// centroids whose scores agree to rounding.
///
/// Cost: 2 d (n m + s (k - m)) FLOP for m moved centroids out of k and s rows whose own centroid moved,
/// instead of 2 d n k. Scratch: the moved and the unmoved centroids, and 16 MB of rows.
/// Determinism: that of `nearest`.
template <class B, real T>
class nearest_memory {
 public:
  explicit nearest_memory(index_t rows)
      : labels_(static_cast<std::size_t>(rows), unknown),
        scores_(labels_.size()),
        found_labels_(labels_.size()),
        found_scores_(labels_.size()) {}

  [[nodiscard]] std::span<const label_t> labels() const noexcept { return labels_; }
  [[nodiscard]] std::span<const T> scores() const noexcept { return scores_; }

  /// @param bias   what `nearest` adds to each centroid's products (k values, or none for 0)
  /// @param moved  for each centroid, whether it differs from the previous call; all true the first time
  void update(context<B>& cx, matrix_view<const T, B::space> rows, matrix_view<const T, B::space> centroids,
              std::span<const T> bias, const std::vector<bool>& moved) {
    std::vector<token_id> changed, still;
    for (std::size_t j = 0; j < moved.size(); ++j)
      (moved[j] ? changed : still).push_back(static_cast<token_id>(j));
    if (changed.empty()) return;

    const std::vector<token_id> stale = forget(moved);
    compare(cx, rows, subset(cx, centroids, bias, changed));
    for (std::size_t i = 0; i < labels_.size(); ++i) offer(i, changed, i);

    if (still.empty() || stale.empty()) return;
    const subset rest(cx, centroids, bias, still);
    const index_t step = std::max<index_t>(1, block_elements / rows.cols());
    const index_t total = static_cast<index_t>(stale.size());
    const scratch_matrix<T, B::space> block(cx.scratch(), std::min(step, total), rows.cols());
    for (index_t first = 0; first < total; first += step) {
      const auto part = std::span(stale).subspan(static_cast<std::size_t>(first),
                                                 static_cast<std::size_t>(std::min(step, total - first)));
      const auto gathered = block.view().middle_rows(0, static_cast<index_t>(part.size()));
      B::gather_rows(cx, rows, part, gathered);
      compare(cx, gathered, rest);
      for (std::size_t t = 0; t < part.size(); ++t) offer(static_cast<std::size_t>(part[t]), still, t);
    }
  }

 private:
  static constexpr label_t unknown = -1;
  static constexpr index_t block_elements = index_t{1} << 22;

  // Some of the centroids, in order; all of them are not copied.
  struct subset {
    scratch_matrix<T, B::space> copy;
    matrix_view<const T, B::space> rows;
    std::vector<T> bias;

    subset(context<B>& cx, matrix_view<const T, B::space> centroids, std::span<const T> all_bias,
           const std::vector<token_id>& ids)
        : rows(centroids) {
      for (const token_id j : ids)
        if (!all_bias.empty()) bias.push_back(all_bias[static_cast<std::size_t>(j)]);
      const auto count = static_cast<index_t>(ids.size());
      if (count == centroids.rows()) return;
      copy = scratch_matrix<T, B::space>(cx.scratch(), count, centroids.cols());
      B::gather_rows(cx, centroids, ids, copy.view());
      rows = copy.view();
    }
  };

  // Drops what is known of the rows whose own centroid moved, and names them.
  std::vector<token_id> forget(const std::vector<bool>& moved) {
    std::vector<token_id> stale;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (labels_[i] != unknown && !moved[static_cast<std::size_t>(labels_[i])]) continue;
      labels_[i] = unknown;
      scores_[i] = -std::numeric_limits<T>::infinity();
      stale.push_back(static_cast<token_id>(i));
    }
    return stale;
  }

  void compare(context<B>& cx, matrix_view<const T, B::space> rows, const subset& centroids) {
    const auto count = static_cast<std::size_t>(rows.rows());
    nearest_on_host<B, T>(cx, rows, centroids.rows, centroids.bias, std::span(found_labels_).first(count),
                          std::span(found_scores_).first(count));
  }

  // Takes what compare() found in place t for row i if it beats what is known.
  void offer(std::size_t i, const std::vector<token_id>& ids, std::size_t t) noexcept {
    const label_t label = ids[static_cast<std::size_t>(found_labels_[t])];
    const T score = found_scores_[t];
    if (score < scores_[i] || (score == scores_[i] && label > labels_[i] && labels_[i] != unknown)) return;
    labels_[i] = label;
    scores_[i] = score;
  }

  std::vector<label_t> labels_;
  std::vector<T> scores_;
  std::vector<label_t> found_labels_;
  std::vector<T> found_scores_;
};

}  // namespace prismatic
