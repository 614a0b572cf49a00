/// A symmetric band brought to tridiagonal form with the same eigenvalues, by chasing bulges off its end.
#pragma once

#include <prismatic/backend/cpu/band_reduction.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace prismatic::detail {

/// diagonal(n), below(n - 1) <- a tridiagonal matrix with the eigenvalues of the band of order n, which is destroyed.
///
/// Sweep k brings column k to its first two entries by a reflection of eight rows; the bulge that it makes is pushed down,
/// eight rows at a time, and of each only the first column is cleared [Schwarz 1968; Lang 1993]. Precondition: what the band
/// does not hold is 0. 72 n^2 FLOP, n^2 / 8 square roots. Determinism: bitwise.
struct chase_bulges {
  template <int Bytes>
  [[gnu::always_inline]] static void run(const symmetric_band& band, index_t n, double* diagonal, double* below) {
    alignas(64) double v[band_width];
    for (index_t k = 0; k < n - 2; ++k) {
      vector reflection;
      double factor = 0;
      diagonal[k] = *band.at(k, k);
      below[k] = reflect(lanes::at(band.at(k, k + 1)).v, reflection, factor);
      lanes::at(v).v = reflection;
      for (index_t i = k + 1; i < n; i += band_width) push(band.at(i, i), v, factor);
    }
    for (index_t k = std::max<index_t>(0, n - 2); k < n; ++k) {
      diagonal[k] = *band.at(k, k);
      if (k + 1 < n) below[k] = *band.at(k, k + 1);
    }
  }

 private:
  using lanes = lanes_of<double, 8 * static_cast<int>(band_width)>;
  using vector = typename lanes::vector;

  // v and its factor c <- the reflection I - c v v' that brings x to its first entry, which is returned. Who goes on with v
  // waits for one root, and not for c, which takes another division.
  [[gnu::always_inline]] static double reflect(const vector& x, vector& v, double& c) {
    constexpr vector head{1}, tail = 1 - head;
    const vector rest = x * x * tail;
    const double squared = lanes::total(rest), first = x[0];
    if (squared <= std::numeric_limits<double>::min()) {
      v = vector{};
      c = 0;
      return first;
    }
    const double size = std::copysign(std::sqrt(squared + first * first), first);
    v = x + size * head;
    c = 1 / (size * (size + first));
    return -size;
  }

  // row -= a x + b y
  [[gnu::always_inline]] static void subtract(double a, const vector& x, double b, const vector& y, double* row) {
    const vector first = lanes::at(row).v - a * x;
    lanes::at(row).v = first - b * y;
  }

  // With D the 8 x 8 square at `d`, on the diagonal, L the one below it and U = L' the one beside it: D <- H D H for
  // H = I - c v v', L <- G L H, where the reflection G clears the first column of L H. v, c <- those of G.
  [[gnu::always_inline]] static void push(double* d, double* v, double& c) {
    constexpr index_t down = symmetric_band::stride - 1, eight = band_width;
    double *const u = d + eight, *const l = d + eight * down;
    const vector vs = lanes::at(v).v;
    vector y0 = v[0] * lanes::at(d).v, y1 = v[1] * lanes::at(d + down).v;
    vector p0 = v[0] * lanes::at(u).v, p1 = v[1] * lanes::at(u + down).v;
#pragma GCC unroll 8
    for (index_t i = 2; i < eight; i += 2) {
      y0 += v[i] * lanes::at(d + i * down).v;
      y1 += v[i + 1] * lanes::at(d + (i + 1) * down).v;
      p0 += v[i] * lanes::at(u + i * down).v;
      p1 += v[i + 1] * lanes::at(u + (i + 1) * down).v;
    }
    p0 = (p0 + p1) * c;  // c L v
    alignas(64) double p[eight], w[eight], g[eight], z[eight];
    lanes::at(p).v = p0;
    const vector x = lanes::at(u).v - v[0] * p0;
    vector gs;
    double next = 0;
    reflect(x, gs, next);
    lanes::at(g).v = gs;

    y0 = (y0 + y1) * c;
    y1 = y0 * vs;
    y0 -= (c * lanes::total(y1) / 2) * vs;
    lanes::at(w).v = y0;
#pragma GCC unroll 8
    for (index_t i = 0; i < eight; ++i) subtract(v[i], y0, w[i], vs, d + i * down);

    y1 = p0 * gs;
    vector z0 = g[0] * lanes::at(l).v - lanes::total(y1) * vs, z1 = g[1] * lanes::at(l + down).v;
#pragma GCC unroll 8
    for (index_t i = 2; i < eight; i += 2) {
      z0 += g[i] * lanes::at(l + i * down).v;
      z1 += g[i + 1] * lanes::at(l + (i + 1) * down).v;
    }
    z0 = (z0 + z1) * next;
    lanes::at(z).v = z0;
#pragma GCC unroll 8
    for (index_t i = 0; i < eight; ++i) {
      subtract(p[i], vs, g[i], z0, l + i * down);
      subtract(v[i], p0, z[i], gs, u + i * down);
    }
    lanes::at(v).v = gs;
    c = next;
  }
};

}  // namespace prismatic::detail
