/// Serial dense kernels by Eigen: what a CPU backend runs inside one thread.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <string_view>

namespace prismatic {

struct eigen_kernels {
  static constexpr std::string_view name = "cpu-eigen";

  /// C(m,n) <- alpha op(A) op(B) + beta C on the calling thread. 2 m n k FLOP.
  template <class T>
  static void gemm(op a_op, op b_op, T alpha, matrix_view<const T> a, matrix_view<const T> b, T beta,
                   matrix_view<T> c) {
    const auto A = map(a);
    const auto B = map(b);
    auto C = map(c);
    if (beta == T{0})
      C.setZero();
    else if (beta != T{1})
      C *= beta;
    if (a_op == op::none && b_op == op::none)
      C.noalias() += alpha * (A * B);
    else if (a_op == op::none)
      C.noalias() += alpha * (A * B.transpose());
    else if (b_op == op::none)
      C.noalias() += alpha * (A.transpose() * B);
    else
      C.noalias() += alpha * (A.transpose() * B.transpose());
  }

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 doubts Eigen's maxCoeff of a matrix that is not empty
#endif

  /// Eigenvalues of the symmetric `c` (its lower triangle is read), ascending; row i of c becomes the eigenvector
  /// of w[i]. About 9 m^3 FLOP.
  /// @throws numeric_error  no convergence
  template <class T>
  static void eigensystem(matrix_view<T> c, vector_view<T> w) {
    if (c.empty()) return;
    using dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    const Eigen::SelfAdjointEigenSolver<dense> solver(dense(map(c)), Eigen::ComputeEigenvectors);
    if (solver.info() != Eigen::Success)
      throw numeric_error("eigenvalues: the QR iteration did not converge for a matrix of order " +
                          std::to_string(c.rows()));
    std::copy_n(solver.eigenvalues().data(), w.size(), w.data());
    map(c) = solver.eigenvectors().transpose();
  }

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

 private:
  template <class T>
  using row_major = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  template <class T>
  using mapped =
      Eigen::Map<std::conditional_t<std::is_const_v<T>, const row_major<T>, row_major<T>>, 0, Eigen::OuterStride<>>;

  template <class T>
  static mapped<T> map(matrix_view<T> m) {
    return {m.data(), m.rows(), m.cols(), Eigen::OuterStride<>(m.stride())};
  }
};

}  // namespace prismatic
