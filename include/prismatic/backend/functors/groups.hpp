/// Sums of chosen rows, group by group: groups are cut into pieces, so that a large one is not one thread's.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// p_gj = the sum of factors[i] x_ij over the rows i = order[t], t in pieces[g], in order.
template <class T>
struct sum_piece {
  strided_rows<const T> x;
  const T* factors;  // of every row of x, or null: 1
  const token_id* order;
  const row_range* pieces;
  strided_rows<T> p;

  PRISMATIC_HOST_DEVICE void operator()(index_t g, index_t j) const {
    T sum = 0;
    const index_t end = pieces[g].end;
    index_t t = pieces[g].begin;
    for (; t + 4 <= end; t += 4) {  // four rows are on their way at a time
      T four[4];
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) four[e] = scaled(order[t + e], j);
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) sum += four[e];
    }
    for (; t < end; ++t) sum += scaled(order[t], j);
    p[g][j] = sum;
  }

 private:
  [[nodiscard]] PRISMATIC_HOST_DEVICE T scaled(token_id i, index_t j) const {
    return factors == nullptr ? x[i][j] : factors[i] * x[i][j];
  }
};

/// c_gj = the sum of the pieces of group g, in order.
template <class T>
struct sum_pieces {
  strided_rows<const T> p;
  const row_range* groups;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t g, index_t j) const {
    T sum = 0;
    for (index_t piece = groups[g].begin; piece < groups[g].end; ++piece) sum += p[piece][j];
    c[g][j] = sum;
  }
};

/// The term (x_ij - c_(labels[i])j)^2 of a row's squared distance from its group's c, in double.
template <class T>
struct distance_term {
  strided_rows<const T> x, c;
  const label_t* labels;
  PRISMATIC_HOST_DEVICE double operator()(index_t i, index_t j) const {
    const double off = static_cast<double>(x[i][j]) - static_cast<double>(c[labels[i]][j]);
    return off * off;
  }
};

/// The term that counts where two sets of n labels differ, `cols` of them a row.
struct differing_label {
  const label_t* a;
  const label_t* b;
  index_t n, cols;
  PRISMATIC_HOST_DEVICE double operator()(index_t i, index_t j) const {
    const index_t at = i * cols + j;
    return at < n && a[at] != b[at] ? 1 : 0;
  }
};

}  // namespace prismatic::detail
