/// k-means as the textbook has it: every pair, every iteration, in double, no short cuts.
#pragma once

#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace test::oracle {

using namespace prismatic;

struct clustering {
  matrix<double> centroids;
  std::vector<label_t> labels;
  std::vector<double> history;  // the objective after each iteration
};

inline double dot(const double* a, const double* b, index_t d) {
  double sum = 0;
  for (index_t j = 0; j < d; ++j) sum += a[j] * b[j];
  return sum;
}

inline void normalise(matrix<double>& m) {
  for (index_t i = 0; i < m.rows(); ++i) {
    const double length = std::sqrt(dot(m.view().row(i), m.view().row(i), m.cols()));
    for (index_t j = 0; j < m.cols(); ++j) m(i, j) /= length;
  }
}

// 1 - cosine of unit vectors, or the squared distance.
inline double gap(const double* x, const double* c, index_t d, cluster_metric metric) {
  if (metric == cluster_metric::spherical) return 1 - dot(x, c, d);
  double sum = 0;
  for (index_t j = 0; j < d; ++j) sum += (x[j] - c[j]) * (x[j] - c[j]);
  return sum;
}

inline double objective(const matrix<double>& x, const matrix<double>& c, const std::vector<label_t>& labels,
                        cluster_metric metric) {
  double sum = 0;
  for (index_t i = 0; i < x.rows(); ++i) {
    const double g = gap(x.view().row(i), c.view().row(labels[static_cast<std::size_t>(i)]), x.cols(), metric);
    sum += metric == cluster_metric::spherical ? (1 - g) / static_cast<double>(x.rows()) : g;
  }
  return sum;
}

/// `iterations` full Lloyd iterations. Spherical: rows and centroids are normalised first.
inline clustering lloyd(matrix<double> x, matrix<double> start, int iterations, cluster_metric metric) {
  const index_t n = x.rows(), k = start.rows(), d = x.cols();
  if (metric == cluster_metric::spherical) {
    normalise(x);
    normalise(start);
  }
  clustering out{std::move(start), std::vector<label_t>(static_cast<std::size_t>(n)), {}};
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::vector<double> gaps(static_cast<std::size_t>(n), std::numeric_limits<double>::infinity());
    std::vector<index_t> sizes(static_cast<std::size_t>(k));
    for (index_t i = 0; i < n; ++i) {
      const auto row = static_cast<std::size_t>(i);
      for (index_t j = 0; j < k; ++j) {
        const double g = gap(x.view().row(i), out.centroids.view().row(j), d, metric);
        if (g >= gaps[row]) continue;
        gaps[row] = g;
        out.labels[row] = static_cast<label_t>(j);
      }
      ++sizes[static_cast<std::size_t>(out.labels[row])];
    }
    for (std::size_t j = 0; j < sizes.size(); ++j) {  // an empty cluster takes the worst-fitting row
      if (sizes[j] > 0) continue;
      std::size_t worst = 0;
      double widest = -1;
      for (std::size_t i = 0; i < gaps.size(); ++i)
        if (sizes[static_cast<std::size_t>(out.labels[i])] > 1 && gaps[i] > widest) {
          widest = gaps[i];
          worst = i;
        }
      --sizes[static_cast<std::size_t>(out.labels[worst])];
      out.labels[worst] = static_cast<label_t>(j);
      sizes[j] = 1;
    }
    for (index_t j = 0; j < k; ++j) {
      for (index_t c = 0; c < d; ++c) out.centroids(j, c) = 0;
      for (index_t i = 0; i < n; ++i)
        if (out.labels[static_cast<std::size_t>(i)] == j)
          for (index_t c = 0; c < d; ++c)
            out.centroids(j, c) += x(i, c) / static_cast<double>(sizes[static_cast<std::size_t>(j)]);
    }
    if (metric == cluster_metric::spherical) normalise(out.centroids);
    out.history.push_back(objective(x, out.centroids, out.labels, metric));
  }
  return out;
}

}  // namespace test::oracle
