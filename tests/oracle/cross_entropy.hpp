/// Cross-entropy the obvious way, in double.
#pragma once

#include <prismatic/core/matrix.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace test::oracle {

using namespace prismatic;

/// log sum_j exp z_tj
inline double log_sum_exp(const matrix<double>& z, index_t t) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (index_t j = 0; j < z.cols(); ++j) top = std::max(top, z(t, j));
  for (index_t j = 0; j < z.cols(); ++j) sum += std::exp(z(t, j) - top);
  return top + std::log(sum);
}

/// weights[t] nll_t, and its gradient weights[t] (softmax - onehot). A row of weight 0 has no target.
struct cross_entropy_result {
  std::vector<double> losses, log_sums;
  matrix<double> gradient;
};

template <class T>
cross_entropy_result cross_entropy(const matrix<double>& z, std::span<const token_id> targets, std::span<const T> weights) {
  cross_entropy_result out{std::vector<double>(targets.size()), std::vector<double>(targets.size()),
                           matrix<double>(z.rows(), z.cols())};
  for (index_t t = 0; t < z.rows(); ++t) {
    const auto at = static_cast<std::size_t>(t);
    const auto w = static_cast<double>(weights[at]);
    if (w == 0) continue;
    const double lse = out.log_sums[at] = log_sum_exp(z, t);
    out.losses[at] = w * (lse - z(t, targets[at]));
    for (index_t j = 0; j < z.cols(); ++j) out.gradient(t, j) = w * (std::exp(z(t, j) - lse) - (j == targets[at]));
  }
  return out;
}

}  // namespace test::oracle
