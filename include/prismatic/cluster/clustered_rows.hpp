/// The rows that are clustered, seen through one metric: checked once, then measured against centroids.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// What "near" means to a clustering.
enum class cluster_metric : std::uint8_t {
  spherical,  ///< largest cosine; rows and centroids count as unit vectors
  euclidean   ///< smallest squared distance
};

/// A score is what the verb `nearest` maximises: <x, c> for the spherical metric, <x, c> - |c|^2 / 2 for
/// the Euclidean one. Rows are never copied: the score of an unscaled row orders centroids just as well,
/// and only the gap, which compares rows with each other, divides by the row's length.
template <class B, real T>
class clustered_rows {
 public:
  using view_type = matrix_view<const T, B::space>;

  /// One pass over the rows. `who` opens every message.
  /// @throws shape_error    no columns
  /// @throws size_error     more rows than a label can count
  /// @throws numeric_error  a row is not finite; spherical: a row is zero, or not a unit vector as claimed
  clustered_rows(context<B>& cx, view_type rows, cluster_metric metric, bool rows_are_unit,
                 std::string_view who)
      : rows_(rows),
        metric_(metric),
        unit_(rows_are_unit && metric == cluster_metric::spherical),
        lengths_(static_cast<std::size_t>(rows.rows())) {
    if (rows.cols() < 1) throw shape_error(std::string(who) + ": found rows of 0 columns, expected at least 1");
    narrow<token_id>(rows.rows(), std::string(who) + " rows");
    write_to_host(cx, std::span(lengths_), [&](vector_view<T, B::space> lengths) {
      if (metric == cluster_metric::spherical)
        B::row_norms(cx, rows, lengths);
      else
        B::row_dots(cx, rows, rows, lengths);
    });
    for (index_t i = 0; i < size(); ++i) check(i, who);
    if (unit_) std::ranges::fill(lengths_, T{1});
  }

  [[nodiscard]] view_type view() const noexcept { return rows_; }
  [[nodiscard]] index_t size() const noexcept { return rows_.rows(); }
  [[nodiscard]] index_t cols() const noexcept { return rows_.cols(); }
  [[nodiscard]] cluster_metric metric() const noexcept { return metric_; }

  /// How badly row i fits a centroid with that score: 1 - cosine, or the squared distance; at least 0.
  [[nodiscard]] double gap(index_t i, T score) const noexcept {
    const auto length = static_cast<double>(lengths_[static_cast<std::size_t>(i)]);
    const auto s = static_cast<double>(score);
    return std::max(0.0, metric_ == cluster_metric::spherical ? 1.0 - s / length : length - 2.0 * s);
  }

  /// (1, n): what brings each row to unit length where the metric asks for it and they are not so; empty otherwise.
  [[nodiscard]] matrix<T> factors() const {
    if (metric_ == cluster_metric::euclidean || unit_) return {};
    matrix<T> out(1, size());
    std::ranges::transform(lengths_, out.data(), [](T length) { return T{1} / length; });
    return out;
  }

  /// Row t of `block` = row ids[t], of unit length when the metric is spherical.
  void gather(context<B>& cx, std::span<const token_id> ids, matrix_view<T, B::space> block) const {
    B::gather_rows(cx, rows_, ids, block);
    if (metric_ == cluster_metric::euclidean || unit_) return;
    std::vector<T> factors(ids.size());
    for (std::size_t t = 0; t < ids.size(); ++t) factors[t] = T{1} / lengths_[static_cast<std::size_t>(ids[t])];
    B::scale_rows(cx, on_backend(cx, factors), block);
  }

  /// Calls visit(first, part, block) with consecutive parts of `ids` and their gathered rows, a block small
  /// enough for the caches (2 MB of floats).
  template <class Visit>
  void for_blocks(context<B>& cx, std::span<const token_id> ids, Visit&& visit) const {
    constexpr index_t block_elements = index_t{1} << 19;
    const index_t total = static_cast<index_t>(ids.size());
    const index_t step = std::clamp<index_t>(block_elements / cols(), 1, std::max<index_t>(total, 1));
    const scratch_matrix<T, B::space> scratch(cx.scratch(), step, cols());
    for (index_t first = 0; first < total; first += step) {
      const index_t count = std::min(step, total - first);
      const auto part = ids.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      const auto block = scratch.view().middle_rows(0, count);
      gather(cx, part, block);
      visit(first, part, block);
    }
  }

 private:
  void check(index_t i, std::string_view who) const {
    const T length = lengths_[static_cast<std::size_t>(i)];
    const auto fail = [&](const std::string& found, std::string_view expected) {
      throw numeric_error(std::string(who) + ": row " + std::to_string(i) + ": found " + found + ", expected " +
                          std::string(expected));
    };
    if (!(length <= std::numeric_limits<T>::max() / 4)) fail("a length that is not finite", "finite values");
    if (metric_ == cluster_metric::euclidean) return;
    if (length < std::numeric_limits<T>::min()) fail("length 0", "a direction (spherical metric)");
    // Unit rows that were stored in 16 bits are off by up to 2^-9.
    if (unit_ && std::abs(static_cast<double>(length) - 1.0) > 0.01)
      fail("length " + std::to_string(length), "1 (rows_are_unit)");
  }

  view_type rows_;
  cluster_metric metric_;
  bool unit_;
  std::vector<T> lengths_;  // |x|, or |x|^2 for the Euclidean metric
};

/// The gap of every row with its score.
template <class B, real T>
[[nodiscard]] std::vector<double> gaps_of(const clustered_rows<B, T>& rows, std::span<const T> scores) {
  std::vector<double> gaps(scores.size());
  for (std::size_t i = 0; i < gaps.size(); ++i) gaps[i] = rows.gap(static_cast<index_t>(i), scores[i]);
  return gaps;
}

}  // namespace prismatic
