/// The weighted negative log-likelihood of target tokens on the CPU, and its gradient in place.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace prismatic {

template <class Kernels>
struct cpu_cross_entropy {
  using cpu = context<cpu_backend<Kernels>>;

  /// losses[t] = weights[t] (ln sum_j exp(z_tj) - z_t,target), in nats; the logits z(T,V) become the gradient
  /// weights[t] (softmax(z_t) - onehot(target)).
  ///
  /// A row of weight 0 becomes zeros and its target is not read. Exponentials are summed in double.
  /// Cost: three passes over z. Determinism: bitwise in threads.
  template <real T>
  static void cross_entropy(cpu& cx, matrix_view<T> logits, std::span<const token_id> targets,
                            input_vector<T> weights, vector_view<T> losses) {
    // Rows of weight 0 come in runs (prompts): small tasks keep the threads level.
    const index_t rows = logits.rows();
    const index_t chunk = 1 + worth_a_task / std::max<index_t>(1, logits.cols());
    cx.team().for_each((rows + chunk - 1) / chunk, [&](index_t task, int) {
      vectorised([&] {
        for (index_t t = task * chunk; t < std::min(rows, (task + 1) * chunk); ++t)
          losses[t] = weights[t] == T{0}
                          ? clear(logits.row(t), logits.cols())
                          : row(logits.row(t), logits.cols(), targets[static_cast<std::size_t>(t)], weights[t]);
      });
    });
  }

 private:
  static constexpr index_t worth_a_task = 1 << 13;  // elements

  template <class T>
  static T clear(T* z, index_t n) {
    std::fill_n(z, n, T{0});
    return T{0};
  }

  template <class T>
  static T row(T* z, index_t n, token_id target, T weight) {
    const T top = greatest(z, n);
    const double margin = static_cast<double>(top) - static_cast<double>(z[target]);
    for (index_t j = 0; j < n; ++j) z[j] = exponential(z[j] - top);
    const double sum = wide_sum(n, [=](index_t j) { return static_cast<double>(z[j]); });
    const auto factor = static_cast<T>(static_cast<double>(weight) / sum);
    for (index_t j = 0; j < n; ++j) z[j] *= factor;
    z[target] -= weight;
    return static_cast<T>(static_cast<double>(weight) * (margin + std::log(sum)));
  }
};

}  // namespace prismatic
