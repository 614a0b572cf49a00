/// The arithmetic of copies and row-wise verbs.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

/// c_ij = a_ij.
template <class T>
struct copy_element {
  strided_rows<const T> a;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const { c[i][j] = a[i][j]; }
};

/// c_ij = value.
template <class T>
struct fill_element {
  T value;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const { c[i][j] = value; }
};

/// y_ij += alpha x_ij.
template <class T>
struct add_element {
  T alpha;
  strided_rows<const T> x;
  strided_rows<T> y;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const { y[i][j] += alpha * x[i][j]; }
};

/// c_ij *= factors[i].
template <class T>
struct scale_element {
  const T* factors;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const { c[i][j] *= factors[i]; }
};

/// c_ji = c_ij for j < i: the lower triangle's mirror image.
template <class T>
struct mirror_element {
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const {
    if (j > i) c[i][j] = c[j][i];
  }
};

/// The term a_ij b_ij of a row's inner product, in double: exact for floats.
template <class T>
struct product_term {
  strided_rows<const T> a, b;
  PRISMATIC_HOST_DEVICE double operator()(index_t i, index_t j) const {
    return static_cast<double>(a[i][j]) * static_cast<double>(b[i][j]);
  }
};

/// out[i] = sum.
template <class T>
struct store_sum {
  T* out;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, double sum) const { out[i] = static_cast<T>(sum); }
};

/// out[i] = sqrt(sum).
template <class T>
struct store_root {
  T* out;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, double sum) const { out[i] = static_cast<T>(std::sqrt(sum)); }
};

/// c_sj += the sum of term(t, j) over the rows t of sequence s, in double, in order of t.
template <class T, class Term>
struct add_segment {
  Term term;
  const row_range* ranges;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t s, index_t j) const {
    double sum = 0;
    for (index_t t = ranges[s].begin; t < ranges[s].end; ++t) sum += term(t, j);
    c[s][j] += static_cast<T>(sum);
  }
};

/// x_tj in double.
template <class T>
struct element_term {
  strided_rows<const T> x;
  PRISMATIC_HOST_DEVICE double operator()(index_t t, index_t j) const { return static_cast<double>(x[t][j]); }
};

/// c_tj = x_(ids[t])j.
template <class T>
struct gather_element {
  strided_rows<const T> x;
  const token_id* ids;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const { c[t][j] = x[ids[t]][j]; }
};

/// ids is sorted, and order[p] is the row of x that ids[p] belongs to, ascending among equals. The first place of
/// every id adds all of its rows to c, in order: c_(ids[t])j += x_tj without two callers at one element.
template <class T>
struct scatter_element {
  strided_rows<const T> x;
  const token_id* ids;
  const index_t* order;
  index_t count;
  strided_rows<T> c;

  PRISMATIC_HOST_DEVICE void operator()(index_t p, index_t j) const {
    const token_id id = ids[p];
    if (p > 0 && ids[p - 1] == id) return;
    T sum = c[id][j];
    for (index_t q = p; q < count && ids[q] == id; ++q) sum += x[order[q]][j];
    c[id][j] = sum;
  }
};

}  // namespace prismatic::detail
