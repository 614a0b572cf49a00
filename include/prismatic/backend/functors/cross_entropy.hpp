/// The steps of a row's cross-entropy: the greatest logit, the sum of exponentials, the gradient.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

/// The greatest logit of a row of weight other than 0.
template <class T>
struct top_logit {
  using value = T;
  strided_rows<T> logits;
  const T* weights;
  T lowest;
  PRISMATIC_HOST_DEVICE T start() const { return lowest; }
  PRISMATIC_HOST_DEVICE void step(T& top, index_t t, index_t j) const {
    if (weights[t] != T{0} && logits[t][j] > top) top = logits[t][j];
  }
  PRISMATIC_HOST_DEVICE void merge(T& top, T other) const { top = other > top ? other : top; }
};

/// Keeps the greatest logit and how far the target's is below it, which the exponentials overwrite.
template <class T>
struct store_top {
  strided_rows<T> logits;
  const T* weights;
  const token_id* targets;
  T* tops;
  double* margins;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, T top) const {
    tops[t] = top;
    if (weights[t] != T{0}) margins[t] = static_cast<double>(top) - static_cast<double>(logits[t][targets[t]]);
  }
};

/// Turns logits into exp(z - top) and adds them in double; rows of weight 0 become zeros.
template <class T>
struct exponential_sum {
  using value = double;
  strided_rows<T> logits;
  const T* weights;
  const T* tops;
  PRISMATIC_HOST_DEVICE double start() const { return 0; }
  PRISMATIC_HOST_DEVICE void step(double& sum, index_t t, index_t j) const {
    T& z = logits[t][j];
    z = weights[t] == T{0} ? T{0} : std::exp(z - tops[t]);
    sum += static_cast<double>(z);
  }
  PRISMATIC_HOST_DEVICE void merge(double& sum, double other) const { sum += other; }
};

/// losses[t] = weight (margin + ln sum); factors[t] = weight / sum.
template <class T>
struct store_loss {
  const T* weights;
  const double* margins;
  T* factors;
  T* losses;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, double sum) const {
    const auto weight = static_cast<double>(weights[t]);
    const bool counts = weights[t] != T{0};
    factors[t] = counts ? static_cast<T>(weight / sum) : T{0};
    losses[t] = counts ? static_cast<T>(weight * (margins[t] + std::log(sum))) : T{0};
  }
};

/// z_tj = factor_t z_tj - weight_t [j is the target].
template <class T>
struct loss_gradient_element {
  strided_rows<T> logits;
  const T* weights;
  const T* factors;
  const token_id* targets;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const {
    if (weights[t] == T{0}) return;
    logits[t][j] = factors[t] * logits[t][j] - (j == targets[t] ? weights[t] : T{0});
  }
};

}  // namespace prismatic::detail
