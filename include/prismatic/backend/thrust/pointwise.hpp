/// The transformer's element-wise verbs by Thrust with their adjoints, and the AdamW step.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/pointwise.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <cmath>
#include <cstdint>
#include <span>

namespace prismatic {

/// The formulas stand in backend/cpu/pointwise.hpp. Adjoints add. Determinism: bitwise in the number of threads.
template <class System>
struct thrust_pointwise {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  template <real T>
  static void rms_norm(own& cx, input_matrix<T, space> x, input_vector<T, space> gain, input_scalar<T> epsilon,
                       matrix_view<T, space> y, vector_view<T, space> rstd) {
    detail::sum_rows(cx, x.rows(), x.cols(), detail::product_term<T>{x, x},
                     detail::store_rstd<T>{rstd.data(), static_cast<double>(epsilon), x.cols()});
    detail::for_each_element(cx, y.rows(), y.cols(),
                             detail::rms_norm_element<T>{x, gain.data(), rstd.data(), y});
  }

  template <real T>
  static void rms_norm_adjoint(own& cx, input_matrix<T, space> x, input_vector<T, space> gain,
                               input_vector<T, space> rstd, input_matrix<T, space> dy, const layout& sequences,
                               matrix_view<T, space> dx, matrix_view<T, space> dgain) {
    const scratch_matrix<T, space> along(cx.scratch(), 1, x.rows());
    detail::sum_rows(cx, x.rows(), x.cols(), detail::rms_norm_projection_term<T>{x, gain.data(), dy},
                     detail::store_rms_norm_along<T>{rstd.data(), x.cols(), along.data()});
    detail::for_each_element(
        cx, dx.rows(), dx.cols(),
        detail::rms_norm_adjoint_element<T>{x, gain.data(), rstd.data(), along.data(), dy, dx});
    const detail::along<System, row_range> ranges(cx, sequences.ranges());
    using term = detail::rms_norm_gain_term<T>;
    detail::for_each_element(cx, sequences.sequences(), dgain.cols(),
                             detail::add_segment<T, term>{{x, rstd.data(), dy}, ranges.data(), dgain});
  }

  template <real T>
  static void rope(own& cx, op direction, index_t head_dim, std::span<const std::int32_t> positions,
                   input_matrix<T, space> cosine, input_matrix<T, space> sine, input_matrix<T, space> x,
                   matrix_view<T, space> y) {
    const detail::along<System, std::int32_t> rows(cx, positions);
    const T sign = direction == op::none ? T{1} : T{-1};
    detail::for_each_element(cx, y.rows(), y.cols() / 2,
                             detail::rope_pair<T>{sign, head_dim / 2, rows.data(), cosine, sine, x, y});
  }

  template <real T>
  static void swiglu(own& cx, input_matrix<T, space> gate, input_matrix<T, space> up, matrix_view<T, space> y) {
    detail::for_each_element(cx, y.rows(), y.cols(), detail::swiglu_element<T>{gate, up, y});
  }

  template <real T>
  static void swiglu_adjoint(own& cx, input_matrix<T, space> gate, input_matrix<T, space> up,
                             input_matrix<T, space> dy, matrix_view<T, space> dgate, matrix_view<T, space> dup) {
    detail::for_each_element(cx, dgate.rows(), dgate.cols(),
                             detail::swiglu_adjoint_element<T>{gate, up, dy, dgate, dup});
  }

  template <real T>
  static void adamw(own& cx, const adamw_step& step, input_matrix<T, space> gradient, matrix_view<T, space> parameter,
                    matrix_view<T, space> first, matrix_view<T, space> second) {
    const auto k = static_cast<double>(step.step);
    detail::for_each_element(
        cx, parameter.rows(), parameter.cols(),
        detail::adamw_element<T>{.scale = static_cast<T>(step.gradient_scale),
                                 .beta1 = static_cast<T>(step.beta1),
                                 .fresh1 = static_cast<T>(1.0 - step.beta1),
                                 .beta2 = static_cast<T>(step.beta2),
                                 .fresh2 = static_cast<T>(1.0 - step.beta2),
                                 .keep = static_cast<T>(1.0 - step.learning_rate * step.weight_decay),
                                 .rate = static_cast<T>(step.learning_rate / (1.0 - std::pow(step.beta1, k))),
                                 .unbias2 = static_cast<T>(1.0 / (1.0 - std::pow(step.beta2, k))),
                                 .epsilon = static_cast<T>(step.epsilon),
                                 .gradient = gradient,
                                 .parameter = parameter,
                                 .first = first,
                                 .second = second});
  }
};

}  // namespace prismatic
