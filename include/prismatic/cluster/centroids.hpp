/// Centroids as means of their members: sums, lengths, and the term that turns a product into a distance.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// What `nearest` adds to <x, c_j>: nothing for the spherical metric, -|c_j|^2 / 2 for the Euclidean one.
template <class B, real T>
std::vector<T> centroid_bias(context<B>& cx, cluster_metric metric, matrix_view<const T, B::space> centroids) {
  if (metric == cluster_metric::spherical) return {};
  std::vector<T> bias(static_cast<std::size_t>(centroids.rows()));
  write_to_host(cx, std::span(bias), [&](vector_view<T, B::space> w) { B::row_dots(cx, centroids, centroids, w); });
  for (T& b : bias) b *= T(-0.5);
  return bias;
}

/// The verb `nearest` with bias, labels and scores on the host.
template <class B, real T>
void nearest_on_host(context<B>& cx, matrix_view<const T, B::space> rows, matrix_view<const T, B::space> centroids,
                     const std::vector<T>& bias, std::span<label_t> labels, std::span<T> scores) {
  write_to_host(cx, labels, [&](vector_view<label_t, B::space> found) {
    write_to_host(cx, scores, [&](vector_view<T, B::space> best) {
      B::nearest(cx, rows, centroids, on_backend(cx, bias), found, best);
    });
  });
}

/// A copy of centroids somebody gives, of unit length when the metric is spherical. One that is unit to
/// rounding stays as it is, so that a result of `kmeans` comes through unchanged.
/// @throws numeric_error  a centroid is not finite; spherical: it is zero
template <class B, real T>
matrix<T, B::space> given_centroids(context<B>& cx, cluster_metric metric, matrix_view<const T, B::space> given,
                                    std::string_view who) {
  matrix<T, B::space> centroids(given.rows(), given.cols());
  B::copy(cx, given, centroids.view());
  std::vector<T> factors(static_cast<std::size_t>(given.rows()));
  write_to_host(cx, std::span(factors), [&](vector_view<T, B::space> w) { B::row_norms(cx, given, w); });
  const T rounding = std::numeric_limits<T>::epsilon() * std::sqrt(static_cast<T>(given.cols())) * T{4};
  for (std::size_t j = 0; j < factors.size(); ++j) {
    if (!std::isfinite(factors[j]) || (metric == cluster_metric::spherical && factors[j] == T{0}))
      throw numeric_error(std::string(who) + ": centroid " + std::to_string(j) + ": found length " +
                          std::to_string(factors[j]) + ", expected a finite " +
                          (metric == cluster_metric::spherical ? "direction" : "point"));
    factors[j] = std::abs(factors[j] - T{1}) <= rounding ? T{1} : T{1} / factors[j];
  }
  if (metric == cluster_metric::spherical)
    B::scale_rows(cx, on_backend(cx, factors), centroids.view());
  return centroids;
}

/// Turns sums of the members of some clusters into their means: of unit length when the metric is spherical; one whose unit
/// members cancel (a sum within rounding of 0) takes the direction of its first one.
///
/// @param counts  members of each cluster, at least 1
/// @param sums    (clusters, d), changed in place
/// @param first   first(s): a member of cluster s
/// @return spherical: the length each sum had, 0 for those that cancelled
template <class B, real T, class First>
std::vector<double> means_of_sums(context<B>& cx, const clustered_rows<B, T>& rows, std::span<const index_t> counts,
                                  matrix_view<T, B::space> sums, First&& first) {
  std::vector<T> factors(counts.size());
  if (rows.metric() == cluster_metric::euclidean) {
    for (std::size_t s = 0; s < factors.size(); ++s) factors[s] = T{1} / static_cast<T>(counts[s]);
    B::scale_rows(cx, on_backend(cx, factors), sums);
    return {};
  }
  write_to_host(cx, std::span(factors), [&](vector_view<T, B::space> w) { B::row_norms(cx, sums, w); });
  std::vector<double> lengths(factors.begin(), factors.end());
  std::vector<token_id> cancelled, substitutes;
  for (std::size_t s = 0; s < factors.size(); ++s) {
    const bool cancels = factors[s] <= std::numeric_limits<T>::epsilon() * static_cast<T>(counts[s]);
    factors[s] = cancels ? T{0} : T{1} / factors[s];
    if (!cancels) continue;
    lengths[s] = 0;
    cancelled.push_back(static_cast<token_id>(s));
    substitutes.push_back(first(s));
  }
  B::scale_rows(cx, on_backend(cx, factors), sums);
  rows.for_blocks(cx, substitutes, [&](index_t begin, std::span<const token_id> part, const auto& block) {
    const auto slots = std::span(cancelled).subspan(static_cast<std::size_t>(begin), part.size());
    B::scatter_rows(cx, block, slots, sums);
  });
  return lengths;
}

/// The mean of each moved cluster's members (means_of_sums); the other centroids keep their bits. Members are summed in row
/// order, so a centroid is a function of its members alone.
///
/// Cost of an update: reads the members of the moved clusters once. Determinism: that of the row verbs.
template <class B, real T>
class cluster_means {
 public:
  explicit cluster_means(matrix<T, B::space> start)
      : centroids_(std::move(start)), resultants_(static_cast<std::size_t>(centroids_.rows())) {}

  [[nodiscard]] matrix_view<const T, B::space> centroids() const noexcept { return centroids_.view(); }
  [[nodiscard]] matrix<T, B::space> release() noexcept { return std::move(centroids_); }

  /// @param labels  a cluster for each row; every moved cluster has a member
  void update(context<B>& cx, const clustered_rows<B, T>& rows, std::span<const label_t> labels,
              std::span<const index_t> sizes, const std::vector<bool>& moved) {
    const std::vector<token_id> clusters = chosen(moved);
    const members of(labels, moved, clusters);
    const scratch_matrix<T, B::space> sums(cx.scratch(), static_cast<index_t>(clusters.size()), rows.cols());
    sums.zero();
    rows.for_blocks(cx, of.rows, [&](index_t first, std::span<const token_id> part, const auto& block) {
      const auto slots = std::span(of.slots).subspan(static_cast<std::size_t>(first), part.size());
      B::scatter_rows(cx, block, slots, sums.view());
    });
    std::vector<index_t> counts;
    for (const token_id j : clusters) counts.push_back(sizes[static_cast<std::size_t>(j)]);
    const std::vector<double> lengths = means_of_sums<B, T>(cx, rows, counts, sums.view(), [&](std::size_t s) { return of.first[s]; });
    for (std::size_t s = 0; s < lengths.size(); ++s) resultants_[static_cast<std::size_t>(clusters[s])] = lengths[s];
    replace(cx, moved, clusters, sums.view());
  }

  /// Spherical: the mean cosine of rows to their centroids, sum_j |S_j| / n. Euclidean: the inertia, the
  /// sum of squared distances, from differences (no cancellation).
  [[nodiscard]] double objective(context<B>& cx, const clustered_rows<B, T>& rows,
                                 std::span<const label_t> labels) const {
    if (rows.metric() == cluster_metric::spherical)
      return std::accumulate(resultants_.begin(), resultants_.end(), 0.0) / static_cast<double>(rows.size());
    std::vector<token_id> all(labels.size());
    std::iota(all.begin(), all.end(), token_id{0});
    double sum = 0;
    std::vector<T> squares;
    rows.for_blocks(cx, all, [&](index_t first, std::span<const token_id> part, const auto& block) {
      const index_t count = static_cast<index_t>(part.size());
      const scratch_matrix<T, B::space> own(cx.scratch(), count, rows.cols());
      B::gather_rows(cx, centroids(), labels.subspan(static_cast<std::size_t>(first), part.size()), own.view());
      B::axpy(cx, T{-1}, own, block);
      squares.resize(part.size());
      write_to_host(cx, std::span(squares), [&](vector_view<T, B::space> w) { B::row_dots(cx, block, block, w); });
      for (const T square : squares) sum += static_cast<double>(square);
    });
    return sum;
  }

 private:
  // The rows of the moved clusters, in order, and the place of each row's cluster among the moved ones.
  struct members {
    std::vector<token_id> rows;
    std::vector<token_id> slots;
    std::vector<token_id> first;  // the first member of each moved cluster

    members(std::span<const label_t> labels, const std::vector<bool>& moved,
            const std::vector<token_id>& clusters)
        : first(clusters.size(), token_id{-1}) {
      std::vector<token_id> slot_of(moved.size(), token_id{-1});
      for (std::size_t s = 0; s < clusters.size(); ++s)
        slot_of[static_cast<std::size_t>(clusters[s])] = static_cast<token_id>(s);
      for (std::size_t i = 0; i < labels.size(); ++i) {
        const token_id slot = slot_of[static_cast<std::size_t>(labels[i])];
        if (slot < 0) continue;
        rows.push_back(static_cast<token_id>(i));
        slots.push_back(slot);
        token_id& earliest = first[static_cast<std::size_t>(slot)];
        if (earliest < 0) earliest = static_cast<token_id>(i);
      }
    }
  };

  static std::vector<token_id> chosen(const std::vector<bool>& moved) {
    std::vector<token_id> ids;
    for (std::size_t j = 0; j < moved.size(); ++j)
      if (moved[j]) ids.push_back(static_cast<token_id>(j));
    return ids;
  }

  void replace(context<B>& cx, const std::vector<bool>& moved, const std::vector<token_id>& clusters,
               matrix_view<const T, B::space> means) {
    std::vector<T> keep(moved.size());
    for (std::size_t j = 0; j < keep.size(); ++j) keep[j] = moved[j] ? T{0} : T{1};
    B::scale_rows(cx, on_backend(cx, keep), centroids_.view());
    B::scatter_rows(cx, means, clusters, centroids_.view());
  }

  matrix<T, B::space> centroids_;
  std::vector<double> resultants_;  // |sum of the members| of each cluster (spherical)
};

}  // namespace prismatic
