/// Entropy of a spectrum: how evenly the eigenvalues of a covariance share their sum of one.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
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
/// must have been cleared away before (`clean_spectrum`); orders near 0 ask for more (vendi_result::score_at).
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

/// Turns the computed eigenvalues of a matrix whose entries were computed in T into the spectrum of a density
/// matrix of rank at most `rank`: largest first, no more than `rank` of them, rounding cleared away, the sum exactly 1.
///
/// Where the true eigenvalue is 0 rounding leaves numbers of both signs, so the negative ones tell its size:
/// whatever is at most twice as large as the most negative one may be 0, but nothing beyond 4 sqrt(n) epsilon(T)
/// times the largest, which is as far as the rounding of independent entries reaches. Rounding moves each of these, but
/// hardly their sum, a part of the trace: each becomes their mean, or 0 where that is a small part of what rounding did to one.
/// Without negative ones that holds down to the reach of the spectrum's own rounding in double: spectra decay, and
/// what lies below epsilon(float) times the largest can be a ten-thousandth of a score. Orders below 1 see more
/// than there is: vendi_result::score_at.
/// @throws numeric_error  as `entropy`
template <real T>
void clean_spectrum(std::vector<double>& lambda, index_t rank) {
  static_cast<void>(entropy(lambda));  // its checks
  std::ranges::sort(lambda, [](double a, double b) { return a > b; });
  constexpr double in_entries = std::numeric_limits<T>::epsilon(), in_spectrum = std::numeric_limits<double>::epsilon();
  const double reach = 4 * std::sqrt(static_cast<double>(lambda.size()));
  const double floor = std::clamp(-2 * lambda.back(), reach * in_spectrum * lambda.front(), reach * in_entries * lambda.front());
  const auto uncertain = std::ranges::find_if(lambda, [&](double l) { return l <= floor; });
  const double mass = std::accumulate(uncertain, lambda.end(), 0.0);
  const auto certain = static_cast<index_t>(uncertain - lambda.begin());
  lambda.resize(std::min(lambda.size(), static_cast<std::size_t>(rank)));
  const index_t count = static_cast<index_t>(lambda.size()) - certain;
  const double mean = count > 0 ? mass / static_cast<double>(count) : 0;
  const double least = floor / static_cast<double>(std::clamp<index_t>(count, 1, 32));
  for (auto i = static_cast<std::size_t>(certain); i < lambda.size(); ++i) lambda[i] = mean > least ? mean : 0;
  const double sum = std::accumulate(lambda.begin(), lambda.end(), 0.0);
  for (double& l : lambda) l /= sum;
}

}  // namespace prismatic
