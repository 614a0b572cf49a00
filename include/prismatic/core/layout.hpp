/// Where the sequences of a packed batch begin and end. Sequences lie end to end, ragged: no padding.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace prismatic {

/// Rows [begin, end) of some matrix.
struct row_range {
  index_t begin;
  index_t end;
  [[nodiscard]] constexpr index_t size() const noexcept { return end - begin; }
  friend constexpr bool operator==(row_range, row_range) noexcept = default;
};

/// The row ranges of consecutive sequences: sequence s + 1 begins where sequence s ends.
class layout {
 public:
  layout() = default;

  /// @param lengths  rows of each sequence; an empty one is allowed
  explicit layout(std::span<const index_t> lengths) {
    ranges_.reserve(lengths.size());
    for (const index_t length : lengths) append(length);
  }
  layout(std::initializer_list<index_t> lengths)
      : layout(std::span<const index_t>(lengths.begin(), lengths.size())) {}

  /// Adds one more sequence at the end.
  void append(index_t length) { ranges_.push_back({rows(), checked_add(rows(), length, "layout rows")}); }

  [[nodiscard]] index_t sequences() const noexcept { return static_cast<index_t>(ranges_.size()); }
  [[nodiscard]] index_t rows() const noexcept { return ranges_.empty() ? 0 : ranges_.back().end; }
  [[nodiscard]] row_range operator[](index_t s) const noexcept { return ranges_[static_cast<std::size_t>(s)]; }
  [[nodiscard]] std::span<const row_range> ranges() const noexcept { return ranges_; }

  [[nodiscard]] index_t longest() const noexcept {
    index_t most = 0;
    for (const row_range r : ranges_) most = std::max(most, r.size());
    return most;
  }

  /// The layout of the same sequences when every row is split into `factor` rows (heads).
  [[nodiscard]] layout split(index_t factor) const {
    layout out = *this;
    for (row_range& r : out.ranges_) r = {r.begin * factor, r.end * factor};
    return out;
  }

  /// The layout of rows [begin, end) alone: every sequence keeps its number and what it has among them.
  [[nodiscard]] layout within(row_range rows) const {
    layout out;
    for (const row_range r : ranges_)
      out.append(std::max<index_t>(0, std::min(r.end, rows.end) - std::max(r.begin, rows.begin)));
    return out;
  }

  friend bool operator==(const layout&, const layout&) = default;

 private:
  std::vector<row_range> ranges_;
};

}  // namespace prismatic
