/// Eigenvectors by Eigen, for a CPU backend.
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
  static auto map(matrix_view<T> m) {
    return Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>, 0, Eigen::OuterStride<>>(
        m.data(), m.rows(), m.cols(), Eigen::OuterStride<>(m.stride()));
  }
};

}  // namespace prismatic
