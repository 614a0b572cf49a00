/// Which clusters are sparse: the ones that new samples are wanted for.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// What `fraction` is a fraction of.
enum class sparse_rule : std::uint8_t {
  fraction_of_clusters,  ///< of the clusters [Jung et al. 2025: the smallest half]
  fraction_of_mass       ///< of the rows: the smallest clusters that hold at most that many together
};

struct sparse_options {
  sparse_rule rule = sparse_rule::fraction_of_clusters;
  double fraction = 0.5;  ///< 0 ... 1
};

/// For each cluster, whether it is sparse. Clusters are taken by size, smallest first, the smaller index
/// of a tie first, until floor(fraction k) are taken (fraction_of_clusters), or the next one would bring
/// their rows above fraction n (fraction_of_mass).
///
/// @param sizes  rows of each cluster; k of them, n rows in all
/// @throws option_error  a fraction outside 0 ... 1
/// @throws size_error    a negative size
inline std::vector<bool> sparse_clusters(std::span<const index_t> sizes, const sparse_options& options = {}) {
  require_option(options.fraction >= 0 && options.fraction <= 1,
                 "sparse_clusters: found fraction " + std::to_string(options.fraction) + ", expected 0 ... 1");
  for (std::size_t j = 0; j < sizes.size(); ++j)
    if (sizes[j] < 0)
      throw size_error("sparse_clusters: cluster " + std::to_string(j) + ": found " + std::to_string(sizes[j]) +
                       " rows, expected at least 0");

  std::vector<std::size_t> smallest_first(sizes.size());
  std::iota(smallest_first.begin(), smallest_first.end(), std::size_t{0});
  std::ranges::stable_sort(smallest_first, [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });

  const bool by_mass = options.rule == sparse_rule::fraction_of_mass;
  const index_t whole =
      by_mass ? std::accumulate(sizes.begin(), sizes.end(), index_t{0}) : static_cast<index_t>(sizes.size());
  // 0.29 * 100 is 28.999999999999996: a product within rounding of a whole number means that number.
  const double product = options.fraction * static_cast<double>(whole);
  const auto allowed = static_cast<index_t>(std::floor(product * (1 + 1e-12)));

  std::vector<bool> sparse(sizes.size());
  index_t taken = 0;
  for (const std::size_t j : smallest_first) {
    taken += by_mass ? sizes[j] : 1;
    if (taken > allowed) break;
    sparse[j] = true;
  }
  return sparse;
}

}  // namespace prismatic
