/// The clusters of a k-means whose labels and scores stay in the backend's memory.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/cluster/empty_clusters.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

/// Backends that put rows in the order of their labels, and add them up so (backend/thrust/groups.hpp).
template <class B, class T>
concept groups_rows =
    requires(context<B>& cx, vector_view<const label_t, B::space> labels, vector_view<token_id, B::space> order,
             vector_view<index_t, B::space> begins, std::span<const index_t> at, matrix_view<const T, B::space> x,
             vector_view<const T, B::space> factors, matrix_view<T, B::space> c, vector_view<T, B::space> w) {
      B::group_rows(cx, labels, order, begins);
      B::template sum_groups<T>(cx, x, factors, order, at, c);
      B::template group_distances<T>(cx, x, x, labels, w);
      { B::same_labels(cx, labels, labels) } -> std::same_as<bool>;
    };

/// As remembered_clusters, with full passes: of an iteration the host sees k sizes and lengths, and for the Euclidean metric n
/// distances; labels and scores come to it when a cluster has lost all its rows, and labels at the end.
/// Cost of an iteration: 2 n k d FLOP; rows are read by `nearest` and once more for the means. 20 bytes a row held.
template <class B, real T>
  requires groups_rows<B, T>
class resident_clusters {
  static constexpr memory space = B::space;

 public:
  /// The rows stay where they are, and must outlive this.
  resident_clusters(context<B>&, const clustered_rows<B, T>& rows, matrix<T, space> start)
      : rows_(rows),
        centroids_(std::move(start)),
        factors_(moved_to<space>(rows.factors())),
        labels_(1, rows.size()),
        before_(1, rows.size()),
        order_(1, rows.size()),
        scores_(1, rows.size()),
        begins_on_device_(1, centroids_.rows() + 1),
        begins_(static_cast<std::size_t>(centroids_.rows() + 1)),
        sizes_(static_cast<std::size_t>(centroids_.rows())) {}

  /// Every row to its nearest centroid, the worst-fitting ones to clusters that came out empty. False if no row changed its
  /// cluster.
  bool assign(context<B>& cx) {
    std::swap(labels_, before_);
    const std::vector<T> bias = centroid_bias<B, T>(cx, rows_.metric(), centroids_.view());
    B::nearest(cx, rows_.view(), centroids_.view(), on_backend(cx, bias), labels_.flat(), scores_.flat());
    group(cx);
    if (std::ranges::find(sizes_, 0) != sizes_.end()) refill(cx);
    return !std::exchange(assigned_, true) || !B::same_labels(cx, labels_.flat(), before_.flat());
  }

  /// Every centroid to the mean of its members.
  void move(context<B>& cx) {
    B::template sum_groups<T>(cx, rows_.view(), factors_.flat(), order_.flat(), begins_, centroids_.view());
    const auto first = [&](std::size_t j) {
      return copy_to_host(matrix_view<const token_id, space>(order_.data() + begins_[j], 1, 1))(0, 0);
    };
    resultants_ = means_of_sums<B, T>(cx, rows_, sizes_, centroids_.view(), first);
  }

  [[nodiscard]] double objective(context<B>& cx) const {
    if (rows_.metric() == cluster_metric::spherical)
      return std::accumulate(resultants_.begin(), resultants_.end(), 0.0) / static_cast<double>(rows_.size());
    std::vector<T> distances(static_cast<std::size_t>(rows_.size()));
    write_to_host(cx, std::span(distances), [&](vector_view<T, space> w) {
      B::template group_distances<T>(cx, rows_.view(), centroids_.view(), labels_.flat(), w);
    });
    return std::accumulate(distances.begin(), distances.end(), 0.0);
  }

  [[nodiscard]] const std::vector<index_t>& sizes() const noexcept { return sizes_; }
  [[nodiscard]] std::vector<label_t> labels() const {
    const matrix<label_t> found = copy_to_host(labels_.view());
    return {found.data(), found.data() + found.size()};
  }
  [[nodiscard]] matrix<T, space> release() noexcept { return std::move(centroids_); }

 private:
  void group(context<B>& cx) {
    B::group_rows(cx, labels_.flat(), order_.flat(), begins_on_device_.flat());
    copy_to_host(begins_on_device_.view(), matrix_view<index_t>(begins_.data(), 1, static_cast<index_t>(begins_.size())));
    for (std::size_t j = 0; j < sizes_.size(); ++j) sizes_[j] = begins_[j + 1] - begins_[j];
  }

  void refill(context<B>& cx) {
    std::vector<label_t> labels = this->labels();
    const matrix<T> scores = copy_to_host(scores_.view());
    refill_empty_clusters(labels, sizes_, gaps_of(rows_, std::span(scores.data(), labels.size())));
    copy_from_host(matrix_view<const label_t>(labels.data(), 1, labels_.cols()), labels_.view());
    group(cx);
  }

  const clustered_rows<B, T>& rows_;
  matrix<T, space> centroids_;
  matrix<T, space> factors_;  // that bring rows to unit length, or none
  matrix<label_t, space> labels_, before_;
  matrix<token_id, space> order_;
  matrix<T, space> scores_;
  matrix<index_t, space> begins_on_device_;
  std::vector<index_t> begins_, sizes_;
  std::vector<double> resultants_;
  bool assigned_ = false;
};

}  // namespace prismatic
