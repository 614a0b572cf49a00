/// The fold that finds the greatest score of a row and its place.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// Starts from what labels and best hold, so that a row may be seen a tile of columns at a time. NaN is passed over; of
/// equal scores the first counts.
template <class T>
struct greatest_score {
  struct value {
    T best;
    index_t place;  // -1: nothing yet
  };
  strided_rows<const T> scores;
  const T* bias;  // of these columns, or null
  T lowest;       // minus infinity

  PRISMATIC_HOST_DEVICE value start() const { return {lowest, -1}; }
  PRISMATIC_HOST_DEVICE void step(value& v, index_t i, index_t j) const {
    const T score = bias == nullptr ? scores[i][j] : scores[i][j] + bias[j];
    if (score > v.best) v = {score, j};
  }
  PRISMATIC_HOST_DEVICE void merge(value& v, const value& other) const {
    if (other.best > v.best || (other.best == v.best && other.place >= 0 && other.place < v.place)) v = other;
  }
};

/// Keeps the best of this tile of columns, the first of which is `offset`, where it beats the earlier ones.
template <class T>
struct keep_greatest {
  index_t offset;
  label_t* labels;
  T* best;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, const typename greatest_score<T>::value& v) const {
    if (!(v.best > best[i])) return;
    best[i] = v.best;
    labels[i] = static_cast<label_t>(offset + v.place);
  }
};

/// Where rows start: label 0, the lowest score.
template <class T>
struct forget_nearest {
  T lowest;
  label_t* labels;
  T* best;
  PRISMATIC_HOST_DEVICE void operator()(index_t i) const {
    labels[i] = 0;
    best[i] = lowest;
  }
};

}  // namespace prismatic::detail
