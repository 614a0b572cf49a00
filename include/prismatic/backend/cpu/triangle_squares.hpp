/// The lower triangle of a symmetric matrix in squares, and what a reduction to a band does with all of it: eight reflections
/// at a time.
#pragma once

#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/types.hpp>

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
      // All sixteen products first: numbers of A are rounded once a pass.
      vector e0[height] = {}, e1[height] = {};
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
        lanes::at(a + r * side).v = e0[r] += lanes::at(a + r * side).v;
        if constexpr (Vectors == 2) lanes::at(a + r * side + second_a).v = e1[r] += lanes::at(a + r * side + second_a).v;
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
          vector y0{}, y1{};
#pragma GCC unroll 8
          for (index_t r = 0; r < height; ++r) {
            y0 += e0[r] * xi[q * side + r];
            if constexpr (Vectors == 2) y1 += e1[r] * xi[q * side + r];
          }
          lanes::at(yj + q * side).v += y0;
          if constexpr (Vectors == 2) lanes::at(yj + q * side + second).v += y1;
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
        vector e[band_width] = {};
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
        for (index_t r = 0; r < band_width; ++r)
          lanes::at(rows.group(g, band_width - 1 - r) + c).v = lanes::at(a.row(first, g) + r * side + c).v + e[r];
      }
  }
};

}  // namespace prismatic::detail
