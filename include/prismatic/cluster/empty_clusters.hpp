/// What happens to a cluster that has lost all its rows.
#pragma once

#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace prismatic {

/// Gives each empty cluster, in order, the row that fits its own cluster worst: the largest gap, the
/// smallest row among equals, never the last row of a cluster. Enough rows exist whenever there are at
/// least as many rows as clusters. Moving a row out to be its own centroid never worsens the objective:
/// the resultant of the rest shortens by at most the 1 that the row now adds (spherical), and its squared
/// distance becomes 0 (Euclidean).
///
/// @param labels  cluster of each row; changed in place, as are the sizes
/// @param gaps    how badly each row fits its cluster
/// Cost: n log n comparisons, once, however many clusters are empty.
inline void refill_empty_clusters(std::span<label_t> labels, std::span<index_t> sizes,
                                  std::span<const double> gaps) {
  std::vector<std::size_t> worst_first(labels.size());
  std::iota(worst_first.begin(), worst_first.end(), std::size_t{0});
  std::ranges::stable_sort(worst_first, [&](std::size_t a, std::size_t b) { return gaps[a] > gaps[b]; });
  // Clusters only shrink, so a row that cannot be spared now never can: one walk serves all.
  auto next = worst_first.begin();
  for (std::size_t j = 0; j < sizes.size(); ++j) {
    if (sizes[j] > 0) continue;
    const auto spare = [&](std::size_t i) { return sizes[static_cast<std::size_t>(labels[i])] > 1; };
    next = std::find_if(next, worst_first.end(), spare);
    if (next == worst_first.end()) return;
    --sizes[static_cast<std::size_t>(labels[*next])];
    labels[*next] = static_cast<label_t>(j);
    sizes[j] = 1;
  }
}

}  // namespace prismatic
