/// Row-wise verbs on the CPU: scaled sums, norms, segment sums, gather and scatter.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/bfloat16.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace prismatic {

/// All of them stream their matrices once. Determinism: bitwise in the number of threads.
template <class Kernels>
struct cpu_rows {
  using cpu = context<cpu_backend<Kernels>>;

  /// Y += alpha X.
  template <real T>
  static void axpy(cpu& cx, input_scalar<T> alpha, input_matrix<T> x, matrix_view<T> y) {
    each_row(cx, y, [=](index_t i) { add(alpha, x.row(i), y.row(i), y.cols()); });
  }

  /// Row i of C *= factors[i].
  template <real T>
  static void scale_rows(cpu& cx, input_vector<T> factors, matrix_view<T> c) {
    each_row(cx, c, [=](index_t i) {
      T* const row = c.row(i);
      const T factor = factors[i];
      for (index_t j = 0; j < c.cols(); ++j) row[j] *= factor;
    });
  }

  /// norms[i] = |row i of X|_2, summed in double: no float row overflows before its norm does.
  template <real T>
  static void row_norms(cpu& cx, input_matrix<T> x, vector_view<T> norms) {
    each_row(cx, x,
             [=](index_t i) { norms[i] = static_cast<T>(std::sqrt(wide_dot(x.row(i), x.row(i), x.cols()))); });
  }

  /// dots[i] = <row i of A, row i of B>, summed in double.
  template <real T>
  static void row_dots(cpu& cx, input_matrix<T> a, input_matrix<T> b, vector_view<T> dots) {
    each_row(cx, a, [=](index_t i) { dots[i] = static_cast<T>(wide_dot(a.row(i), b.row(i), a.cols())); });
  }

  /// Row s of C += the sum of X's rows in sequence s, summed in double.
  template <real T>
  static void segment_sum(cpu& cx, input_matrix<T> x, const layout& sequences, matrix_view<T> c) {
    each_column_part(cx, x, [&](index_t begin, index_t end) {
      for (index_t s = 0; s < sequences.sequences(); ++s)
        add_column_sums(
            sequences[s], begin, end, [=](index_t t, index_t j) { return static_cast<double>(x(t, j)); },
            c.row(s));
    });
  }

  /// Row t of C = row ids[t] of X.
  template <real T>
  static void gather_rows(cpu& cx, input_matrix<T> x, std::span<const token_id> ids, matrix_view<T> c) {
    each_row(cx, c,
             [=](index_t t) { std::copy_n(x.row(ids[static_cast<std::size_t>(t)]), c.cols(), c.row(t)); });
  }
  /// The same from rows of bfloat16.
  static void gather_rows(cpu& cx, matrix_view<const bf16> x, std::span<const token_id> ids, matrix_view<float> c) {
    each_row(cx, c, [=](index_t t) {
      const bf16* const from = x.row(ids[static_cast<std::size_t>(t)]);
      for (index_t j = 0; j < c.cols(); ++j) c.row(t)[j] = from[j];
    });
  }

  /// Row ids[t] of C += row t of X, in order of t: each thread takes all rows and a part of the columns.
  template <real T>
  static void scatter_rows(cpu& cx, input_matrix<T> x, std::span<const token_id> ids, matrix_view<T> c) {
    each_column_part(cx, x, [=](index_t begin, index_t end) {
      for (index_t t = 0; t < x.rows(); ++t)
        add(T{1}, x.row(t) + begin, c.row(ids[static_cast<std::size_t>(t)]) + begin, end - begin);
    });
  }

 private:
  static constexpr index_t worth_a_thread = 1 << 15;  // elements: some 10 microseconds of memory traffic

  template <class View, class F>
  static void each_row(cpu& cx, View shape, F&& body) {
    cx.team().for_range(shape.rows(), 1 + worth_a_thread / std::max<index_t>(1, shape.cols()),
                        [&](index_t begin, index_t end, int) {
                          vectorised([&] {
                            for (index_t i = begin; i < end; ++i) body(i);
                          });
                        });
  }

  // Parts are whole cache lines wide where the row stride allows it.
  template <class View, class F>
  static void each_column_part(cpu& cx, View shape, F&& body) {
    constexpr index_t line = 16;
    const index_t lines = (shape.cols() + line - 1) / line;
    cx.team().for_range(
        lines, 1 + worth_a_thread / (line * std::max<index_t>(1, shape.rows())),
        [&](index_t begin, index_t end, int) {
          vectorised([&] { body(begin * line, std::min(end * line, shape.cols())); });
        });
  }

  template <class T>
  static void add(T alpha, const T* x, T* y, index_t n) {
    for (index_t j = 0; j < n; ++j) y[j] += alpha * x[j];
  }
};

}  // namespace prismatic
