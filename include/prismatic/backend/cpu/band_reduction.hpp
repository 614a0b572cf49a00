/// A symmetric matrix brought to a band of eight diagonals on each side, with the same eigenvalues: eight Householder
/// reflections at a time [Bischof, Lang & Sun 2000].
#pragma once

#include <prismatic/backend/cpu/triangle_squares.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace prismatic::detail {

/// A symmetric band of `band_width` diagonals on each side, and room for the bulges that run along it: row i holds
/// columns i - 15 to i + 15, both halves of the matrix.
struct symmetric_band {
  static constexpr index_t stride = 4 * band_width, reach = 2 * band_width - 1;

  double* data;

  /// Rows beyond the order, all zero, so that every bulge is whole.
  [[nodiscard]] static index_t elements(index_t order) { return stride * (order + 2 * band_width); }
  [[nodiscard]] double* at(index_t i, index_t j) const { return data + stride * i + (j - i) + reach; }
};

/// found[8 p + q] <- a_p . b_q over `groups` groups of 16 numbers.
struct inner_products {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const eight_vectors<T>& a, const eight_vectors<T>& b, index_t groups, T* found) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    for (index_t p = 0; p < band_width; ++p) {
      vector sums[band_width] = {};
      for (index_t g = 0; g < groups; ++g)
        for (index_t c = 0; c < triangle_squares<T>::side; c += lanes::size) {
          const vector ac = lanes::at(a.group(g, p) + c).v;
#pragma GCC unroll 8
          for (index_t q = 0; q < band_width; ++q) sums[q] += ac * lanes::at(b.group(g, q) + c).v;
        }
#pragma GCC unroll 8
      for (index_t q = 0; q < band_width; ++q) found[p * band_width + q] = lanes::total(sums[q]);
    }
  }
};

/// w_q <- sum_p y_p t(p, q) - v_p s(p, q).
struct combined_vectors {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const eight_vectors<T>& y, const T* t, const eight_vectors<T>& v, const T* s,
                                         index_t groups, const eight_vectors<T>& w) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    for (index_t g = 0; g < groups; ++g)
      for (index_t c = 0; c < triangle_squares<T>::side; c += lanes::size) {
        vector sums[band_width] = {};
        for (index_t p = 0; p < band_width; ++p) {
          const vector yp = lanes::at(y.group(g, p) + c).v, vp = lanes::at(v.group(g, p) + c).v;
#pragma GCC unroll 8
          for (index_t q = 0; q < band_width; ++q) {
            sums[q] += yp * t[p * band_width + q];
            sums[q] -= vp * s[p * band_width + q];
          }
        }
#pragma GCC unroll 8
        for (index_t q = 0; q < band_width; ++q) lanes::at(w.group(g, q) + c).v = sums[q];
      }
  }
};

/// Reflections I - v_p v_p' with |v_p|^2 = 2, or v_p = 0, that bring vector p of `rows`, of `length` - p numbers, to its last
/// one, which is written while the rest is not; each is applied to the vectors that follow. A vector whose rest is below
/// sqrt(min) counts as reduced.
struct make_reflections {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const eight_vectors<T>& rows, index_t length, const eight_vectors<T>& v) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t side = triangle_squares<T>::side;
    const index_t groups = triangle_squares<T>::blocks(length);
    for (index_t p = 0; p < band_width; ++p) {
      const index_t last = length - p - 1;
      const T kept = last < 0 ? T{0} : rows(p, last);
      for (index_t i = std::max<index_t>(0, last); i < groups * side; ++i) v(p, i) = T{0};
      vector sums{};
      for (index_t g = 0; g * side < last; ++g)
        for (index_t c = 0; c < side; c += lanes::size) {
          vector x = lanes::at(rows.group(g, p) + c).v;
          if (g * side + c + lanes::size > last) {  // these numbers are 0 from `last` on
            for (index_t i = g * side + c; i < std::min(last, g * side + c + lanes::size); ++i) v(p, i) = rows(p, i);
            x = lanes::at(v.group(g, p) + c).v;
          }
          lanes::at(v.group(g, p) + c).v = x;
          sums += x * x;
        }
      const T rest = lanes::total(sums);
      if (rest <= std::numeric_limits<T>::min()) {
        for (index_t i = 0; i < last; ++i) v(p, i) = T{0};
        continue;
      }
      const T size = std::copysign(std::sqrt(rest + kept * kept), kept), head = kept + size;
      const T unit = std::sqrt(2 / (rest + head * head));
      v(p, last) = head;
      for (index_t g = 0; g <= last / side; ++g)
        for (index_t c = 0; c < side; c += lanes::size) lanes::at(v.group(g, p) + c).v *= unit;
      rows(p, last) = -size;
      for (index_t r = p + 1; r < band_width; ++r) {
        vector along{};
        for (index_t g = 0; g <= last / side; ++g)
          for (index_t c = 0; c < side; c += lanes::size)
            along += lanes::at(v.group(g, p) + c).v * lanes::at(rows.group(g, r) + c).v;
        const T factor = lanes::total(along);
        for (index_t g = 0; g <= last / side; ++g)
          for (index_t c = 0; c < side; c += lanes::size)
            lanes::at(rows.group(g, r) + c).v -= factor * lanes::at(v.group(g, p) + c).v;
      }
    }
  }
};

/// T (upper triangular) of I - V T V' = H_0 H_1 ... H_7 for H_p = I - v_p v_p', from the inner products of the v_p.
template <class T>
void join_reflections(const T* gram, T* t) {
  constexpr index_t eight = band_width;
  for (index_t q = 0; q < eight; ++q)
    for (index_t p = eight; p-- > 0;) {
      T sum = p == q ? T{-1} : T{0};
      for (index_t k = p; k < q; ++k) sum += t[p * eight + k] * gram[k * eight + q];
      t[p * eight + q] = -sum;
    }
}

/// s <- T' M T / 2 for the upper triangular T.
template <class T>
void half_congruence(const T* t, const T* m, T* s) {
  constexpr index_t eight = band_width;
  T right[eight * eight];
  for (index_t p = 0; p < eight; ++p)
    for (index_t q = 0; q < eight; ++q) {
      T sum = 0;
      for (index_t k = 0; k <= q; ++k) sum += m[p * eight + k] * t[k * eight + q];
      right[p * eight + q] = sum;
    }
  for (index_t p = 0; p < eight; ++p)
    for (index_t q = 0; q < eight; ++q) {
      T sum = 0;
      for (index_t k = 0; k <= p; ++k) sum += t[k * eight + p] * right[k * eight + q];
      s[p * eight + q] = sum / 2;
    }
}

/// What a thread of the reduction holds for itself: in turn the products of this pass and of the last, and eight vectors each
/// of V, W, the next V, and the rows of which that is made.
template <class T>
struct reduction_vectors {
  static constexpr index_t count = 6;  // rows of scratch
  eight_vectors<T> v, next, w, rows, products[2];

  explicit reduction_vectors(const matrix_view<T>& held)
      : v{held.row(0)}, next{held.row(1)}, w{held.row(2)}, rows{held.row(3)}, products{{held.row(4)}, {held.row(5)}} {}

  /// V <- the reflections whose products with A were found, W <- what they do to A, from Y = A V, which W holds.
  void take_reflections(index_t groups) {
    using vectors = eight_vectors<T>;
    T inner[band_width * band_width], t[band_width * band_width], s[band_width * band_width];
    std::swap(v, next);
    on_widest_vectors<inner_products, const vectors&, const vectors&, index_t, T*>(v, v, groups, inner);
    join_reflections(inner, t);
    on_widest_vectors<inner_products, const vectors&, const vectors&, index_t, T*>(v, w, groups, inner);
    half_congruence(t, inner, s);
    on_widest_vectors<combined_vectors, const vectors&, const T*, const vectors&, const T*, index_t, const vectors&>(
        w, t, v, s, groups, w);
  }
};

/// band <- a band with the eigenvalues of `scale` times the symmetric C, of which the lower triangle is read.
///
/// Rows go from the last to the first, eight at a time. Their reflections are one matrix Q = I - V T V'
/// [Schreiber & Van Loan 1989], and Q' A Q = A - V W' - W V' with Y = A V, W = Y T - V (T' V'Y T) / 2. Every thread makes all
/// of V and W for itself: that takes less time than it takes vectors to come from another's cache. Precondition: the
/// scaled entries are at most 1. 4/3 n^3 FLOP, scratch of half a matrix. Determinism: run_to_run.
template <real T>
void reduce_to_band(thread_team& team, workspace<memory::host>& scratch, matrix_view<const T> c, T scale,
                    const symmetric_band& band) {
  using squares = triangle_squares<T>;
  using vectors = eight_vectors<T>;
  using own_vectors = reduction_vectors<T>;
  constexpr index_t eight = band_width, side = squares::side;
  const index_t n = c.rows(), blocks = squares::blocks(n);
  const scratch_matrix<T, memory::host> storage(scratch, 1, squares::elements(blocks));
  const scratch_matrix<T, memory::host> held(scratch, team.size() * own_vectors::count, blocks * vectors::area);
  const squares a{storage.data()};
  std::vector<own_vectors> owned;
  for (int worker = 0; worker < team.size(); ++worker)
    owned.emplace_back(held.view().middle_rows(worker * own_vectors::count, own_vectors::count));

  // Row b of squares belongs to one thread throughout and stays in its cache; 0 1 1 0 0 1 1 0 ... shares evenly.
  const auto workers_for = [&](index_t count) { return count >= 8 ? team.size() : 1; };
  const auto each_block = [&](index_t count, auto&& begin, auto&& body) {
    const int workers = workers_for(count);
    const auto part = [&](int worker) {
      if (worker >= workers) return;
      begin(worker);
      for (index_t b = 0; b < count; ++b) {
        const index_t turn = b % (2 * workers);
        if (worker == (turn < workers ? turn : 2 * workers - 1 - turn)) body(b, worker);
      }
    };
    workers > 1 ? team.run(part) : part(0);
  };
  const auto clear = [&](int worker) {
    std::fill_n(held.view().row(worker * own_vectors::count), own_vectors::count * held.view().stride(), T{0});
  };
  each_block(blocks, clear, [&](index_t b, int) {
    for (index_t i = b * side; i < (b + 1) * side; ++i) {
      for (index_t g = 0; g < b; ++g)
        for (index_t k = 0; k < side; ++k) a.row(i, g)[k] = i < n ? scale * c(i, g * side + k) : T{0};
      for (index_t j = b * side; j < (b + 1) * side; ++j)
        a.row(i, b)[j % side] = i < n && j < n ? scale * c(std::max(i, j), std::min(i, j)) : T{0};
    }
  });

  int before = 0;  // threads that have products
  index_t turn = 0;
  for (index_t m = blocks * side; m > 0; m -= eight, turn = 1 - turn) {
    const index_t length = m - eight, count = squares::blocks(length);
    const auto begin = [&](int worker) {
      own_vectors& own = owned[static_cast<std::size_t>(worker)];
      if (before > 0) {
        const index_t groups = squares::blocks(m);
        for (int other = 0; other < before; ++other) {
          const T* const found = owned[static_cast<std::size_t>(other)].products[1 - turn].data;
          for (index_t k = 0; k < groups * vectors::area; ++k) own.w.data[k] = other == 0 ? found[k] : own.w.data[k] + found[k];
        }
        own.take_reflections(groups);
      }
      on_widest_vectors<updated_rows, const squares&, index_t, const vectors&, const vectors&, const vectors&>(
          a, m, own.v, own.w, own.rows);
      on_widest_vectors<make_reflections, const vectors&, index_t, const vectors&>(own.rows, length, own.next);
      if (worker == 0)
        for (index_t i = length; i < std::min(m, n); ++i)
          for (index_t j = std::max<index_t>(0, i - eight); j <= i; ++j)
            *band.at(i, j) = *band.at(j, i) = static_cast<double>(own.rows(m - 1 - i, j));
      std::fill_n(own.products[turn].data, count * vectors::area, T{0});
    };
    each_block(count, begin, [&](index_t b, int worker) {
      // Of the last row of squares the rows that are done are left alone: others read them now.
      const own_vectors& own = owned[static_cast<std::size_t>(worker)];
      on_widest_vectors<update_and_multiply, T*, index_t, index_t, const vectors&, const vectors&, const vectors&, const vectors&>(
          a.block(b), b, std::min(side, length - b * side), own.v, own.w, own.next, own.products[turn]);
    });
    before = workers_for(count);
  }
}

}  // namespace prismatic::detail
