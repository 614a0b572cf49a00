/// A symmetric matrix brought to a band of eight diagonals on each side, with the same eigenvalues: eight Householder
/// reflections at a time [Bischof, Lang & Sun 2000].
#pragma once

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

/// Reflections taken together, and diagonals on each side of the band.
inline constexpr index_t band_width = 8;

/// The lower triangle in squares of 16 x 16, row by row of squares; those on the diagonal are whole. Half the memory of the
/// matrix, and every number of a square at a distance that the compiler knows.
template <class T>
struct triangle_squares {
  static constexpr index_t side = 16, area = side * side;

  T* data;

  [[nodiscard]] static index_t blocks(index_t order) { return (order + side - 1) / side; }
  [[nodiscard]] static index_t elements(index_t blocks) { return area * (blocks * (blocks + 1) / 2); }
  [[nodiscard]] T* block(index_t b) const { return data + elements(b); }
  /// The 16 numbers of row i from column 16 g on.
  [[nodiscard]] T* row(index_t i, index_t g) const { return block(i / side) + area * g + side * (i % side); }
};

/// A symmetric band of `band_width` diagonals on each side, and room for the bulges that run along it: row i holds
/// columns i - 15 to i + 15, both halves of the matrix.
struct symmetric_band {
  static constexpr index_t stride = 4 * band_width, reach = 2 * band_width - 1;

  double* data;

  /// Rows beyond the order, all zero, so that every bulge is whole.
  [[nodiscard]] static index_t elements(index_t order) { return stride * (order + 2 * band_width); }
  [[nodiscard]] double* at(index_t i, index_t j) const { return data + stride * i + (j - i) + reach; }
};

/// Eight vectors side by side: for each group of 16 rows the 16 numbers of the first vector, of the second, ...
template <class T>
struct eight_vectors {
  static constexpr index_t side = triangle_squares<T>::side, area = band_width * side;

  T* data;

  [[nodiscard]] T* group(index_t g, index_t p = 0) const { return data + area * g + side * p; }
  [[nodiscard]] T& operator()(index_t p, index_t i) const { return group(i / side, p)[i % side]; }
};

/// On the first `rows` rows, 8 or 16, of row b of squares: A -= V W' + W V', then Y += A X, as far as both sides of the symmetric A
/// lie in these squares. One pass over A serves the update of eight reflections and the products of the next: 64 FLOP an
/// element, read and written once.
struct update_and_multiply {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(T* a, index_t b, index_t rows, const eight_vectors<T>& v, const eight_vectors<T>& w,
                                         const eight_vectors<T>& x, const eight_vectors<T>& y) {
    rows == height ? pass<Bytes, height>(a, b, v, w, x, y) : pass<Bytes, triangle_squares<T>::side>(a, b, v, w, x, y);
  }

 private:
  static constexpr index_t height = 8;

  template <int Bytes, index_t Rows, class T>
  [[gnu::always_inline]] static void pass(T* a, index_t b, const eight_vectors<T>& v, const eight_vectors<T>& w,
                                          const eight_vectors<T>& x, const eight_vectors<T>& y) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    using square = triangle_squares<T>;
    constexpr index_t inside = square::side / lanes::size;  // vectors in a row of a square
    alignas(64) vector sums[square::side * band_width] = {};
    const T *const vi = v.group(b), *const wi = w.group(b), *const xi = x.group(b);
    index_t g = 0;
    if constexpr (Bytes == 64 && inside == 1)
      for (; g + 2 <= b; g += 2) {
        const index_t j = g * eight_vectors<T>::area;
        tile<lanes, Rows, 2, false>(a + g * square::area, vi, wi, xi, v.data + j, w.data + j, x.data + j, y.data + j, sums);
      }
    for (; g <= b; ++g) {
      constexpr index_t together = Bytes == 64 && inside == 2 ? 2 : 1;
      for (index_t c = 0; c < square::side; c += together * lanes::size) {
        const index_t j = g * eight_vectors<T>::area + c;
        if (g < b)
          tile<lanes, Rows, together, false>(a + g * square::area + c, vi, wi, xi, v.data + j, w.data + j, x.data + j, y.data + j, sums);
        else
          tile<lanes, Rows, together, true>(a + g * square::area + c, vi, wi, xi, v.data + j, w.data + j, x.data + j, y.data + j, sums);
      }
    }
    for (index_t q = 0; q < band_width; ++q)
      for (index_t r = 0; r < square::side; r += lanes::size) {
        vector totals;
        lanes::totals(sums + q * square::side + r, totals);
        lanes::at(y.group(b, q) + r).v += totals;
      }
  }

  // `Rows` rows by `Vectors` vectors of columns, eight rows at a time. In the square on the diagonal the upper half does
  // the work of the columns' sums.
  template <class lanes, index_t Rows, index_t Vectors, bool Square, class T, class vector>
  [[gnu::always_inline]] static void tile(T* a, const T* vi, const T* wi, const T* xi, const T* vj, const T* wj,
                                          const T* xj, T* yj, vector* sums) {
    constexpr index_t side = triangle_squares<T>::side;
    constexpr index_t second_a = Vectors == 1 ? 0 : lanes::size == side ? triangle_squares<T>::area : lanes::size;
    constexpr index_t second = Vectors == 1 ? 0 : lanes::size == side ? eight_vectors<T>::area : lanes::size;
    for (index_t h = 0; h < Rows; h += height, a += height * side, vi += height, wi += height, xi += height, sums += height) {
      vector e0[height], e1[height];
#pragma GCC unroll 8
      for (index_t r = 0; r < height; ++r) {
        e0[r] = lanes::at(a + r * side).v;
        if constexpr (Vectors == 2) e1[r] = lanes::at(a + r * side + second_a).v;
      }
#pragma GCC unroll 8
      for (index_t p = 0; p < band_width; ++p) {
        const vector v0 = lanes::at(vj + p * side).v, v1 = lanes::at(vj + p * side + second).v,
                     w0 = lanes::at(wj + p * side).v, w1 = lanes::at(wj + p * side + second).v;
#pragma GCC unroll 8
        for (index_t r = 0; r < height; ++r) {
          e0[r] -= vi[p * side + r] * w0;
          if constexpr (Vectors == 2) e1[r] -= vi[p * side + r] * w1;
          e0[r] -= wi[p * side + r] * v0;
          if constexpr (Vectors == 2) e1[r] -= wi[p * side + r] * v1;
        }
      }
#pragma GCC unroll 8
      for (index_t r = 0; r < height; ++r) {
        lanes::at(a + r * side).v = e0[r];
        if constexpr (Vectors == 2) lanes::at(a + r * side + second_a).v = e1[r];
      }
#pragma GCC unroll 8
      for (index_t q = 0; q < band_width; ++q) {
        const vector x0 = lanes::at(xj + q * side).v, x1 = lanes::at(xj + q * side + second).v;
#pragma GCC unroll 8
        for (index_t r = 0; r < height; ++r) {
          vector sum = sums[q * side + r];
          sum += e0[r] * x0;
          if constexpr (Vectors == 2) sum += e1[r] * x1;
          sums[q * side + r] = sum;
        }
        if constexpr (!Square) {
          vector y0 = lanes::at(yj + q * side).v, y1 = lanes::at(yj + q * side + second).v;
#pragma GCC unroll 8
          for (index_t r = 0; r < height; ++r) {
            y0 += e0[r] * xi[q * side + r];
            if constexpr (Vectors == 2) y1 += e1[r] * xi[q * side + r];
          }
          lanes::at(yj + q * side).v = y0;
          if constexpr (Vectors == 2) lanes::at(yj + q * side + second).v = y1;
        }
      }
    }
  }
};

/// The last eight rows of what is left, of which the reflections are made: vector p of `rows` <- row m - 1 - p of
/// A - V W' - W V', m a multiple of 8.
struct updated_rows {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const triangle_squares<T>& a, index_t m, const eight_vectors<T>& v,
                                         const eight_vectors<T>& w, const eight_vectors<T>& rows) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t side = triangle_squares<T>::side;
    const index_t first = m - band_width, b = first / side, above = first % side;
    for (index_t g = 0; g <= b; ++g)
      for (index_t c = 0; c < side; c += lanes::size) {
        vector e[band_width];
#pragma GCC unroll 8
        for (index_t r = 0; r < band_width; ++r) e[r] = lanes::at(a.row(first, g) + r * side + c).v;
        for (index_t p = 0; p < band_width; ++p) {
          const T *const vi = v.group(b, p) + above, *const wi = w.group(b, p) + above;
          const vector vj = lanes::at(v.group(g, p) + c).v, wj = lanes::at(w.group(g, p) + c).v;
#pragma GCC unroll 8
          for (index_t r = 0; r < band_width; ++r) {
            e[r] -= vi[r] * wj;
            e[r] -= wi[r] * vj;
          }
        }
#pragma GCC unroll 8
        for (index_t r = 0; r < band_width; ++r) lanes::at(rows.group(g, band_width - 1 - r) + c).v = e[r];
      }
  }
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
