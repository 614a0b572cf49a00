/// Spectra by cuSOLVER's divide and conquer, on the device.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <cusolverDn.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

namespace prismatic {

/// @throws backend_error unless the call succeeded
inline void check_cusolver(cusolverStatus_t status, const char* who, call_site at = call_site::here()) {
  if (status == CUSOLVER_STATUS_SUCCESS) [[likely]]
    return;
  throw backend_error(std::string(who) + ": cuSOLVER status " + std::to_string(static_cast<int>(status)), at);
}

/// A cuSOLVER handle bound to a stream.
class cuda_solver {
 public:
  /// @throws backend_error
  explicit cuda_solver(cudaStream_t stream) {
    check_cusolver(::cusolverDnCreate(&handle_), "CUDA context");
    if (const cusolverStatus_t status = ::cusolverDnCreateParams(&params_); status != CUSOLVER_STATUS_SUCCESS) {
      static_cast<void>(::cusolverDnDestroy(handle_));
      check_cusolver(status, "CUDA context");
    }
    static_cast<void>(::cusolverDnSetStream(handle_, stream));
  }
  cuda_solver(const cuda_solver&) = delete;
  cuda_solver& operator=(const cuda_solver&) = delete;
  ~cuda_solver() {
    static_cast<void>(::cusolverDnDestroyParams(params_));
    static_cast<void>(::cusolverDnDestroy(handle_));
  }

  /// w <- the eigenvalues of C, whose lower triangle is read, ascending; with `vectors`, row i of C becomes the unit
  /// eigenvector of w[i] (cuSOLVER's columns are our rows). Waits for the device.
  /// @throws numeric_error  no convergence, or an entry that is not finite
  template <real T>
  void eigensystem(workspace<memory::device>& scratch, matrix_view<T, memory::device> c, vector_view<T, memory::device> w,
                   bool vectors) {
    if (c.empty()) return;
    constexpr cudaDataType type = std::same_as<T, float> ? CUDA_R_32F : CUDA_R_64F;
    const auto mode = vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
    const index_t n = c.rows(), stride = std::max(c.stride(), n);
    std::size_t device_bytes = 0, host_bytes = 0;
    check_cusolver(::cusolverDnXsyevd_bufferSize(handle_, params_, mode, CUBLAS_FILL_MODE_UPPER, n, type, c.data(), stride,
                                                 type, w.data(), type, &device_bytes, &host_bytes),
                   "eigenvalues");
    const scratch_matrix<std::byte, memory::device> room(scratch, 1, static_cast<index_t>(device_bytes));
    const scratch_matrix<int, memory::device> info(scratch, 1, 1);
    std::vector<std::byte> host_room(host_bytes);
    check_cusolver(::cusolverDnXsyevd(handle_, params_, mode, CUBLAS_FILL_MODE_UPPER, n, type, c.data(), stride, type,
                                      w.data(), type, room.data(), device_bytes, host_room.data(), host_bytes, info.data()),
                   "eigenvalues");
    if (const int failed = copy_to_host(info.view())(0, 0); failed != 0)
      throw numeric_error("eigenvalues: cuSOLVER did not converge for a matrix of order " + std::to_string(n) + " (info " +
                          std::to_string(failed) + ")");
    const matrix<T> found = copy_to_host(matrix_view<T, memory::device>(w.data(), 1, n));
    for (index_t i = 0; i < n; ++i)
      if (!std::isfinite(found(0, i)))
        throw numeric_error("eigenvalues: found one that is not finite, expected a finite matrix");
  }

 private:
  cusolverDnHandle_t handle_ = nullptr;
  cusolverDnParams_t params_ = nullptr;
};

}  // namespace prismatic
