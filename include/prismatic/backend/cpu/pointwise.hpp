/// The transformer's element-wise verbs on the CPU with their adjoints, and the AdamW step.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace prismatic {

/// Adjoints add. All stream their matrices once or twice. Determinism: bitwise in the number of threads.
template <class Kernels>
struct cpu_pointwise {
  using cpu = context<cpu_backend<Kernels>>;

  /// RMSNorm [Zhang & Sennrich 2019]: rstd_t = 1 / sqrt(mean_j x_tj^2 + epsilon), y_tj = x_tj rstd_t gain_j.
  template <real T>
  static void rms_norm(cpu& cx, input_matrix<T> x, input_vector<T> gain, input_scalar<T> epsilon,
                       matrix_view<T> y, vector_view<T> rstd) {
    const index_t n = x.cols();
    each_row(cx, y, [=](index_t t) {
      const double mean = wide_dot(x.row(t), x.row(t), n) / static_cast<double>(n);
      const T r = rstd[t] = static_cast<T>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
      scaled_product(r, x.row(t), gain.data(), y.row(t), n);
    });
  }

  /// dx_tj += r_t (u_tj - x_tj r_t^2 mean_i(u_ti x_ti)) with u = dy diag(gain), r = rstd;
  /// row s of dgain(S,c) += the sum over sequence s of dy_tj x_tj r_t.
  template <real T>
  static void rms_norm_adjoint(cpu& cx, input_matrix<T> x, input_vector<T> gain, input_vector<T> rstd,
                               input_matrix<T> dy, const layout& sequences, matrix_view<T> dx,
                               matrix_view<T> dgain) {
    each_row(cx, dx, [=](index_t t) {
      rms_norm_row_adjoint(x.row(t), gain.data(), rstd[t], dy.row(t), dx.row(t), dx.cols());
    });
    gain_adjoint(cx, x, rstd, dy, sequences, dgain);
  }

  /// Rotary positions [Su et al. 2021] with the two halves of a head as the pair's parts: for i < head_dim / 2,
  ///
  ///   y_i = x_i c - x_j s,   y_j = x_j c + x_i s,   j = i + head_dim / 2,   c, s = cos, sin(position, i)
  ///
  /// op::transpose turns the other way, which is both the inverse and the adjoint. Y may be X.
  template <real T>
  static void rope(cpu& cx, op direction, index_t head_dim, std::span<const std::int32_t> positions,
                   input_matrix<T> cos, input_matrix<T> sin, input_matrix<T> x, matrix_view<T> y) {
    const T sign = direction == op::none ? T{1} : T{-1};
    each_row(cx, y, [=](index_t t) {
      const index_t position = positions[static_cast<std::size_t>(t)];
      for (index_t first = 0; first < y.cols(); first += head_dim)
        rotate(sign, cos.row(position), sin.row(position), x.row(t) + first, y.row(t) + first, head_dim / 2);
    });
  }

  /// y = silu(gate) up, silu(g) = g / (1 + exp(-g)) [Shazeer 2020].
  template <real T>
  static void swiglu(cpu& cx, input_matrix<T> gate, input_matrix<T> up, matrix_view<T> y) {
    each_row(cx, y, [=](index_t t) { swiglu_row(gate.row(t), up.row(t), y.row(t), y.cols()); });
  }

  /// dgate = dy up silu'(gate), dup = dy silu(gate).
  template <real T>
  static void swiglu_adjoint(cpu& cx, input_matrix<T> gate, input_matrix<T> up, input_matrix<T> dy,
                             matrix_view<T> dgate, matrix_view<T> dup) {
    each_row(cx, dgate, [=](index_t t) {
      swiglu_row_adjoint(gate.row(t), up.row(t), dy.row(t), dgate.row(t), dup.row(t), dgate.cols());
    });
  }

  /// One AdamW step on `parameter` and its two moments; the decay is decoupled from the gradient.
  template <real T>
  static void adamw(cpu& cx, const adamw_step& step, input_matrix<T> gradient, matrix_view<T> parameter,
                    matrix_view<T> first, matrix_view<T> second) {
    const auto k = static_cast<double>(step.step);
    const adamw_factors<T> f{.scale = static_cast<T>(step.gradient_scale),
                             .beta1 = static_cast<T>(step.beta1),
                             .fresh1 = static_cast<T>(1.0 - step.beta1),
                             .beta2 = static_cast<T>(step.beta2),
                             .fresh2 = static_cast<T>(1.0 - step.beta2),
                             .keep = static_cast<T>(1.0 - step.learning_rate * step.weight_decay),
                             .rate = static_cast<T>(step.learning_rate / (1.0 - std::pow(step.beta1, k))),
                             .unbias2 = static_cast<T>(1.0 / (1.0 - std::pow(step.beta2, k))),
                             .epsilon = static_cast<T>(step.epsilon)};
    each_row(cx, parameter, [=](index_t i) {
      adamw_row(f, gradient.row(i), parameter.row(i), first.row(i), second.row(i), parameter.cols());
    });
  }

 private:
  static constexpr index_t worth_a_thread = 1 << 13;  // elements: some 10 microseconds of arithmetic

  template <class T, class F>
  static void each_row(cpu& cx, matrix_view<T> shape, F&& body) {
    cx.team().for_range(shape.rows(), 1 + worth_a_thread / std::max<index_t>(1, shape.cols()),
                        [&](index_t begin, index_t end, int) {
                          vectorised([&] {
                            for (index_t i = begin; i < end; ++i) body(i);
                          });
                        });
  }

  template <class T>
  static void scaled_product(T factor, const T* x, const T* gain, T* y, index_t n) {
    for (index_t j = 0; j < n; ++j) y[j] = x[j] * factor * gain[j];
  }

  template <class T>
  static void rms_norm_row_adjoint(const T* x, const T* gain, T r, const T* dy, T* dx, index_t n) {
    const double projection = wide_sum(n, [=](index_t j) {
      return static_cast<double>(dy[j]) * static_cast<double>(gain[j]) * static_cast<double>(x[j]);
    });
    const auto wide = static_cast<double>(r);
    const auto along = static_cast<T>(wide * wide * wide * projection / static_cast<double>(n));
    for (index_t j = 0; j < n; ++j) dx[j] += r * dy[j] * gain[j] - x[j] * along;
  }

  // Split by columns, so that each sum has one thread and one order.
  template <class T>
  static void gain_adjoint(cpu& cx, matrix_view<const T> x, vector_view<const T> rstd, matrix_view<const T> dy,
                           const layout& sequences, matrix_view<T> dgain) {
    constexpr index_t line = 16;
    const index_t n = dgain.cols(), lines = (n + line - 1) / line;
    const auto term = [=](index_t t, index_t j) { return static_cast<double>(dy(t, j) * x(t, j) * rstd[t]); };
    cx.team().for_range(lines, 1 + worth_a_thread / (line * std::max<index_t>(1, x.rows())),
                        [&](index_t begin, index_t end, int) {
                          vectorised([&] {
                            for (index_t s = 0; s < sequences.sequences(); ++s)
                              add_column_sums(sequences[s], begin * line, std::min(end * line, n), term,
                                              dgain.row(s));
                          });
                        });
  }

  template <class T>
  static void rotate(T sign, const T* cos, const T* sin, const T* x, T* y, index_t half) {
    for (index_t i = 0; i < half; ++i) {
      const T a = x[i], b = x[i + half], c = cos[i], s = sign * sin[i];
      y[i] = a * c - b * s;
      y[i + half] = b * c + a * s;
    }
  }

  template <class T>
  static void swiglu_row(const T* gate, const T* up, T* y, index_t n) {
    for (index_t j = 0; j < n; ++j) y[j] = gate[j] / (T{1} + exponential(-gate[j])) * up[j];
  }

  template <class T>
  static void swiglu_row_adjoint(const T* gate, const T* up, const T* dy, T* dgate, T* dup, index_t n) {
    for (index_t j = 0; j < n; ++j) {
      const T g = gate[j], sigmoid = T{1} / (T{1} + exponential(-g));
      dgate[j] = dy[j] * up[j] * sigmoid * (T{1} + g * (T{1} - sigmoid));
      dup[j] = dy[j] * g * sigmoid;
    }
  }

  template <class T>
  struct adamw_factors {
    T scale, beta1, fresh1, beta2, fresh2, keep, rate, unbias2, epsilon;
  };

  template <class T>
  static void adamw_row(const adamw_factors<T>& f, const T* gradient, T* parameter, T* first, T* second,
                        index_t n) {
    for (index_t j = 0; j < n; ++j) {
      const T g = f.scale * gradient[j];
      first[j] = f.beta1 * first[j] + f.fresh1 * g;
      second[j] = f.beta2 * second[j] + f.fresh2 * g * g;
      parameter[j] = f.keep * parameter[j] - f.rate * first[j] / (std::sqrt(second[j] * f.unbias2) + f.epsilon);
    }
  }
};

}  // namespace prismatic
