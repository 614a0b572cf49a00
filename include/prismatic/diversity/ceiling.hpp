/// What a sketch of finite width does to a score: the ceiling it puts on it, and order 2 without its bias.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace prismatic {

/// The Vendi score to expect of n orthonormal gradients after a random projection to width d: the most that
/// n rows of width d can be told apart. Dimensionless, at least 1, at most min(n, d).
///
/// The sketches behave like n random directions of R^d. With m = min(n, d) and c = m / max(n, d), the
/// eigenvalues of their covariance are x / m, x of the Marchenko-Pastur law of ratio c, so that
///
///   H_q = ln m + ln E[x^q] / (1 - q),   H_1 = ln m - E[x ln x] = ln m - c / 2,
///   H_inf = ln m - 2 ln(1 + sqrt c)
///
/// For q = 1: d exp(-d / 2n) for n >= d, n exp(-n / 2d) below [Marchenko & Pastur 1967; Page 1993]. With
/// x = 1 + c + 2 sqrt(c) cos t the expectation is (2/pi) int_0^pi x^q sin(t)^2 / x dt. An asymptotic law: the
/// simulated mean is within 1 % from some 30 rows and columns on.
/// @param rows   n, need not be whole (an effective number of rows)
/// @throws option_error  rows < 1, width < 1, or an order below 0
[[nodiscard]] inline double score_ceiling(double rows, index_t width, double order = 1) {
  if (!(rows >= 1) || width < 1 || !(order >= 0))
    throw option_error("score_ceiling: found " + std::to_string(rows) + " rows, width " +
                       std::to_string(width) + ", order " + std::to_string(order) +
                       ", expected at least 1, 1 and 0");
  const double d = static_cast<double>(width);
  const double m = std::min(rows, d), c = m / std::max(rows, d);
  if (order == 1) return std::max(1.0, m * std::exp(-c / 2));
  if (std::isinf(order)) return std::max(1.0, m / std::pow(1 + std::sqrt(c), 2));
  constexpr int steps = 1024;  // the midpoint rule on a periodic integrand
  double moment = 0;
  for (int i = 0; i < steps; ++i) {
    const double t = 3.141592653589793 * (i + 0.5) / steps;
    const double x = 1 + c + 2 * std::sqrt(c) * std::cos(t);
    moment += 2.0 / steps * std::pow(std::sin(t), 2) * std::pow(x, order - 1);
  }
  return std::max(1.0, m * std::pow(moment, 1 / (1 - order)));
}

/// The Vendi score of order 2 with the bias of a random projection removed.
///
/// Of order 2 the score is 1 / F, F = |K|_F^2 = sum_ij p_i p_j b_ij, b_ij the squared cosine of two sketches.
/// For Gaussian sketches of width d of two gradients with cosine r, b is a squared sample correlation of d
/// draws about a known mean of zero, whose expectation is [Fisher 1928]
///
///   E b = 1 - (1 - 1/d)(1 - r^2) 2F1(1, 1; d/2 + 1; r^2) = 1/d + (1 - 1/d) r^2 - e,
///   0 <= e <= about (2/d) r^2 (1 - r^2)
///
/// so (b - 1/d) / (1 - 1/d) is exact at r = 0 and r = 1, for the pairs i = j too, and short of r^2 by at most
/// the share 2/d in between. It is linear: the whole sum is corrected at once, from F alone. The part off the
/// diagonal is kept from going negative, so the result lies between 1 and 1 / sum p_i^2. (Without the
/// normalisation the law would be E <Rx,Ry>^2 = r^2 (1 + 1/d) + 1/d.) Rademacher projections agree as far as
/// no single parameter carries a gradient: the difference is 2/d sum_k x_k^2 y_k^2.
/// @param squared_norm   F, the sum of the squared eigenvalues
/// @param concentration  sum_i p_i^2 of the weights, 1/n when they are equal
/// @param width          d; of width 1 nothing can be learned and 1 / F is returned
[[nodiscard]] inline double debiased_order2(double squared_norm, double concentration, index_t width) {
  if (width <= 1) return 1 / squared_norm;
  const double d = static_cast<double>(width);
  const double off_diagonal = squared_norm - concentration - (1 - concentration) / d;
  return 1 / (concentration + std::max(0.0, off_diagonal) / (1 - 1 / d));
}

}  // namespace prismatic
