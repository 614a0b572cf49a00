/// Products by the system's own kernels, and spectra on the host.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/eigen_kernels.hpp>
#include <prismatic/backend/cpu/eigenvalues.hpp>
#include <prismatic/backend/functors/column_products.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>

namespace prismatic {

template <class System>
struct thrust_dense {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C. 2 m n k FLOP. Determinism: run_to_run.
  template <real T>
  static void gemm(own& cx, op a_op, op b_op, input_scalar<T> alpha, input_matrix<T, space> a, input_matrix<T, space> b,
                   input_scalar<T> beta, matrix_view<T, space> c) {
    System::template gemm<T>(cx, a_op, b_op, alpha, a, b, beta, c);
  }

  /// C <- alpha op(A) op(A)' + beta C, C symmetric: the lower triangle by the system, then its mirror image.
  template <real T>
  static void syrk(own& cx, op a_op, input_scalar<T> alpha, input_matrix<T, space> a, input_scalar<T> beta,
                   matrix_view<T, space> c) {
    System::template symmetric_product<T>(cx, a_op, alpha, a, beta, c);
    detail::for_each_element(cx, c.rows(), c.cols(), detail::mirror_element<T>{c});
  }

  /// C(m, m) <- alpha sum_t factors[t]^2 a_t' a_t + beta C on the host, a_t the row rows[t] of A; without rows every row,
  /// without factors once. Scaled rows are multiplied 2048 at a time, up to eight such products beside each other, and these
  /// are added up in double. Of 65536 float rows and more, a system with TF32 rounds each to 11 significant bits first: an
  /// entry then errs by some 1e-6 of the largest, much as it does by sums in float (docs/method.md). 2 m^2 FLOP a row,
  /// some 100 MB of scratch.
  template <real T>
  static void syrk_of_rows(own& cx, double alpha, matrix_view<const T, space> a, std::span<const index_t> rows,
                           std::span<const double> factors, double beta, matrix_view<double> c) {
    constexpr index_t depth = 2048, most_elements = index_t{1} << 24;
    const index_t m = a.cols(), n = rows.empty() ? a.rows() : static_cast<index_t>(rows.size());
    const index_t together = std::clamp<index_t>(most_elements / (depth * m), 1, 8), most = std::min(n, depth * together);
    const scratch_matrix<T, space> scaled(cx.scratch(), most, m), products(cx.scratch(), together * m, m);
    const scratch_matrix<double, space> sum(cx.scratch(), m, m);
    const bool rounded = System::has_tf32 && std::same_as<T, float> && n >= rows_worth_rounding;
    sum.zero();
    for (index_t first = 0, count = 0; first < n; first += count) {
      const index_t left = n - first, parts = std::clamp<index_t>(left / depth, 1, together);
      count = std::min(left, depth * parts);
      const auto part = [&](auto all) {
        return all.empty() ? all : all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      };
      const detail::along<System, index_t> ids(cx, part(rows));
      const detail::along<System, double> scales(cx, part(factors));
      const auto tile = scaled.view().middle_rows(0, count);
      detail::for_each_element(cx, count, m,
                               detail::scaled_element<T>{a, first, rows.empty() ? nullptr : ids.data(),
                                                         factors.empty() ? nullptr : scales.data(), rounded, tile});
      System::template column_products<T>(cx, rounded, matrix_view<const T, space>(tile), parts,
                                          products.view().middle_rows(0, parts * m));
      detail::for_each_element(cx, m, m, detail::add_products<T>{parts, products.data(), sum.view(), m});
    }
    const auto found = on_host(cx, matrix_view<const double, space>(sum.view()));
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j <= i; ++j) {
        const double kept = beta == 0 ? 0 : beta * c(i, j);
        c(i, j) = c(j, i) = alpha * found(i, j) + kept;
      }
  }

  /// Row s of G(S, m n) = vec of A_s' X_s, one product a sequence.
  template <real T>
  static void segment_outer(own& cx, input_matrix<T, space> a, input_matrix<T, space> x, const layout& seq,
                            matrix_view<T, space> g) {
    for (index_t s = 0; s < seq.sequences(); ++s)
      System::template gemm<T>(cx, op::transpose, op::none, T{1}, a.middle_rows(seq[s].begin, seq[s].size()),
                               x.middle_rows(seq[s].begin, seq[s].size()), T{0},
                               matrix_view<T, space>(g.row(s), a.cols(), x.cols()));
  }

  /// w(m) <- the eigenvalues of the symmetric C, ascending, to some epsilon(T) times the largest and, root mean square,
  /// `of_mean` times their mean; C is left as scratch. On the host: C goes there, w comes back. @throws numeric_error  an entry is not finite
  template <real T>
  static void eigenvalues(own& cx, matrix_view<T, space> c, vector_view<T, space> w, double of_mean = 0) {
    on_the_host<T>(c, w, [&](matrix_view<T> there, vector_view<T> values) {
      detail::symmetric_eigenvalues<T>(cx.team(), cx.host_scratch(), there, values, of_mean);
    });
  }

  /// The same of a matrix that lies on the host already.
  static void eigenvalues(own& cx, matrix_view<double> c, vector_view<double> w, double of_mean = 0)
    requires(space != memory::host)
  {
    detail::symmetric_eigenvalues<double>(cx.team(), cx.host_scratch(), c, w, of_mean);
  }

  /// The same with eigenvectors: row i of C becomes the unit eigenvector of w[i].
  /// @throws numeric_error  no convergence
  template <real T>
  static void eigensystem(own&, matrix_view<T, space> c, vector_view<T, space> w) {
    on_the_host<T>(c, w, [](matrix_view<T> there, vector_view<T> values) { eigen_kernels::eigensystem<T>(there, values); });
  }

 private:
  static constexpr index_t rows_worth_rounding = index_t{1} << 16;

  template <class T, class F>
  static void on_the_host(matrix_view<T, space> c, vector_view<T, space> w, F&& solve) {
    if constexpr (space == memory::host) {
      solve(c, w);
    } else {
      matrix<T> there = copy_to_host(c), values(1, w.size());
      solve(there.view(), values.flat());
      copy_from_host(there.view(), c);
      copy_from_host(values.view(), matrix_view<T, space>(w.data(), 1, w.size()));
    }
  }
};

}  // namespace prismatic
