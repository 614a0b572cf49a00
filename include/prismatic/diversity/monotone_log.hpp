/// The logarithm as a sum of resolvents, so that it can follow a matrix through changes of rank one.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace prismatic {

/// log(x) = int_0^inf 1/(1 + t) - 1/(x + t) dt, by the trapezoid rule in s = ln t:
///
///   f(x) = sum_k w_k (1/(1 + t_k) - 1/(x + t_k)),   t_k = exp(s_k), w_k = 2 t_k, s_k two apart
///
/// All w_k are positive, so f is operator monotone like log itself: A <= B implies f(A) <= f(B). Within 0.02
/// of log, but for a constant, on [least, most]: 0.01 for the part of the integral below least / 100, as much
/// for that above 100 most, and 0.001 for the step of two, whose error is 2 pi / sinh(pi^2).
class monotone_log {
 public:
  /// @throws option_error  unless 0 < least <= most, both finite
  monotone_log(double least, double most) {
    require_option(least > 0 && least <= most && std::isfinite(most),
                   "monotone_log: expected 0 < least <= most");
    constexpr double step = 2;
    const double first = std::log(least / 100) + step / 2, end = std::log(most * 100) + step / 2;
    for (index_t k = 0; first + step * static_cast<double>(k) < end; ++k)
      shifts_.push_back(std::exp(first + step * static_cast<double>(k)));
  }

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(shifts_.size()); }
  [[nodiscard]] double shift(index_t k) const noexcept { return shifts_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] double weight(index_t k) const noexcept { return 2 * shift(k); }

  [[nodiscard]] double operator()(double x) const noexcept {
    double sum = 0;
    for (index_t k = 0; k < size(); ++k) sum += weight(k) * (1 / (1 + shift(k)) - 1 / (x + shift(k)));
    return sum;
  }

 private:
  std::vector<double> shifts_;
};

}  // namespace prismatic
