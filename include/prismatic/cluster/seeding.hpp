/// Which rows a clustering starts from: the first, k-means++, or k-means||.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/cluster/centroids.hpp>
#include <prismatic/cluster/clustered_rows.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

/// How the first centroids are chosen among the rows.
enum class kmeans_start : std::uint8_t {
  first_k,    ///< rows 0 ... k - 1
  plus_plus,  ///< one after another with probability proportional to the gap [Arthur & Vassilvitskii 2007]
  parallel    ///< k-means||: about 2k at a time, five times, reduced to k [Bahmani et al. 2012]
};

/// Rows chosen so far, and the gap of every row to the nearest of them. A gap is proportional to the
/// squared distance, the D^2 of both papers (|x - c|^2 = 2 (1 - cos) between unit vectors).
template <class B, real T>
class chosen_rows {
 public:
  /// @param weights  how much each row counts, or none for 1 each
  chosen_rows(const clustered_rows<B, T>& rows, std::vector<double> weights)
      : rows_(rows),
        weights_(std::move(weights)),
        gaps_(static_cast<std::size_t>(rows.size()), std::numeric_limits<double>::infinity()),
        owners_(gaps_.size(), 0) {}

  [[nodiscard]] const std::vector<token_id>& ids() const noexcept { return ids_; }
  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(ids_.size()); }

  /// Chooses these rows too. 2 n d |picks| FLOP.
  void add(context<B>& cx, std::span<const token_id> picks) {
    if (picks.empty()) return;
    const scratch_matrix<T, B::space> block(cx.scratch(), static_cast<index_t>(picks.size()), rows_.cols());
    rows_.gather(cx, picks, block.view());
    const std::vector<T> bias = centroid_bias<B, T>(cx, rows_.metric(), block.view());
    std::vector<label_t> labels(gaps_.size());
    std::vector<T> scores(gaps_.size());
    nearest_on_host<B, T>(cx, rows_.view(), block.view(), bias, std::span(labels), std::span(scores));
    for (std::size_t i = 0; i < gaps_.size(); ++i) {
      const double gap = rows_.gap(static_cast<index_t>(i), scores[i]);
      if (gap >= gaps_[i]) continue;
      gaps_[i] = gap;
      owners_[i] = static_cast<std::size_t>(size()) + static_cast<std::size_t>(labels[i]);
    }
    for (const token_id pick : picks) gaps_[static_cast<std::size_t>(pick)] = 0;  // no rounding
    ids_.insert(ids_.end(), picks.begin(), picks.end());
  }

  /// Chooses by D^2 sampling until k rows are chosen; rows that cannot be drawn (gap 0: duplicates) come
  /// last, in order.
  ///
  /// Exact although rows are drawn in batches: a row drawn from the gaps before the batch is kept with
  /// probability (gap now) / (gap then), which makes it a draw from the gaps now. So the rows are read
  /// once a batch, not once a centroid. 2 n d k FLOP.
  void sample_until(context<B>& cx, index_t k, const random_stream& random) {
    std::uint64_t draw = 0;
    while (size() < k) {
      const std::vector<double> sums = cumulative();
      if (!(sums.back() > 0)) return add(cx, lowest_unchosen(k - size()));
      std::vector<token_id> drawn;
      const index_t wanted = ids_.empty() ? 1 : std::min(batch, k - size());
      for (index_t t = 0; t < wanted; ++t) drawn.push_back(locate(sums, random.uniform(draw++)));
      add(cx, kept(cx, drawn, random, draw));
      draw += static_cast<std::uint64_t>(wanted);
    }
  }

  /// One round of k-means||: each row joins with probability min(1, expected * gap / sum of gaps).
  void sample_round(context<B>& cx, double expected, const random_stream& random, std::uint64_t round) {
    const double total = std::accumulate(gaps_.begin(), gaps_.end(), 0.0);
    std::vector<token_id> picks;
    for (std::size_t i = 0; i < gaps_.size(); ++i)
      if (random.uniform(round * gaps_.size() + i) * total < expected * gaps_[i])
        picks.push_back(static_cast<token_id>(i));
    add(cx, picks);
  }

  /// How many rows each chosen row is the nearest to.
  [[nodiscard]] std::vector<double> followers() const {
    std::vector<double> counts(ids_.size());
    for (const std::size_t owner : owners_) counts[owner] += 1;
    return counts;
  }

 private:
  static constexpr index_t batch = 64;

  // Running sums of the weighted gaps; before the first choice every row has the same gap.
  [[nodiscard]] std::vector<double> cumulative() const {
    std::vector<double> sums(gaps_.size());
    double sum = 0;
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = sum += (weights_.empty() ? 1.0 : weights_[i]) * (ids_.empty() ? 1.0 : gaps_[i]);
    return sums;
  }

  // The first row whose running sum exceeds u of the total: never one of gap 0.
  static token_id locate(const std::vector<double>& sums, double u) {
    const auto place = std::ranges::upper_bound(sums, u * sums.back());
    // u * total can round up to total; then the last row that adds to it is meant.
    const auto last = std::ranges::lower_bound(sums, sums.back());
    return static_cast<token_id>(std::min(place, last) - sums.begin());
  }

  // The drawn rows that survive the gaps they leave each other. A gap between two of them comes from the
  // Gram matrix of the batch.
  std::vector<token_id> kept(context<B>& cx, const std::vector<token_id>& drawn, const random_stream& random,
                             std::uint64_t draw) const {
    if (drawn.size() == 1) return drawn;
    const auto count = static_cast<index_t>(drawn.size());
    const scratch_matrix<T, B::space> block(cx.scratch(), count, rows_.cols());
    const scratch_matrix<T, B::space> products(cx.scratch(), count, count);
    rows_.gather(cx, drawn, block.view());
    B::syrk(cx, op::none, T{1}, block, T{0}, products.view());
    const auto found = on_host(cx, products.view());
    const auto product = [&](index_t a, index_t b) { return static_cast<double>(found(a, b)); };

    std::vector<token_id> out;
    std::vector<index_t> places;
    for (index_t t = 0; t < count; ++t) {
      const token_id row = drawn[static_cast<std::size_t>(t)];
      if (std::ranges::find(out, row) != out.end()) continue;
      const double then = gaps_[static_cast<std::size_t>(row)];
      double now = then;
      for (const index_t p : places) {
        const double squared = product(t, t) + product(p, p) - 2 * product(t, p);
        now = std::min(now, rows_.metric() == cluster_metric::spherical ? squared / 2 : squared);
      }
      if (random.uniform(draw + static_cast<std::uint64_t>(t)) * then >= now) continue;
      out.push_back(row);
      places.push_back(t);
    }
    return out;
  }

  [[nodiscard]] std::vector<token_id> lowest_unchosen(index_t count) const {
    std::vector<bool> taken(gaps_.size());
    for (const token_id id : ids_) taken[static_cast<std::size_t>(id)] = true;
    std::vector<token_id> out;
    for (std::size_t i = 0; i < taken.size() && static_cast<index_t>(out.size()) < count; ++i)
      if (!taken[i]) out.push_back(static_cast<token_id>(i));
    return out;
  }

  const clustered_rows<B, T>& rows_;
  std::vector<double> weights_;
  std::vector<token_id> ids_;
  std::vector<double> gaps_;
  std::vector<std::size_t> owners_;  // place in ids_ of the nearest chosen row
};

/// k different rows to start from, 1 <= k <= rows.size(), by the streams "k-means++" and "k-means||" of the
/// context's seed.
///
/// Cost: first_k nothing; plus_plus 2 n d k FLOP; parallel about 2 n d 10k, plus plus_plus over the rows it
/// has drawn. Determinism: that of the verbs `nearest` and `syrk`.
template <class B, real T>
[[nodiscard]] std::vector<token_id> starting_rows(context<B>& cx, const clustered_rows<B, T>& rows, index_t k,
                                                  kmeans_start start) {
  if (start == kmeans_start::first_k) {
    std::vector<token_id> ids(static_cast<std::size_t>(k));
    std::iota(ids.begin(), ids.end(), token_id{0});
    return ids;
  }
  chosen_rows<B, T> chosen(rows, {});
  const random_stream random(cx.seed(), "k-means++");
  if (start == kmeans_start::plus_plus) {
    chosen.sample_until(cx, k, random);
    return chosen.ids();
  }

  constexpr std::uint64_t rounds = 5;  // enough in the experiments of Bahmani et al., section 5
  constexpr double oversampling = 2;   // their l = 2k
  const random_stream joining(cx.seed(), "k-means||");
  chosen.sample_until(cx, 1, random);
  for (std::uint64_t round = 0; round < rounds; ++round)
    chosen.sample_round(cx, oversampling * static_cast<double>(k), joining, round);
  if (chosen.size() <= k) {
    chosen.sample_until(cx, k, random);
    return chosen.ids();
  }
  matrix<T, B::space> drawn(chosen.size(), rows.cols());
  rows.gather(cx, chosen.ids(), drawn.view());
  const clustered_rows<B, T> candidates(cx, drawn.view(), rows.metric(), true, "k-means||");
  chosen_rows<B, T> reduced(candidates, chosen.followers());
  reduced.sample_until(cx, k, random);
  std::vector<token_id> ids;
  for (const token_id place : reduced.ids()) ids.push_back(chosen.ids()[static_cast<std::size_t>(place)]);
  return ids;
}

}  // namespace prismatic
