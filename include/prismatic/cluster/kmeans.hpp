/// k-means: the Lloyd iteration, spherical (the paper's) or Euclidean.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/cluster/remembered_clusters.hpp>
#include <prismatic/cluster/resident_clusters.hpp>
#include <prismatic/cluster/seeding.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct kmeans_options {
  index_t clusters = 0;  ///< k, 1 ... rows; 0 with given centroids: as many as these
  int iterations = 20;   ///< at most; fewer once no row changes its cluster
  cluster_metric metric = cluster_metric::spherical;
  kmeans_start start = kmeans_start::first_k;  ///< not used with given centroids
  bool rows_are_unit = false;                  ///< spherical: rows have length 1 already
  progress report = {};                        ///< told of each iteration as stage "k-means"
};

template <real T, memory Space = memory::host>
struct kmeans_result {
  matrix<T, Space> centroids;   ///< (k, d): the mean of each cluster's rows, of unit length when spherical
  std::vector<label_t> labels;  ///< cluster of each row
  std::vector<index_t> sizes;   ///< rows of each cluster, at least 1
  double objective = 0;         ///< mean cosine to the own centroid (spherical); sum of squared distances
  int iterations = 0;           ///< passes that changed a label
  bool converged = false;       ///< a further iteration would change nothing
  std::vector<double> history;  ///< the objective after each of these passes
};

namespace detail {

inline void require_usable(const kmeans_options& options, index_t clusters, index_t rows) {
  require_option(options.iterations >= 1,
                 "kmeans: found " + std::to_string(options.iterations) + " iterations, expected at least 1");
  require_option(clusters >= 1 && clusters <= rows, "kmeans: found " + std::to_string(clusters) +
                                                        " clusters, expected 1 ... " + std::to_string(rows) +
                                                        " (the number of rows)");
}

/// Where labels stay: with the rows if the backend can do with them there what has to be done.
template <class B, class T>
struct clusters_of {
  using type = remembered_clusters<B, T>;
};
template <class B, class T>
  requires groups_rows<B, T>
struct clusters_of<B, T> {
  using type = resident_clusters<B, T>;
};

/// Assignment and update in turn, from `start`, until nothing changes or the iterations are used up.
template <class B, real T>
kmeans_result<T, B::space> lloyd(context<B>& cx, const clustered_rows<B, T>& rows, matrix<T, B::space> start,
                                 const kmeans_options& options) {
  kmeans_result<T, B::space> out;
  typename clusters_of<B, T>::type clusters(cx, rows, std::move(start));
  for (; out.iterations < options.iterations; ++out.iterations) {
    options.report("k-means", out.iterations, options.iterations);
    out.converged = !clusters.assign(cx);
    if (out.converged) break;
    clusters.move(cx);
    out.objective = clusters.objective(cx);
    if (!std::isfinite(out.objective))
      throw numeric_error("kmeans: iteration " + std::to_string(out.iterations + 1) +
                          ": found an objective that is not finite, expected a number");
    out.history.push_back(out.objective);
  }
  out.labels = clusters.labels();
  out.sizes = clusters.sizes();
  out.centroids = clusters.release();
  return out;
}

}  // namespace detail

/// k-means from centroids that are given: a warm start. Where options.clusters asks for more, the others are rows drawn
/// as k-means++ draws them after the given ones, by the stream "k-means/warm start" of the context's seed.
///
/// @param rows     (n, d), n >= k
/// @param initial  (k' <= k, d), k' >= 1; normalised when the metric is spherical
/// @throws shape_error    another number of columns, or more centroids than options.clusters says
/// @throws as the other overload
template <class B, viewable Rows, viewable Initial>
[[nodiscard]] kmeans_result<scalar_of<Rows>, B::space> kmeans(context<B>& cx, const Rows& rows,
                                                              const Initial& initial,
                                                              const kmeans_options& options) {
  using T = scalar_of<Rows>;
  const matrix_view<const T, B::space> given{matrix_view(initial)};
  const clustered_rows<B, T> points(cx, matrix_view(rows), options.metric, options.rows_are_unit, "kmeans");
  require_equal(given.cols(), points.cols(), "kmeans: columns of the initial centroids");
  const index_t k = options.clusters == 0 ? given.rows() : options.clusters;
  if (given.rows() > k)
    throw shape_error("kmeans: found " + std::to_string(given.rows()) + " initial centroids, expected at most " +
                      std::to_string(k));
  detail::require_usable(options, k, points.size());
  matrix<T, B::space> start = given_centroids<B, T>(cx, options.metric, given, "kmeans");
  if (k > given.rows()) {
    chosen_rows<B, T> others(points, {});
    others.cover(cx, start.view());
    others.sample_until(cx, k - given.rows(), random_stream(cx.seed(), "k-means/warm start"));
    matrix<T, B::space> all(k, points.cols());
    B::copy(cx, start.view(), all.view().middle_rows(0, given.rows()));
    points.gather(cx, others.ids(), all.view().middle_rows(given.rows(), k - given.rows()));
    start = std::move(all);
  }
  return detail::lloyd(cx, points, std::move(start), options);
}

/// k-means of the rows: Lloyd's iteration [Lloyd 1982], with unit rows and centroids for the spherical
/// metric [Dhillon & Modha 2001].
///
///   spherical: maximise sum_i cos(x_i, c_l(i)) / n      Euclidean: minimise sum_i |x_i - c_l(i)|^2
///
/// Each iteration assigns every row to its nearest centroid (the smallest index of a tie), gives each
/// cluster that came out empty the worst-fitting row, then moves centroids to the mean of their rows. The
/// objective never worsens but by rounding. On the CPU pairs that cannot have changed are skipped (nearest_memory says
/// how exactly), and the iteration ends when no row changes its cluster: neither changes the result.
///
/// @param rows  (n, d), d >= 1; never copied
/// @throws option_error   clusters outside 1 ... n, or no iterations
/// @throws shape_error    no columns
/// @throws numeric_error  a row is not finite; spherical: a row is zero, or not unit though rows_are_unit
/// Cost: at most 2 n k d FLOP an iteration, as a rule a small part of it; reads the rows up to twice.
/// Scratch: k d elements and 20 MB.
/// Determinism: bitwise for a seed and any thread count where the backend's verbs are.
template <class B, viewable Rows>
[[nodiscard]] kmeans_result<scalar_of<Rows>, B::space> kmeans(context<B>& cx, const Rows& rows,
                                                              const kmeans_options& options) {
  using T = scalar_of<Rows>;
  const clustered_rows<B, T> points(cx, matrix_view(rows), options.metric, options.rows_are_unit, "kmeans");
  detail::require_usable(options, options.clusters, points.size());
  matrix<T, B::space> start(options.clusters, points.cols());
  points.gather(cx, starting_rows(cx, points, options.clusters, options.start), start.view());
  return detail::lloyd(cx, points, std::move(start), options);
}

}  // namespace prismatic
