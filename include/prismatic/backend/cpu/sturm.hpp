/// Eigenvalues of a symmetric tridiagonal matrix by bisection, many at a time.
#pragma once

#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace prismatic::detail {

/// below[k] <- how many eigenvalues of a tridiagonal matrix are less than x[k], for `shifts` points x.
///
/// With p_0 = 1 and p_i the determinant of the leading i x i part of T - x, the sign changes along
///
///   p_i = (d_i - x) p_{i-1} - e_{i-1}^2 p_{i-2}
///
/// number the eigenvalues below x [Givens 1954]: no division, two products a step. Signs are gathered as bits, and their
/// changes counted 32 at a time. Only ratios matter, so p_i and p_{i-1} are brought back to size 1 every 16 steps.
/// Precondition: |d|, |x| at most 2, squared[i] = e_{i-1}^2 from 2^-120 to 4 (squared[0]: any of these), so
/// that 16 steps stay within double.
struct count_below {
  static constexpr index_t shifts = 32;

  template <int Bytes>
  [[gnu::always_inline]] static void run(const double* d, const double* squared, index_t n, const double* x,
                                         std::int64_t* below) {
    using lanes = lanes_of<double, Bytes>;
    using vector = typename lanes::vector;
    using bits = typename lanes_of<std::uint64_t, Bytes>::vector;
    for (index_t k = 0; k < shifts; k += 4 * lanes::size) {
      const double* const at = x + k;
      const vector x0 = lanes::at(at).v, x1 = lanes::at(at + lanes::size).v, x2 = lanes::at(at + 2 * lanes::size).v,
                   x3 = lanes::at(at + 3 * lanes::size).v;
      vector a0{}, a1{}, a2{}, a3{};  // p_{i-2}, and from here p_{i-1}
      vector b0 = a0 + 1, b1 = b0, b2 = b0, b3 = b0;
      bits s0{}, s1{}, s2{}, s3{};  // the signs of the last 64 p, the latest on top
      bits c0{}, c1{}, c2{}, c3{};
      for (index_t i = 0; i < n;) {
        const index_t some = std::min<index_t>(32, n - i);
        for (const index_t end = i + some; i < end;) {
          for (const index_t stop = std::min(end, i + 16); i < stop; ++i) {
            const vector di = d[i] - vector{}, si = squared[i] - vector{};
            step<vector, bits>(di, si, x0, a0, b0, s0);
            step<vector, bits>(di, si, x1, a1, b1, s1);
            step<vector, bits>(di, si, x2, a2, b2, s2);
            step<vector, bits>(di, si, x3, a3, b3, s3);
          }
          rescale<vector, bits>(a0, b0);
          rescale<vector, bits>(a1, b1);
          rescale<vector, bits>(a2, b2);
          rescale<vector, bits>(a3, b3);
        }
        count_changes(s0, some, c0);
        count_changes(s1, some, c1);
        count_changes(s2, some, c2);
        count_changes(s3, some, c3);
      }
      put(c0, below + k);
      put(c1, below + k + lanes::size);
      put(c2, below + k + 2 * lanes::size);
      put(c3, below + k + 3 * lanes::size);
    }
  }

 private:
  static constexpr std::uint64_t top = std::uint64_t{1} << 63;

  template <class vector, class bits>
  [[gnu::always_inline]] static void step(const vector& d, const vector& squared, const vector& x,
                                          vector& before, vector& last, bits& signs) {
    const vector p = (d - x) * last - squared * before;
    signs = (signs >> 1) | (reinterpret_cast<bits>(p) & top);
    before = last;
    last = p;
  }

  // Both times the power of two that brings the larger to about 1.
  template <class vector, class bits>
  [[gnu::always_inline]] static void rescale(vector& before, vector& last) {
    constexpr std::uint64_t exponent = 0x7FF0000000000000;
    const bits b = reinterpret_cast<bits>(before) & exponent, l = reinterpret_cast<bits>(last) & exponent;
    const bits inverse = 0x7FE0000000000000 - (b > l ? b : l);
    before *= reinterpret_cast<vector>(inverse);
    last *= reinterpret_cast<vector>(inverse);
  }

  // changes += how many of the `some` <= 32 latest signs differ from the one before.
  template <class bits>
  [[gnu::always_inline]] static void count_changes(const bits& signs, index_t some, bits& changes) {
    bits c = (signs ^ (signs << 1)) >> static_cast<std::uint64_t>(64 - some);
    c -= (c >> 1) & 0x55555555;  // sums of two bits, of four, of eight, ...
    c = (c & 0x33333333) + ((c >> 2) & 0x33333333);
    c = (c + (c >> 4)) & 0x0F0F0F0F;
    c += c >> 8;
    changes += (c + (c >> 16)) & 0x3F;
  }

  template <class bits>
  [[gnu::always_inline]] static void put(const bits& changes, std::int64_t* below) {
    using integers = lanes_of<std::int64_t, sizeof(bits)>;
    integers::at(below).v = reinterpret_cast<const typename integers::vector&>(changes);
  }
};

/// How exact an eigenvalue shall be: to the larger of `of_norm` times the norm, and `absolute`.
struct bisection_tolerance {
  double of_norm, absolute = 0;
};

/// w(n) <- the eigenvalues of the tridiagonal matrix `diagonal`(n), `below`(n - 1) over `scale`, ascending,
/// each to the tolerance, which is of the matrix before it is divided; 0 where that may be.
///
/// One count at n points places all of them to one part in n; then each is bisected on its own. About 4 n^2
/// FLOP a bit. Determinism: bitwise in threads.
/// @throws numeric_error  an entry is not finite
template <real T>
void tridiagonal_eigenvalues(thread_team& team, workspace<memory::host>& scratch, const double* diagonal,
                             const double* below, bisection_tolerance allowed, double scale, vector_view<T> w) {
  constexpr index_t chunk = count_below::shifts;
  const index_t n = w.size(), chunks = (n + chunk - 1) / chunk, points = chunks * chunk;
  const scratch_matrix<double, memory::host> storage(scratch, 3, points);
  const scratch_matrix<std::int64_t, memory::host> counts(scratch, 1, points);
  double *d = storage.view().row(0), *squared = storage.view().row(1), *grid = storage.view().row(2);

  const auto beside = [&](index_t i) {
    return i > 0 && i < n ? std::abs(below[i - 1]) : 0;
  };
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;  // Gershgorin's interval
  for (index_t i = 0; i < n; ++i) {
    d[i] = diagonal[i];
    const double radius = beside(i) + beside(i + 1);
    low = std::min(low, d[i] - radius);
    high = std::max(high, d[i] + radius);
    sum += std::abs(d[i]) + radius;
  }
  if (!std::isfinite(sum))
    throw numeric_error("eigenvalues: found a number that is not finite in a matrix of order " +
                        std::to_string(n));
  const double norm = std::max(std::abs(low), std::abs(high));
  const double unit = norm > 0 ? std::ldexp(1.0, -std::ilogb(norm)) : 1;  // brings the norm to [1, 2)
  for (index_t i = 0; i < n; ++i) {
    d[i] *= unit;
    squared[i] = std::max(beside(i) * unit * (beside(i) * unit), 0x1p-120);
  }
  const double tolerance = std::max(allowed.of_norm * norm, allowed.absolute) * unit;
  low = low * unit - tolerance;
  const double cell = (high * unit + tolerance - low) / static_cast<double>(points + 1);
  int halvings = 0;
  for (double width = cell; width > tolerance; width /= 2) ++halvings;

  const auto count = [&](const double* x, std::int64_t* found) {
    on_widest_vectors<count_below>(static_cast<const double*>(d), static_cast<const double*>(squared), n, x,
                                   found);
  };
  for (index_t k = 0; k < points; ++k) grid[k] = low + cell * static_cast<double>(k + 1);
  team.for_each(chunks, [&](index_t c, int) { count(grid + c * chunk, counts.data() + c * chunk); });
  team.for_each(chunks, [&](index_t c, int) {
    double least[chunk],
        middle[chunk];  // eigenvalue c chunk + l lies from least[l] on, in an interval of `width`
    std::int64_t found[chunk];
    for (index_t l = 0; l < chunk; ++l) {
      const index_t cells =
          std::upper_bound(counts.data(), counts.data() + points, c * chunk + l) - counts.data();
      least[l] = low + cell * static_cast<double>(cells);
    }
    double width = cell;
    for (int h = 0; h < halvings; ++h) {
      width /= 2;
      for (index_t l = 0; l < chunk; ++l) middle[l] = least[l] + width;
      count(middle, found);
      for (index_t l = 0; l < chunk; ++l)
        if (found[l] <= c * chunk + l) least[l] = middle[l];
    }
    for (index_t l = 0; l < std::min(chunk, n - c * chunk); ++l) {
      const double value = least[l] <= 0 && least[l] + width >= 0 ? 0 : least[l] + width / 2;
      w[c * chunk + l] = static_cast<T>(value / unit / scale);
    }
  });
}

}  // namespace prismatic::detail
