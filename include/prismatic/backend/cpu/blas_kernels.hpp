/// Eigenvectors by LAPACK (OpenBLAS, OpenMP build), for a CPU backend. The OpenMP thread count is a
/// setting of the calling thread, not of the process: a guard lowers it for one call and puts it back.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>

#include <cblas.h>
#include <lapacke.h>
#include <omp.h>

#include <concepts>
#include <string>
#include <string_view>

namespace prismatic {

struct blas_kernels {
  static constexpr std::string_view name = "cpu-blas";

  /// Brings OpenBLAS to one thread before several of ours call it at once: it rearranges its buffers, without
  /// a lock, whenever it meets another thread count than at its last call.
  static void prepare() {
    static const bool done = [] {
      const double one = 1;
      double product = 0;
      const one_thread guard;
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, &one, 1, &one, 1, 0, &product, 1);
      return true;
    }();
    (void)done;
  }

  /// Eigenvalues of the symmetric `c`, ascending; row i of c becomes the eigenvector of w[i]. LAPACK's divide and
  /// conquer.
  /// @throws numeric_error  no convergence
  template <class T>
  static void eigensystem(matrix_view<T> c, vector_view<T> w) {
    if (c.empty()) return;
    const one_thread guard;
    const int n = narrow<int>(c.rows()), ld = narrow<int>(leading(c));
    // A symmetric matrix reads the same in column-major order, where LAPACK leaves eigenvector i in
    // column i: our row i. No transposition, no copy.
    lapack_int info = 0;
    if constexpr (std::same_as<T, float>)
      info = LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', n, c.data(), ld, w.data());
    else
      info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, c.data(), ld, w.data());
    if (info != 0)
      throw numeric_error("eigenvalues: LAPACK syevd answered " + std::to_string(info) + " for a matrix of order " +
                          std::to_string(n));
  }

 private:
  class one_thread {
   public:
    one_thread() : before_(omp_get_max_threads()) {
      if (before_ != 1) omp_set_num_threads(1);
    }
    one_thread(const one_thread&) = delete;
    one_thread& operator=(const one_thread&) = delete;
    ~one_thread() {
      if (before_ != 1) omp_set_num_threads(before_);
    }

   private:
    int before_;
  };

  template <class T>
  static index_t leading(matrix_view<T> m) {
    return m.stride() > 0 ? m.stride() : 1;
  }
};

}  // namespace prismatic
