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
/// number the eigenvalues below x [Givens 1954]: no division, two products a step. Only ratios matter, so
/// p_i and p_{i-1} are brought back to size 1 every eight steps.
/// Precondition: |d|, |x| at most 2, squared[i] = e_{i-1}^2 from 2^-120 to 4 (squared[0]: any of these), so
/// that eight steps stay within double.
struct count_below {
  static constexpr index_t shifts = 32;

  template <int Bytes>
  [[gnu::always_inline]] static void run(const double* d, const double* squared, index_t n, const double* x,
                                         std::int64_t* below) {
    using lanes = lanes_of<double, Bytes>;
    using integers = lanes_of<std::int64_t, Bytes>;
    using vector = typename lanes::vector;
    using bits = typename integers::vector;
    for (index_t k = 0; k < shifts; k += 4 * lanes::size) {
      const double* const at = x + k;
      const vector x0 = lanes::at(at).v, x1 = lanes::at(at + lanes::size).v, x2 = lanes::at(at + 2 * lanes::size).v,
                   x3 = lanes::at(at + 3 * lanes::size).v;
      vector a0{}, a1{}, a2{}, a3{};  // p_{i-2}, and from here p_{i-1}
      vector b0 = a0 + 1, b1 = b0, b2 = b0, b3 = b0;
      bits c0{}, c1{}, c2{}, c3{};
      for (index_t first = 0; first < n; first += 8) {
        for (index_t i = first; i < std::min(n, first + 8); ++i) {
          const vector di = d[i] - vector{}, si = squared[i] - vector{};
          step<vector, bits>(di, si, x0, a0, b0, c0);
          step<vector, bits>(di, si, x1, a1, b1, c1);
          step<vector, bits>(di, si, x2, a2, b2, c2);
          step<vector, bits>(di, si, x3, a3, b3, c3);
        }
        rescale<vector, bits>(a0, b0);
        rescale<vector, bits>(a1, b1);
        rescale<vector, bits>(a2, b2);
        rescale<vector, bits>(a3, b3);
      }
      integers::at(below + k).v = c0;
      integers::at(below + k + lanes::size).v = c1;
      integers::at(below + k + 2 * lanes::size).v = c2;
      integers::at(below + k + 3 * lanes::size).v = c3;
    }
  }

 private:
  template <class vector, class bits>
  [[gnu::always_inline]] static void step(const vector& d, const vector& squared, const vector& x,
                                          vector& before, vector& last, bits& changes) {
    const vector p = (d - x) * last - squared * before;
    changes -= (reinterpret_cast<bits>(p) ^ reinterpret_cast<bits>(last)) >> 63;
    before = last;
    last = p;
  }

  // Both times the power of two that brings the larger to about 1.
  template <class vector, class bits>
  [[gnu::always_inline]] static void rescale(vector& before, vector& last) {
    constexpr std::int64_t magnitude = 0x7FFFFFFFFFFFFFFF, exponent = 0x7FF0000000000000;
    bits b = reinterpret_cast<bits>(before) & magnitude, l = reinterpret_cast<bits>(last) & magnitude;
    const bits inverse = 0x7FE0000000000000 - ((b > l ? b : l) & exponent);
    before *= reinterpret_cast<vector>(inverse);
    last *= reinterpret_cast<vector>(inverse);
  }
};

/// w(n) <- the eigenvalues of the tridiagonal matrix `diagonal`(n), `below`(n - 1) over `scale`, ascending,
/// each to `tolerance` times the norm.
///
/// One count at n points places all of them to one part in n; then each is bisected on its own. About 4 n^2
/// FLOP a bit. Determinism: bitwise in threads.
/// @throws numeric_error  an entry is not finite
template <real T>
void tridiagonal_eigenvalues(thread_team& team, workspace<memory::host>& scratch, const double* diagonal,
                             const double* below, double tolerance, double scale, vector_view<T> w) {
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
  double norm = std::max(std::abs(low), std::abs(high));
  const double unit = norm > 0 ? std::ldexp(1.0, -std::ilogb(norm)) : 1;  // brings the norm to [1, 2)
  for (index_t i = 0; i < n; ++i) {
    d[i] *= unit;
    squared[i] = std::max(beside(i) * unit * (beside(i) * unit), 0x1p-120);
  }
  norm *= unit;
  low = low * unit - tolerance * norm;
  const double cell = (high * unit + tolerance * norm - low) / static_cast<double>(points + 1);
  int halvings = 0;
  for (double width = cell; width > tolerance * norm; width /= 2) ++halvings;

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
    for (index_t l = 0; l < std::min(chunk, n - c * chunk); ++l)
      w[c * chunk + l] = static_cast<T>((least[l] + width / 2) / unit / scale);
  });
}

}  // namespace prismatic::detail
