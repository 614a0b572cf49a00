/// AdamW over all parameters of a model: schedule, clipping, step.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace prismatic {

/// How the learning rate rises and falls over a training run.
struct learning_rate_schedule {
  double peak = 1e-3;      ///< reached at the end of the warm-up
  double floor = 0;        ///< reached at the last step
  index_t warmup_steps = 0;
  index_t steps = 1;       ///< of the whole run, the warm-up included
};

/// The learning rate of step k = 1, 2, ...: a straight line peak k / warmup up to the peak, then half a cosine
/// down to the floor, where it stays  [Loshchilov & Hutter 2017, eq. 5, without restarts].
inline double learning_rate(const learning_rate_schedule& s, index_t step) {
  if (step < s.warmup_steps) return s.peak * static_cast<double>(step) / static_cast<double>(s.warmup_steps);
  const index_t decay = s.steps - s.warmup_steps;
  const double passed =
      decay <= 0 ? 1.0 : std::min(1.0, static_cast<double>(step - s.warmup_steps) / static_cast<double>(decay));
  constexpr double pi = 3.141592653589793;
  return step == s.warmup_steps ? s.peak : s.floor + (s.peak - s.floor) * 0.5 * (1 + std::cos(pi * passed));
}

struct adamw_options {
  double beta1 = 0.9;         ///< decay of the first moment
  double beta2 = 0.95;        ///< decay of the second moment
  double epsilon = 1e-8;      ///< added to the root of the second moment
  double weight_decay = 0.1;  ///< of matrices; parameters of one row (gains and biases) are not decayed
  double clip_norm = 1;       ///< largest norm of the whole gradient, longer ones are scaled to it; 0: no limit

  /// @throws option_error
  void check() const {
    require_option(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
                   "adamw: found beta1 " + std::to_string(beta1) + " and beta2 " + std::to_string(beta2) +
                       ", expected both in [0, 1)");
    require_option(epsilon > 0 && weight_decay >= 0 && clip_norm >= 0,
                   "adamw: epsilon must be positive, weight_decay and clip_norm at least zero");
  }
};

/// AdamW  [Loshchilov & Hutter 2019, algorithm 2] with the norm of the whole gradient clipped first. Keeps two
/// moments: 2 P scalars.
template <class B, real T>
class adamw_optimizer {
 public:
  /// The context and the parameters must outlive the optimizer. @throws option_error
  adamw_optimizer(context<B>& cx, parameter_set<T, B::space>& parameters, adamw_options options = {})
      : context_(cx), parameters_(parameters), options_(options) {
    options_.check();
    for (const parameter_info& info : parameters.infos()) {
      first_.emplace_back(info.rows, info.cols);
      second_.emplace_back(info.rows, info.cols);
    }
  }

  /// One step along the gradients of `sink`, anything with gradient(parameter_id): see accumulate_sink.
  /// Returns their norm before clipping. About 12 FLOP a parameter. Determinism: bitwise in threads.
  /// @throws numeric_error  the norm is not finite; no parameter has changed then
  template <class Gradients>
  double step(Gradients& sink, double learning_rate) {
    const double norm = gradient_norm(sink);
    if (!std::isfinite(norm))
      throw numeric_error("adamw: gradient norm at step " + std::to_string(steps_ + 1) + ": found " +
                          std::to_string(norm) + ", expected a finite number");
    adamw_step step{.learning_rate = learning_rate,
                    .beta1 = options_.beta1,
                    .beta2 = options_.beta2,
                    .epsilon = options_.epsilon,
                    .weight_decay = 0,
                    .gradient_scale = options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1,
                    .step = ++steps_};
    for (index_t i = 0; i < parameters_.size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      step.weight_decay = parameters_.info({i}).rows > 1 ? options_.weight_decay : 0;
      B::adamw(context_, step, sink.gradient({i}), parameters_.value({i}), first_[at].view(), second_[at].view());
    }
    return norm;
  }

  /// How many steps were taken.
  [[nodiscard]] index_t steps() const noexcept { return steps_; }

 private:
  template <class Gradients>
  double gradient_norm(Gradients& sink) {
    index_t rows = 0;
    for (const parameter_info& info : parameters_.infos()) rows += info.rows;
    const scratch_matrix<T, B::space> norms(context_.scratch(), 1, rows);  // of all parameters: a device is waited for once
    rows = 0;
    for (index_t i = 0; i < parameters_.size(); ++i) {
      const matrix_view<const T, B::space> gradient = sink.gradient(parameter_id{i});
      B::row_norms(context_, gradient, vector_view<T, B::space>(norms.data() + rows, gradient.rows()));
      rows += gradient.rows();
    }
    double squares = 0;
    for (const T norm : on_host(context_, norms.flat())) squares += static_cast<double>(norm) * static_cast<double>(norm);
    return std::sqrt(squares);
  }

  context<B>& context_;
  parameter_set<T, B::space>& parameters_;
  adamw_options options_;
  std::vector<matrix<T, B::space>> first_, second_;
  index_t steps_ = 0;
};

}  // namespace prismatic
