/// Which candidates a round keeps: the decisions, pure functions of rows.
#pragma once

#include <prismatic/cluster/assign.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/cluster/sparse.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/surprisal.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

namespace prismatic {

/// Who may enter the pool.
enum class filter_rule : std::uint8_t {
  sparse_clusters,  ///< the paper's: candidates whose nearest cluster is sparse
  surprisal,        ///< the candidates that add most entropy to the pool
  none,             ///< everybody: the control
};

/// The names of the rules, in the order of the enumeration.
inline constexpr std::string_view filter_rule_names[] = {"sparse-clusters", "surprisal", "none"};

struct filter_options {
  filter_rule rule = filter_rule::sparse_clusters;
  index_t rows_per_cluster = 10;   ///< k = pool / this
  int iterations = 20;             ///< of k-means
  sparse_options sparse = {};      ///< what counts as a sparse cluster
  double surprisal_share = 0.35;   ///< surprisal: the share of each round's candidates that is kept
};

/// The pool's clusters at the start of a round.
template <class T, memory Space = memory::host>
struct pool_clusters {
  kmeans_result<T, Space> means;
  std::vector<bool> sparse;  ///< by cluster
};

/// Spherical k-means of the pool with k = rows / rows_per_cluster, two at least, so that one can be sparse,
/// and which clusters are
/// [Jung et al. 2025, arXiv:2505.20161, section 4].
/// @param before  the centroids (k' <= k, d) of the pool's clusters when it was smaller, to start from, or none
/// @throws as kmeans
template <class B, viewable Rows>
[[nodiscard]] pool_clusters<scalar_of<Rows>, B::space> cluster_pool(context<B>& cx, const Rows& rows,
                                                                    const filter_options& options,
                                                                    input_matrix<scalar_of<Rows>, B::space> before = {}) {
  const index_t n = matrix_view(rows).rows(), k = std::min(n, std::max<index_t>(2, n / options.rows_per_cluster));
  const kmeans_options how{.clusters = k, .iterations = options.iterations, .start = kmeans_start::plus_plus};
  pool_clusters<scalar_of<Rows>, B::space> out{before.rows() == 0 ? kmeans(cx, rows, how) : kmeans(cx, rows, before, how), {}};
  out.sparse = sparse_clusters(out.means.sizes, options.sparse);
  return out;
}

/// What became of each candidate.
struct filter_result {
  std::vector<bool> keep;
  std::vector<label_t> clusters;   ///< nearest cluster of the pool
  std::vector<bool> in_sparse;     ///< whether that cluster is sparse
  std::vector<double> surprisals;  ///< nats, under the pool's covariance
};

/// Judges the candidates by the pool alone, all at once: no candidate's fate depends on another's, but for
/// the surprisal rule's share. Ties go to the earlier candidate.
/// @param pool, candidates  (n, d) and (m, d) rows; zero rows are refused (numeric_error)
/// Cost: 2 m k d FLOP for the clusters, n d^2 + 10 d^3 + 2 m d^2 for the surprisals.
template <class B, viewable Pool, viewable Candidates>
[[nodiscard]] filter_result filter_candidates(context<B>& cx, const Pool& pool,
                                              const pool_clusters<scalar_of<Pool>, B::space>& clusters,
                                              const Candidates& candidates, const filter_options& options) {
  using T = scalar_of<Pool>;
  const matrix_view<const T, B::space> z{matrix_view(pool)}, fresh{matrix_view(candidates)};
  const auto count = static_cast<std::size_t>(fresh.rows());
  filter_result out;
  out.surprisals.resize(count);
  if (count == 0) return out;
  out.clusters = assign(cx, fresh, clusters.means.centroids).labels;
  for (const label_t cluster : out.clusters) out.in_sparse.push_back(clusters.sparse[static_cast<std::size_t>(cluster)]);

  covariance_accumulator<B, T> sums(z.cols());
  sums.add(cx, z);
  surprisal_model<B, T>(cx, sums).score(cx, fresh, out.surprisals);

  switch (options.rule) {
    case filter_rule::sparse_clusters: out.keep = out.in_sparse; break;
    case filter_rule::none: out.keep.assign(count, true); break;
    case filter_rule::surprisal: {
      std::vector<std::size_t> order(count);
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return out.surprisals[a] > out.surprisals[b]; });
      order.resize(static_cast<std::size_t>(std::llround(options.surprisal_share * static_cast<double>(count))));
      out.keep.assign(count, false);
      for (const std::size_t i : order) out.keep[i] = true;
    }
  }
  return out;
}

}  // namespace prismatic
