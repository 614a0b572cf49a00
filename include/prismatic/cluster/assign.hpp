/// Which centroid each row belongs to: one exact pass for rows that take no part in the clustering.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <vector>

namespace prismatic {

struct assign_options {
  cluster_metric metric = cluster_metric::spherical;  ///< that of the clustering
  bool rows_are_unit = false;                         ///< spherical: rows have length 1 already
};

template <real T>
struct assignment {
  std::vector<label_t> labels;  ///< nearest centroid, the smallest index of a tie
  std::vector<T> similarities;  ///< cosine to it (spherical), minus the squared distance (Euclidean)
};

/// The nearest centroid of each row: argmax_j cos(x, c_j), or argmin_j |x - c_j|^2.
///
/// @param rows       (n, d), n >= 0
/// @param centroids  (k, d), k >= 1; lengths do not matter to the spherical metric
/// @throws shape_error    no centroids, no columns, or different numbers of columns
/// @throws numeric_error  a row or centroid is not finite; spherical: one is zero
/// Cost: 2 n k d FLOP. Determinism: that of the verb `nearest`.
template <class B, viewable Rows, viewable Centroids>
[[nodiscard]] assignment<scalar_of<Rows>> assign(context<B>& cx, const Rows& rows, const Centroids& centroids,
                                                 const assign_options& options = {}) {
  using T = scalar_of<Rows>;
  const matrix_view<const T, B::space> given{matrix_view(centroids)};
  const clustered_rows<B, T> points(cx, matrix_view(rows), options.metric, options.rows_are_unit, "assign");
  require_equal(given.cols(), points.cols(), "assign: columns of the centroids");
  if (given.rows() < 1) throw shape_error("assign: found 0 centroids, expected at least 1");

  const auto means = given_centroids<B, T>(cx, options.metric, given, "assign");
  const std::vector<T> bias = centroid_bias<B, T>(cx, options.metric, means.view());
  assignment<T> out;
  out.labels.resize(static_cast<std::size_t>(points.size()));
  out.similarities.resize(out.labels.size());
  nearest_on_host<B, T>(cx, points.view(), means.view(), bias, std::span(out.labels), std::span(out.similarities));
  for (index_t i = 0; i < points.size(); ++i) {
    T& similarity = out.similarities[static_cast<std::size_t>(i)];
    const double gap = points.gap(i, similarity);
    similarity = static_cast<T>(options.metric == cluster_metric::spherical ? 1.0 - gap : -gap);
  }
  return out;
}

}  // namespace prismatic
