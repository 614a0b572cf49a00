/// A stream of work on the current device, with the cuBLAS handle bound to it.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/core/types.hpp>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace prismatic {

/// Blocking towards the legacy default stream, which memory.cuh uses.
class cuda_stream {
 public:
  /// @throws backend_error  no device, or no resources on it
  cuda_stream() {
    check_cuda(::cudaStreamCreate(&stream_), "CUDA context");
    if (const cublasStatus_t status = ::cublasCreate(&blas_); status != CUBLAS_STATUS_SUCCESS) {
      static_cast<void>(::cudaStreamDestroy(stream_));
      check_cublas(status, "CUDA context");
    }
    static_cast<void>(::cublasSetStream(blas_, stream_));
  }
  cuda_stream(const cuda_stream&) = delete;
  cuda_stream& operator=(const cuda_stream&) = delete;
  ~cuda_stream() {
    static_cast<void>(::cublasDestroy(blas_));
    static_cast<void>(::cudaStreamDestroy(stream_));
  }

  [[nodiscard]] cudaStream_t get() const noexcept { return stream_; }
  [[nodiscard]] cublasHandle_t blas() const noexcept { return blas_; }
  [[nodiscard]] product_precision products() const noexcept { return products_; }
  /// Of products launched from here on, `full` at first. The dense sign projection rounds too: tf32 to 16 bits, bf16 to 8.
  void set_products(product_precision wanted) noexcept { products_ = wanted; }

  /// Brings a small host array along, in the order of the stream. It may change once the call returns: it is pageable
  /// memory, which CUDA stages before. @throws backend_error
  template <class T>
  void bring(std::span<const T> host, T* to) {
    if (host.empty()) return;
    check_cuda(::cudaMemcpyAsync(to, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice, stream_), "arguments");
  }

  /// Waits for all work so far. @throws backend_error  some of it failed
  void synchronize() { check_cuda(::cudaStreamSynchronize(stream_), "CUDA stream"); }

 private:
  cudaStream_t stream_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  product_precision products_ = product_precision::full;
};

}  // namespace prismatic
