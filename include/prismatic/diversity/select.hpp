/// Choosing m of n rows without looking at them: at random, or evenly over clusters.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prismatic {

/// Throws option_error unless 0 <= chosen <= rows.
inline void require_subset(index_t chosen, index_t rows, std::string_view who,
                           call_site at = call_site::here()) {
  if (0 <= chosen && chosen <= rows) return;
  throw option_error(std::string(who) + ": found " + std::to_string(chosen) +
                         " rows to choose, expected 0 to " + std::to_string(rows),
                     at);
}

/// m different indices out of [0, n), every ordered choice equally likely. O(n). Determinism: bitwise, a
/// function of (n, m, stream). @throws option_error  m is negative or above n
[[nodiscard]] inline std::vector<index_t> select_random(index_t n, index_t m, const random_stream& stream) {
  require_subset(m, n, "select_random");
  std::vector<index_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), index_t{0});
  for (index_t i = 0; i < m; ++i) {
    const index_t j = i + stream.below(static_cast<std::uint64_t>(i), n - i);
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  }
  order.resize(static_cast<std::size_t>(m));
  return order;
}

/// m rows, as evenly over clusters as their sizes allow: round after round takes one random row of each
/// cluster that has rows left. In the last, partial round each cluster has the same chance.
/// @param labels  the cluster of each row; any values
/// @return indices in the order they were taken
/// O(n log n). Determinism: bitwise, a function of (labels, m, stream).
/// @throws option_error  m is negative or above the number of labels
[[nodiscard]] inline std::vector<index_t> select_cluster_balanced(std::span<const label_t> labels, index_t m,
                                                                  const random_stream& stream) {
  const auto n = static_cast<index_t>(labels.size());
  require_subset(m, n, "select_cluster_balanced");
  struct turn {
    index_t round;
    std::uint64_t cluster;  // a random number for each cluster: the order within a round
    index_t row;
  };
  std::unordered_map<label_t, index_t> taken;
  std::vector<turn> turns;
  turns.reserve(labels.size());
  for (const index_t row : select_random(n, n, stream)) {
    const label_t label = labels[static_cast<std::size_t>(row)];
    const auto beyond_rows = static_cast<std::uint64_t>(n) + static_cast<std::uint32_t>(label);
    turns.push_back({taken[label]++, stream.bits(beyond_rows), row});
  }
  std::ranges::sort(turns, [](const turn& a, const turn& b) {
    return std::pair(a.round, a.cluster) < std::pair(b.round, b.cluster);
  });
  std::vector<index_t> chosen;
  for (index_t i = 0; i < m; ++i) chosen.push_back(turns[static_cast<std::size_t>(i)].row);
  return chosen;
}

}  // namespace prismatic
