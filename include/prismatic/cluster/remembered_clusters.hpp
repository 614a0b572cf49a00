/// The clusters of a k-means on the host: passes compare only what has changed, and centroids move only if their members did.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/cluster/empty_clusters.hpp>
#include <prismatic/cluster/nearest_memory.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

/// Labels and scores lie on the host. Determinism: that of the verbs.
template <class B, real T>
class remembered_clusters {
 public:
  /// The rows stay where they are, and must outlive this.
  remembered_clusters(context<B>&, const clustered_rows<B, T>& rows, matrix<T, B::space> start)
      : rows_(rows),
        labels_(static_cast<std::size_t>(rows.size()), label_t{-1}),
        moved_(static_cast<std::size_t>(start.rows()), true),
        means_(std::move(start)),
        nearest_(rows.size()) {}

  /// Every row to its nearest centroid, the worst-fitting ones to clusters that came out empty. False if no row changed its
  /// cluster.
  bool assign(context<B>& cx) {
    const std::vector<T> bias = centroid_bias<B, T>(cx, rows_.metric(), means_.centroids());
    nearest_.update(cx, rows_.view(), means_.centroids(), bias, moved_);
    std::vector<label_t> labels(nearest_.labels().begin(), nearest_.labels().end());
    sizes_.assign(moved_.size(), 0);
    for (const label_t label : labels) ++sizes_[static_cast<std::size_t>(label)];
    if (std::ranges::find(sizes_, 0) != sizes_.end())
      refill_empty_clusters(labels, sizes_, gaps_of(rows_, nearest_.scores()));

    // A centroid is a function of its members, so it moves only if they change.
    moved_.assign(moved_.size(), false);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == labels_[i]) continue;
      moved_[static_cast<std::size_t>(labels[i])] = true;
      if (labels_[i] >= 0) moved_[static_cast<std::size_t>(labels_[i])] = true;
    }
    labels_ = std::move(labels);
    return std::ranges::find(moved_, true) != moved_.end();
  }

  /// Every centroid to the mean of its members.
  void move(context<B>& cx) { means_.update(cx, rows_, labels_, sizes_, moved_); }

  [[nodiscard]] double objective(context<B>& cx) const { return means_.objective(cx, rows_, labels_); }
  [[nodiscard]] const std::vector<index_t>& sizes() const noexcept { return sizes_; }
  [[nodiscard]] std::vector<label_t> labels() const { return labels_; }
  [[nodiscard]] matrix<T, B::space> release() noexcept { return means_.release(); }

 private:
  const clustered_rows<B, T>& rows_;
  std::vector<label_t> labels_;
  std::vector<index_t> sizes_;
  std::vector<bool> moved_;
  cluster_means<B, T> means_;
  nearest_memory<B, T> nearest_;
};

}  // namespace prismatic
