/// Rows made usable: which rows of a block count, and tiles of them at unit length times a weight.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// What happens to a row that has no direction: of length zero, or not finite.
enum class unusable_rows : std::uint8_t { refuse, skip };

struct row_options {
  bool rows_are_unit = false;                      ///< true: rows are taken as they are, unchecked
  unusable_rows unusable = unusable_rows::refuse;  ///< skip leaves them out and counts them
};

/// What the weights w_i of a set of rows add up to: enough for the sizes a score is read against.
struct weight_sums {
  index_t rows = 0;    ///< of positive weight
  double total = 0;    ///< sum w
  double squares = 0;  ///< sum w^2
  double logs = 0;     ///< sum w ln w

  void add(double w, index_t count = 1) {
    const double times = static_cast<double>(count);
    rows += count;
    total += times * w;
    squares += times * w * w;
    logs += times * w * std::log(w);
  }
  void add(const weight_sums& other, int sign = 1) {
    rows += sign * other.rows;
    total += sign * other.total;
    squares += sign * other.squares;
    logs += sign * other.logs;
  }

  /// exp of the entropy of p = w / total: what orthonormal rows of these weights would score. n when equal.
  [[nodiscard]] double effective_rows() const { return std::max(1.0, total * std::exp(-logs / total)); }
  /// sum p^2: 1/n when equal.
  [[nodiscard]] double concentration() const { return squares / (total * total); }
};

/// Which rows of a block count. Row `rows[i]` times `factors[i]` has length sqrt(weight).
struct row_plan {
  std::vector<index_t> rows;    ///< ascending; empty: every row
  std::vector<double> factors;  ///< empty: 1 each
  weight_sums weights;
  index_t skipped = 0;

  [[nodiscard]] index_t row(index_t i) const { return rows.empty() ? i : rows[static_cast<std::size_t>(i)]; }
};

/// Throws unless `weights` is empty, or `rows` finite numbers from 0 up.
inline void require_weights(std::span<const double> weights, index_t rows, call_site at = call_site::here()) {
  if (weights.empty()) return;
  require_equal(static_cast<index_t>(weights.size()), rows, "weights", at);
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0) || std::isinf(weights[i]))
      throw option_error("weight " + std::to_string(i) + ": found " + std::to_string(weights[i]) +
                             ", expected a finite number from 0 up",
                         at);
}

/// Euclidean length of each row, on the host.
template <class B, real T>
std::vector<double> row_lengths(context<B>& cx, matrix_view<const T, B::space> rows) {
  const scratch_matrix<T, B::space> norms(cx.scratch(), 1, rows.rows());
  B::row_norms(cx, rows, norms.flat());
  const auto lengths = on_host(cx, norms.flat());
  return {lengths.begin(), lengths.end()};
}

/// Decides which rows count: those of positive weight that have a direction (or all, if rows_are_unit).
/// @param weights  one for each row, or empty for 1 each
/// @throws shape_error    another number of weights than rows
/// @throws option_error   a weight is negative or not finite
/// @throws numeric_error  a row is zero or not finite, and may not be skipped; the message names it
template <class B, real T>
row_plan plan_rows(context<B>& cx, matrix_view<const T, B::space> rows, std::span<const double> weights,
                   const row_options& options) {
  require_weights(weights, rows.rows());
  row_plan plan;
  const auto n = static_cast<std::size_t>(rows.rows());
  if (weights.empty()) plan.weights.add(1, rows.rows());
  if (options.rows_are_unit && weights.empty()) return plan;
  std::vector<T> lengths(n, T{1});
  if (!options.rows_are_unit)
    write_to_host(cx, std::span(lengths), [&](vector_view<T, B::space> norms) { B::row_norms(cx, rows, norms); });
  plan.factors.resize(n);
  const auto weight_of = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };
  const auto has_direction = [&](std::size_t i) { return std::isfinite(lengths[i]) && std::isfinite(T{1} / lengths[i]); };
  bool all = true;
  for (std::size_t i = 0; i < n; ++i) {
    plan.factors[i] = std::sqrt(weight_of(i)) / static_cast<double>(lengths[i]);
    all &= has_direction(i) && weight_of(i) > 0;
  }
  if (all && weights.empty()) return plan;

  plan.weights = {};
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = weight_of(i);
    if (weight == 0) continue;
    if (!has_direction(i)) {
      if (options.unusable == unusable_rows::refuse)
        throw numeric_error("row " + std::to_string(i) + ": found length " + std::to_string(lengths[i]) +
                            ", expected a positive finite one");
      ++plan.skipped;
      continue;
    }
    plan.weights.add(weight);
    if (all) continue;
    plan.factors[plan.rows.size()] = plan.factors[i];
    plan.rows.push_back(static_cast<index_t>(i));
  }
  if (!all) plan.factors.resize(plan.rows.size());
  return plan;
}

/// use(first, tile) for consecutive tiles of the planned rows, `tile_rows` each but the last; `first` counts
/// planned rows. Scratch: one tile.
template <class B, real T, class F>
void for_each_tile(context<B>& cx, matrix_view<const T, B::space> rows, const row_plan& plan, index_t tile_rows,
                   F&& use) {
  const index_t planned = plan.weights.rows;
  if (plan.factors.empty()) {
    for (index_t first = 0; first < planned; first += tile_rows)
      use(first, rows.middle_rows(first, std::min(tile_rows, planned - first)));
    return;
  }
  const scratch_matrix<T, B::space> tile(cx.scratch(), std::min(tile_rows, planned), rows.cols());
  std::vector<token_id> ids;
  std::vector<T> factors;
  for (index_t first = 0; first < planned; first += tile_rows) {
    const index_t count = std::min(tile_rows, planned - first);
    const index_t base = plan.row(first);
    ids.clear();
    factors.clear();
    for (index_t i = first; i < first + count; ++i) {
      ids.push_back(narrow<token_id>(plan.row(i) - base));
      factors.push_back(static_cast<T>(plan.factors[static_cast<std::size_t>(i)]));
    }
    const auto filled = tile.view().middle_rows(0, count);
    B::gather_rows(cx, rows.middle_rows(base, rows.rows() - base), ids, filled);
    B::scale_rows(cx, on_backend(cx, factors), filled);
    use(first, matrix_view<const T, B::space>(filled));
  }
}

}  // namespace prismatic
