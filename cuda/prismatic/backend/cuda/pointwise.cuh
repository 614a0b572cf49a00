/// The transformer's element-wise verbs by rows.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/rows.cuh>
#include <prismatic/backend/functors/pointwise.hpp>
#include <prismatic/backend/functors/pointwise_rows.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <cstdint>
#include <span>

namespace prismatic {

/// The formulas stand in backend/cpu/pointwise.hpp. Adjoints add. Each matrix is read from memory once, and written once.
/// Determinism: bitwise in the batch.
template <class Backend>
struct cuda_pointwise {
  using cuda = context<Backend>;
  static constexpr memory space = memory::device;

  template <real T>
  static void rms_norm(cuda& cx, input_matrix<T, space> x, input_vector<T, space> gain, input_scalar<T> epsilon,
                       matrix_view<T, space> y, vector_view<T, space> rstd) {
    detail::for_each_row(cx.resources().get(), x.rows(), x.cols(),
                         detail::rms_norm_row<T>{x.cols(), static_cast<double>(epsilon), x, gain.data(), y, rstd.data()});
  }

  template <real T>
  static void rms_norm_adjoint(cuda& cx, input_matrix<T, space> x, input_vector<T, space> gain, input_vector<T, space> rstd,
                               input_matrix<T, space> dy, const layout& sequences, matrix_view<T, space> dx,
                               matrix_view<T, space> dgain) {
    detail::for_each_row(cx.resources().get(), x.rows(), x.cols(),
                         detail::rms_norm_adjoint_row<T>{x.cols(), x, gain.data(), rstd.data(), dy, dx});
    const detail::along<thrust_cuda, row_range> ranges(cx, sequences.ranges());
    using term = detail::rms_norm_gain_term<T>;
    detail::for_each_element(cx, sequences.sequences(), dgain.cols(),
                             detail::add_segment<T, term>{{x, rstd.data(), dy}, ranges.data(), dgain});
  }

  template <real T>
  static void rope(cuda& cx, op direction, index_t head_dim, std::span<const std::int32_t> positions,
                   input_matrix<T, space> cosine, input_matrix<T, space> sine, input_matrix<T, space> x,
                   matrix_view<T, space> y) {
    const detail::along<thrust_cuda, std::int32_t> rows(cx, positions);
    const T sign = direction == op::none ? T{1} : T{-1};
    using pair = detail::rope_pair<T>;
    detail::for_each_row(cx.resources().get(), y.rows(), y.cols(),
                         detail::pairs_of_row<pair>{y.cols() / 2, pair{sign, head_dim / 2, rows.data(), cosine, sine, x, y}});
  }

  template <real T>
  static void swiglu(cuda& cx, input_matrix<T, space> gate, input_matrix<T, space> up, matrix_view<T, space> y) {
    detail::for_each_row(cx.resources().get(), y.rows(), y.cols(), detail::swiglu_row<T>{y.cols(), gate, up, y});
  }

  template <real T>
  static void swiglu_adjoint(cuda& cx, input_matrix<T, space> gate, input_matrix<T, space> up, input_matrix<T, space> dy,
                             matrix_view<T, space> dgate, matrix_view<T, space> dup) {
    detail::for_each_row(cx.resources().get(), dgate.rows(), dgate.cols(),
                         detail::swiglu_adjoint_row<T>{dgate.cols(), gate, up, dy, dgate, dup});
  }
};

}  // namespace prismatic
