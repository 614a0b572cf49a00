/// Rows with known clusters, and what the cluster tests ask of a labelling.
#pragma once

#include "support/numeric.hpp"

#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace test {

inline constexpr std::array both_metrics{cluster_metric::spherical, cluster_metric::euclidean};

/// Row i = direction i % groups (a standard normal vector) + noise.
template <class T>
matrix<T> planted(index_t rows, index_t groups, index_t cols, double noise, std::uint64_t seed = 1) {
  const matrix<T> directions = gaussian<T>(groups, cols, "directions", seed);
  matrix<T> out = gaussian<T>(rows, cols, "noise", seed);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < cols; ++j)
      out(i, j) = directions(i % groups, j) + static_cast<T>(noise) * out(i, j);
  return out;
}

/// Whether two labellings are the same partition under other names.
inline bool same_partition(std::span<const label_t> a, std::span<const label_t> b) {
  if (a.size() != b.size()) return false;
  std::set<std::pair<label_t, label_t>> pairs;
  std::set<label_t> left, right;
  for (std::size_t i = 0; i < a.size(); ++i) {
    pairs.emplace(a[i], b[i]);
    left.insert(a[i]);
    right.insert(b[i]);
  }
  return pairs.size() == left.size() && pairs.size() == right.size();
}

inline std::vector<label_t> cyclic_labels(index_t rows, index_t groups) {
  std::vector<label_t> labels;
  for (index_t i = 0; i < rows; ++i) labels.push_back(static_cast<label_t>(i % groups));
  return labels;
}

inline std::vector<index_t> sizes_of(std::span<const label_t> labels, index_t clusters) {
  std::vector<index_t> sizes(static_cast<std::size_t>(clusters));
  for (const label_t label : labels) ++sizes[static_cast<std::size_t>(label)];
  return sizes;
}

}  // namespace test
