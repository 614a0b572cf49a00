/// Products by the system's own kernels, and spectra on the host.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/eigen_kernels.hpp>
#include <prismatic/backend/cpu/eigenvalues.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>

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

  /// The same with eigenvectors: row i of C becomes the unit eigenvector of w[i].
  /// @throws numeric_error  no convergence
  template <real T>
  static void eigensystem(own&, matrix_view<T, space> c, vector_view<T, space> w) {
    on_the_host<T>(c, w, [](matrix_view<T> there, vector_view<T> values) { eigen_kernels::eigensystem<T>(there, values); });
  }

 private:
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
