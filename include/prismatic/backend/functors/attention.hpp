/// Causal grouped-query attention of one query, and of one key on the way back.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

/// <a, b>, in four interleaved sums.
template <class T>
[[nodiscard]] PRISMATIC_HOST_DEVICE T short_dot(const T* a, const T* b, index_t n) {
  T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  index_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < n; ++i) s0 += a[i] * b[i];
  return (s0 + s2) + (s1 + s3);
}

/// y += alpha x.
template <class T>
PRISMATIC_HOST_DEVICE void short_add(T alpha, const T* x, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

/// Call number `task` is (sequence, head, place), the place running fastest through the longest sequence.
struct attention_grid {
  index_t heads, places;

  struct point {
    index_t sequence, head, place;
  };
  [[nodiscard]] PRISMATIC_HOST_DEVICE point at(index_t task) const {
    return {task / places / heads, task / places % heads, task % places};
  }
};

/// One query of one head: O = softmax(scale Q K') V over the keys it sees, L = log-sum-exp. Scores are computed
/// twice, once for their maximum, so that nothing of a query's many scores is kept.
template <class T>
struct attend_query {
  attention_grid grid;
  index_t group, dim;  // query heads to a key-value head; numbers a head
  T scale, lowest;
  strided_rows<const T> q, k, v;
  const row_range* queries;
  const row_range* keys;
  strided_rows<T> o, l;

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const auto [s, h, i] = grid.at(task);
    const row_range rows = queries[s], seen{keys[s].begin, keys[s].end - (rows.end - rows.begin) + i + 1};
    if (i >= rows.end - rows.begin) return;
    const index_t row = rows.begin + i, at = h / group * dim;
    const T* const query = q[row] + h * dim;
    T* const out = o[row] + h * dim;
    T top = lowest;
    for (index_t j = seen.begin; j < seen.end; ++j) {
      const T score = scale * short_dot(query, k[j] + at, dim);
      top = score > top ? score : top;
    }
    double sum = 0;
    for (index_t x = 0; x < dim; ++x) out[x] = T{0};
    for (index_t j = seen.begin; j < seen.end; ++j) {
      const T p = std::exp(scale * short_dot(query, k[j] + at, dim) - top);
      sum += static_cast<double>(p);
      short_add(p, v[j] + at, out, dim);
    }
    const auto normaliser = static_cast<T>(1.0 / sum);
    for (index_t x = 0; x < dim; ++x) out[x] *= normaliser;
    l[row][h] = static_cast<T>(static_cast<double>(top) + std::log(sum));
  }
};

/// d_th = <dO, O> of head h at row t.
template <class T>
struct attention_delta {
  index_t dim;
  strided_rows<const T> o, d_o;
  strided_rows<T> d;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t h) const {
    double sum = 0;
    for (index_t x = h * dim; x < (h + 1) * dim; ++x)
      sum += static_cast<double>(o[t][x]) * static_cast<double>(d_o[t][x]);
    d[t][h] = static_cast<T>(sum);
  }
};

/// What the adjoints of queries and of keys share: P and dS of one pair.
template <class T>
struct attention_pair {
  index_t group, dim;
  T scale;
  strided_rows<const T> q, k, v, d_o, l, d;

  struct weights {
    T p, ds;
  };
  /// Query row t under head h and key row j: P = exp(scale Q K' - L), dS = scale P (dO V' - D).
  [[nodiscard]] PRISMATIC_HOST_DEVICE weights at(index_t h, index_t t, index_t j) const {
    const index_t head = h * dim, key_head = h / group * dim;
    const T p = std::exp(scale * short_dot(q[t] + head, k[j] + key_head, dim) - l[t][h]);
    return {p, scale * p * (short_dot(d_o[t] + head, v[j] + key_head, dim) - d[t][h])};
  }
};

/// dQ += dS K of one query.
template <class T>
struct attention_query_adjoint {
  attention_grid grid;  // of query heads
  attention_pair<T> pair;
  const row_range* sequences;
  strided_rows<T> dq;

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const auto [s, h, i] = grid.at(task);
    const row_range rows = sequences[s];
    const index_t t = rows.begin + i;
    if (t >= rows.end) return;
    for (index_t j = rows.begin; j <= t; ++j)
      short_add(pair.at(h, t, j).ds, pair.k[j] + h / pair.group * pair.dim, dq[t] + h * pair.dim, pair.dim);
  }
};

/// dK += dS' Q and dV += P' dO of one key, over the query heads that share it.
template <class T>
struct attention_key_adjoint {
  attention_grid grid;  // of key-value heads
  attention_pair<T> pair;
  const row_range* sequences;
  strided_rows<T> dk, dv;

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const auto [s, kv, place] = grid.at(task);
    const row_range rows = sequences[s];
    const index_t j = rows.begin + place, at = kv * pair.dim;
    if (j >= rows.end) return;
    for (index_t h = kv * pair.group; h < (kv + 1) * pair.group; ++h)
      for (index_t t = j; t < rows.end; ++t) {
        const auto w = pair.at(h, t, j);
        short_add(w.ds, pair.q[t] + h * pair.dim, dk[j] + at, pair.dim);
        short_add(w.p, pair.d_o[t] + h * pair.dim, dv[j] + at, pair.dim);
      }
  }
};

}  // namespace prismatic::detail
