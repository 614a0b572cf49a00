/// A stream of work on the current device, with the cuBLAS handle bound to it, and the memory that arrays leave from for it.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/backend/staging.hpp>
#include <prismatic/core/types.hpp>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace prismatic {

namespace detail {

/// Host memory that a device copies from by itself.
class pinned_bytes {
 public:
  /// @throws backend_error
  explicit pinned_bytes(index_t bytes) {
    check_cuda(::cudaHostAlloc(&data_, static_cast<std::size_t>(bytes), cudaHostAllocDefault), "CUDA context");
  }
  pinned_bytes(const pinned_bytes&) = delete;
  pinned_bytes& operator=(const pinned_bytes&) = delete;
  ~pinned_bytes() { static_cast<void>(::cudaFreeHost(data_)); }
  [[nodiscard]] std::byte* data() const noexcept { return static_cast<std::byte*>(data_); }

 private:
  void* data_ = nullptr;
};

/// A place in a stream, to be waited for; passed at once while it was never recorded.
class cuda_event {
 public:
  /// @throws backend_error
  cuda_event() { check_cuda(::cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "CUDA context"); }
  cuda_event(const cuda_event&) = delete;
  cuda_event& operator=(const cuda_event&) = delete;
  ~cuda_event() { static_cast<void>(::cudaEventDestroy(event_)); }
  void record(cudaStream_t stream) { check_cuda(::cudaEventRecord(event_, stream), "CUDA stream"); }
  void wait() { check_cuda(::cudaEventSynchronize(event_), "CUDA stream"); }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace detail

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
    static_cast<void>(::cudaStreamSynchronize(stream_));  // no copy reads the staging memory any more
    static_cast<void>(::cublasDestroy(blas_));
    static_cast<void>(::cudaStreamDestroy(stream_));
  }

  [[nodiscard]] cudaStream_t get() const noexcept { return stream_; }
  [[nodiscard]] cublasHandle_t blas() const noexcept { return blas_; }
  [[nodiscard]] product_precision products() const noexcept { return products_; }
  /// Of products launched from here on, `full` at first. The dense sign projection rounds too: tf32 to 16 bits, bf16 to 8.
  void set_products(product_precision wanted) noexcept { products_ = wanted; }

  /// Brings a small host array along, in the order of the stream. It may change once the call returns. The host waits for the
  /// stream only where it is more than a staging half ahead: CUDA may do so for every array of pageable memory.
  /// @throws backend_error
  template <class T>
  void bring(std::span<const T> host, T* to) {
    staging_.send(host.data(), static_cast<index_t>(host.size_bytes()), to);
  }

  /// Waits for all work so far. @throws backend_error  some of it failed
  void synchronize() { check_cuda(::cudaStreamSynchronize(stream_), "CUDA stream"); }

 private:
  /// What staging sends by: copies of the stream, and an event behind the last one of each half.
  struct sender {
    cuda_stream* own;
    void copy(const std::byte* from, index_t bytes, std::byte* to) {
      check_cuda(::cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, own->stream_), "arguments");
    }
    void mark(int side) { own->sent_[side].record(own->stream_); }
    void wait(int side) { own->sent_[side].wait(); }
  };

  static constexpr index_t staging_bytes = index_t{4} << 20;  // a sweep of 16384 tokens sends some 64 KiB a verb that reads ids

  cudaStream_t stream_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  product_precision products_ = product_precision::full;
  detail::cuda_event sent_[2];
  detail::pinned_bytes room_{staging_bytes};
  staging<sender> staging_{room_.data(), staging_bytes, sender{this}};
};

}  // namespace prismatic
