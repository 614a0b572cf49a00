/// Row-wise verbs by Thrust: scaled sums, norms, segment sums, gather, and scatter by a stable sort.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <span>

namespace prismatic {

/// Determinism: bitwise in the number of threads.
template <class System>
struct thrust_rows {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// Y += alpha X.
  template <real T>
  static void axpy(own& cx, input_scalar<T> alpha, input_matrix<T, space> x, matrix_view<T, space> y) {
    detail::for_each_element(cx, y.rows(), y.cols(), detail::add_element<T>{alpha, x, y});
  }

  /// Row i of C *= factors[i].
  template <real T>
  static void scale_rows(own& cx, input_vector<T, space> factors, matrix_view<T, space> c) {
    detail::for_each_element(cx, c.rows(), c.cols(), detail::scale_element<T>{factors.data(), c});
  }

  /// norms[i] = |row i of X|_2, summed in double: no float row overflows before its norm does.
  template <real T>
  static void row_norms(own& cx, input_matrix<T, space> x, vector_view<T, space> norms) {
    detail::sum_rows(cx, x.rows(), x.cols(), detail::product_term<T>{x, x}, detail::store_root<T>{norms.data()});
  }

  /// dots[i] = <row i of A, row i of B>, summed in double.
  template <real T>
  static void row_dots(own& cx, input_matrix<T, space> a, input_matrix<T, space> b, vector_view<T, space> dots) {
    detail::sum_rows(cx, a.rows(), a.cols(), detail::product_term<T>{a, b}, detail::store_sum<T>{dots.data()});
  }

  /// Row s of C += the sum of X's rows in sequence s, summed in double.
  template <real T>
  static void segment_sum(own& cx, input_matrix<T, space> x, const layout& sequences, matrix_view<T, space> c) {
    const detail::along<System, row_range> ranges(cx, sequences.ranges());
    detail::for_each_element(
        cx, sequences.sequences(), x.cols(),
        detail::add_segment<T, detail::element_term<T>>{{x}, ranges.data(), c});
  }

  /// Row t of C = row ids[t] of X.
  template <real T>
  static void gather_rows(own& cx, input_matrix<T, space> x, std::span<const token_id> ids, matrix_view<T, space> c) {
    const detail::along<System, token_id> rows(cx, ids);
    detail::for_each_element(cx, c.rows(), c.cols(), detail::gather_element<T>{x, rows.data(), c});
  }

  /// Row ids[t] of C += row t of X, in order of t: the ids are sorted, and each has one adder a column.
  template <real T>
  static void scatter_rows(own& cx, input_matrix<T, space> x, std::span<const token_id> ids, matrix_view<T, space> c) {
    const index_t count = x.rows();
    if (x.empty()) return;
    const detail::along<System, token_id> rows(cx, ids);
    const scratch_matrix<token_id, space> sorted(cx.scratch(), 1, count);
    const scratch_matrix<index_t, space> order(cx.scratch(), 1, count);
    detail::sort_places(cx, rows.data(), count, sorted.data(), order.data());
    detail::for_each_element(cx, count, x.cols(),
                             detail::scatter_element<T>{x, sorted.data(), order.data(), count, c});
  }
};

}  // namespace prismatic
