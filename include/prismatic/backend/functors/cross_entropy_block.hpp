/// A row's cross-entropy by a block of threads that read it twice and write it once: what each does between barriers.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

/// The greatest of some logits and the sum of their exponentials relative to it, kept up to date logit by logit
/// [Milakov & Gimelshein 2018, algorithm 3]. A NaN makes the sum one.
template <class T>
struct softmax_sum {
  T top;
  double sum;

  /// Minus infinity is no place to count from.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static T origin(T top, T lowest) { return top == lowest ? T{0} : top; }

  PRISMATIC_HOST_DEVICE void see(const T* logits, index_t n, T lowest) {
    T most = top;
    PRISMATIC_UNROLL
    for (index_t i = 0; i < n; ++i) most = logits[i] > most ? logits[i] : most;
    raise(most, lowest);
    T fresh = 0;
    PRISMATIC_UNROLL
    for (index_t i = 0; i < n; ++i) fresh += std::exp(logits[i] - origin(top, lowest));
    sum += static_cast<double>(fresh);
  }

  PRISMATIC_HOST_DEVICE void merge(softmax_sum other, T lowest) {
    const T most = other.top > top ? other.top : top;
    raise(most, lowest);
    other.raise(most, lowest);
    sum += other.sum;
  }

 private:
  PRISMATIC_HOST_DEVICE void raise(T to, T lowest) {
    if (to == top) return;
    sum *= static_cast<double>(std::exp(top - origin(to, lowest)));
    top = to;
  }
};

/// Row t of a block of `threads` threads, a power of two. Each reads its part and shows its sum; then, waiting before each
/// round, the first half of those left take the others' in, until one is left; after one more wait each writes.
template <class T>
struct cross_entropy_block {
  index_t cols;
  int threads;
  T lowest;  // minus infinity
  strided_rows<T> logits;
  const T* weights;
  const token_id* targets;
  T* losses;

  [[nodiscard]] PRISMATIC_HOST_DEVICE bool counts(index_t t) const { return weights[t] != T{0}; }

  PRISMATIC_HOST_DEVICE void clear(index_t t, int thread) const {
    for (index_t j = thread; j < cols; j += threads) logits[t][j] = T{0};
    if (thread == 0) losses[t] = T{0};
  }

  PRISMATIC_HOST_DEVICE void read(index_t t, int thread, softmax_sum<T>* sums) const {
    const T* const row = logits[t];
    const aligned_fours<T> parts(row, cols);
    const auto* const fours = reinterpret_cast<const four_of<T>*>(row + parts.lead);
    softmax_sum<T> mine{lowest, 0};
    for (index_t j = thread; j < parts.lead; j += threads) mine.see(row + j, 1, lowest);
    for (index_t j = thread; j < parts.fours; j += threads) {
      const four_of<T> four = fours[j];
      mine.see(four.x, 4, lowest);
    }
    for (index_t j = parts.tail() + thread; j < cols; j += threads) mine.see(row + j, 1, lowest);
    sums[thread] = mine;
  }

  /// One round: `left` sums are left after it.
  PRISMATIC_HOST_DEVICE void merge(int left, int thread, softmax_sum<T>* sums) const {
    if (thread < left) sums[thread].merge(sums[thread + left], lowest);
  }

  /// Before anybody writes.
  PRISMATIC_HOST_DEVICE void store_loss(index_t t, const softmax_sum<T>& whole) const {
    const double margin = static_cast<double>(whole.top) - static_cast<double>(logits[t][targets[t]]);
    losses[t] = static_cast<T>(static_cast<double>(weights[t]) * (margin + std::log(whole.sum)));
  }

  PRISMATIC_HOST_DEVICE void write(index_t t, int thread, const softmax_sum<T>& whole) const {
    T* const row = logits[t];
    const T weight = weights[t], factor = static_cast<T>(static_cast<double>(weight) / whole.sum);
    const index_t target = targets[t];
    const auto gradient = [=](T logit, index_t j) {
      return factor * std::exp(logit - whole.top) - (j == target ? weight : T{0});
    };
    const aligned_fours<T> parts(row, cols);
    auto* const fours = reinterpret_cast<four_of<T>*>(row + parts.lead);
    for (index_t j = thread; j < parts.lead; j += threads) row[j] = gradient(row[j], j);
    for (index_t j = thread; j < parts.fours; j += threads) {
      four_of<T> four = fours[j];
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) four.x[e] = gradient(four.x[e], parts.lead + 4 * j + e);
      fours[j] = four;
    }
    for (index_t j = parts.tail() + thread; j < cols; j += threads) row[j] = gradient(row[j], j);
  }
};

}  // namespace prismatic::detail
