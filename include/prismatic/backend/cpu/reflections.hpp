/// Eight Householder reflections at a time: made, joined, and taken to the matrix that they reduce.
#pragma once

#include <prismatic/backend/cpu/triangle_squares.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace prismatic::detail {

/// w += y, over `groups` groups of 16 numbers.
struct added_vectors {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const eight_vectors<T>& y, index_t groups, const eight_vectors<T>& w) {
    using lanes = lanes_of<T, Bytes>;
    for (index_t k = 0; k < groups * eight_vectors<T>::area; k += lanes::size) lanes::at(w.data + k).v += lanes::at(y.data + k).v;
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
/// one, which is written while the rest is not; each is applied to the vectors that follow. A vector whose rest is
/// below sqrt(min) / epsilon counts as reduced: of smaller ones squares may be missing that are subnormal.
struct make_reflections {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const eight_vectors<T>& rows, index_t length, const eight_vectors<T>& v) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t side = triangle_squares<T>::side;
    constexpr T epsilon = std::numeric_limits<T>::epsilon(), least = std::numeric_limits<T>::min() / epsilon / epsilon;
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
      if (rest <= least) {
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

}  // namespace prismatic::detail
