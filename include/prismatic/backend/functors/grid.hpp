/// How elements and sums over rows become calls of a functor, numbered from 0 up.
///
/// A processor of few fast threads wants long calls over neighbouring elements, one of many slow threads wants
/// neighbouring threads on neighbouring elements. Both are these functors with another `chunk` and other `lanes`.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// f(i, j) for every element of rows of `cols` elements: call number `task` takes `chunk` neighbours.
template <class F>
struct element_chunks {
  F f;
  index_t cols, chunk;
  index_t across = (cols + chunk - 1) / chunk;  ///< calls for a row

  [[nodiscard]] static index_t count(index_t rows, index_t cols, index_t chunk) noexcept {
    return rows * ((cols + chunk - 1) / chunk);
  }

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const quotient place = divide(task, across);
    const index_t first = place.rest * chunk, end = smaller(first + chunk, cols);
    for (index_t j = first; j < end; ++j) f(place.whole, j);
  }
};

/// A fold goes over a row: `start()` makes a value, `step(value, i, j)` takes element j of row i in, `merge(value,
/// other)` joins two parts. Here: the part of row i made of elements lane, lane + lanes, ...
template <class Fold>
struct lane_folds {
  using value = typename Fold::value;
  Fold fold;
  index_t cols, lanes;
  value* parts;

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const quotient place = divide(task, lanes);
    value part = fold.start();
    for (index_t j = place.rest; j < cols; j += lanes) fold.step(part, place.whole, j);
    parts[task] = part;
  }
};

/// finish(i, value): the parts of row i in the order of their lanes.
template <class Fold, class Finish>
struct merged_lanes {
  using value = typename Fold::value;
  Fold fold;
  Finish finish;
  index_t lanes;
  const value* parts;

  PRISMATIC_HOST_DEVICE void operator()(index_t i) const {
    value whole = parts[i * lanes];
    for (index_t lane = 1; lane < lanes; ++lane) fold.merge(whole, parts[i * lanes + lane]);
    finish(i, whole);
  }
};

/// The fold that adds term(i, j), in double.
template <class Term>
struct sum_fold {
  using value = double;
  Term term;

  PRISMATIC_HOST_DEVICE double start() const { return 0; }
  PRISMATIC_HOST_DEVICE void step(double& sum, index_t i, index_t j) const { sum += term(i, j); }
  PRISMATIC_HOST_DEVICE void merge(double& sum, double other) const { sum += other; }
};

}  // namespace prismatic::detail
