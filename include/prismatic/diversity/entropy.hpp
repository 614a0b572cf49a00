/// Entropy of a spectrum: how evenly the eigenvalues of a covariance share their sum of one.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// How far a spectrum may sum from 1, and an eigenvalue lie below 0, before it is an error instead of
/// rounding. Float rows of unit length, summed in float tiles, stay within some 1e-6; rows that were never
/// normalised do not.
inline constexpr double trace_tolerance = 1e-4;

/// Throws numeric_error unless `trace` is 1 within trace_tolerance.
inline void require_unit_trace(double trace, call_site at = call_site::here()) {
  if (std::abs(trace - 1) <= trace_tolerance) return;
  throw numeric_error("spectrum: found a trace of " + std::to_string(trace) +
                          ", expected 1: are the rows of unit length and the numbers finite?",
                      at);
}

/// Renyi entropy of the spectrum of a density matrix, in nats:
///
///   H_q = ln(sum_i lambda_i^q) / (1 - q),   H_1 = -sum_i lambda_i ln lambda_i,   H_inf = -ln max_i lambda_i
///
/// with 0^q = 0 and 0 ln 0 = 0 [Renyi 1961]. Decreasing in q, between 0 and ln(number of non-zeros).
/// Negative lambda count as 0; the rest is divided by its sum. Order 0 counts what is positive, so rounding
/// must have been cleared away before (`clean_spectrum`); orders near 0 ask for the same.
/// @param lambda  in any order, summing to 1 within trace_tolerance
/// @throws option_error   order is negative or NaN
/// @throws numeric_error  not finite, an eigenvalue below -trace_tolerance, or another trace
[[nodiscard]] inline double entropy(std::span<const double> lambda, double order = 1) {
  if (!(order >= 0))
    throw option_error("entropy: order: found " + std::to_string(order) + ", expected 0 to infinity");
  double trace = 0, largest = 0;
  for (const double l : lambda) {
    if (!(l >= -trace_tolerance))
      throw numeric_error("entropy: found the eigenvalue " + std::to_string(l) + ", expected none below 0");
    trace += std::max(l, 0.0);
    largest = std::max(largest, l);
  }
  require_unit_trace(trace);
  if (std::isinf(order)) return std::max(0.0, -std::log(largest / trace));

  double shannon = 0, excess = 0, power = 0;
  for (const double l : lambda) {
    if (l <= 0) continue;
    const double p = l / trace, log_p = std::log(p);
    shannon -= p * log_p;
    excess += p * std::expm1((order - 1) * log_p);  // sums to (sum p^q) - 1, whose digits survive near q = 1
    power += std::pow(l / largest, order);          // cannot underflow as a whole, however large q is
  }
  if (order == 1) return std::max(0.0, shannon);
  const double log_sum =
      std::abs(order - 1) < 0.5 ? std::log1p(excess) : order * std::log(largest / trace) + std::log(power);
  return std::max(0.0, log_sum / (1 - order));
}

/// The Vendi score of order q, exp(H_q): the number of equally used directions with the same entropy
/// [Friedman & Dieng 2023; Pasarkar & Dieng 2024 for q != 1]. At least 1. Arguments and throws as `entropy`.
[[nodiscard]] inline double vendi_from_spectrum(std::span<const double> lambda, double order = 1) {
  return std::exp(entropy(lambda, order));
}

/// Turns computed eigenvalues into the spectrum of a density matrix of rank at most `rank`: largest first, no
/// more than `rank` of them, those at or below relative_floor times the largest 0, the sum exactly 1.
///
/// The floor is what rounding leaves where the true eigenvalue is 0. Orders below 1 need it: a thousand
/// eigenvalues of 1e-17 would add 20 to a score of order 0.1.
/// @throws numeric_error  as `entropy`
inline void clean_spectrum(std::vector<double>& lambda, index_t rank, double relative_floor) {
  static_cast<void>(entropy(lambda));  // its checks
  std::ranges::sort(lambda, [](double a, double b) { return a > b; });
  lambda.resize(std::min(lambda.size(), static_cast<std::size_t>(rank)));
  double sum = 0;
  for (double& l : lambda) {
    if (l <= relative_floor * lambda.front()) l = 0;
    sum += l;
  }
  for (double& l : lambda) l /= sum;
}

/// The relative floor for a matrix of the given order whose entries were computed in T: 4 sqrt(order) epsilon.
/// The rounding of independent entries adds up to a random symmetric matrix, whose norm grows like the square
/// root of the order.
template <real T>
[[nodiscard]] double rounding_floor(index_t order) {
  return 4 * std::sqrt(static_cast<double>(order)) * static_cast<double>(std::numeric_limits<T>::epsilon());
}

}  // namespace prismatic
