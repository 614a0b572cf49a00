/// Device memory: how matrices and workspaces allocate it, and how rows cross to the host and back.
///
/// All of it is on the device that is current. Work of a context's stream and these calls wait for one another: streams
/// are made blocking, and the calls go to the legacy default stream.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/types.hpp>

#include <cuda_runtime_api.h>

#include <cstddef>

namespace prismatic {

template <>
struct storage<memory::device> {
  /// @throws backend_error
  static void* allocate(index_t bytes) {
    void* p = nullptr;
    check_cuda(::cudaMalloc(&p, static_cast<std::size_t>(bytes)), "device memory");
    return p;
  }
  /// Waits for the device, as cudaFree does: nothing in flight loses its memory.
  static void deallocate(void* p, index_t) noexcept { static_cast<void>(::cudaFree(p)); }
  /// A failure shows in the next call that is checked.
  static void zero(void* p, index_t bytes) noexcept {
    static_cast<void>(::cudaMemsetAsync(p, 0, static_cast<std::size_t>(bytes), cudaStreamLegacy));
  }

  static void from_host(void* to, index_t to_stride, const void* from, index_t from_stride, index_t width, index_t rows) {
    copy(to, to_stride, from, from_stride, width, rows, cudaMemcpyHostToDevice);
  }
  static void to_host(void* to, index_t to_stride, const void* from, index_t from_stride, index_t width, index_t rows) {
    copy(to, to_stride, from, from_stride, width, rows, cudaMemcpyDeviceToHost);
  }

 private:
  static void copy(void* to, index_t to_stride, const void* from, index_t from_stride, index_t width, index_t rows,
                   cudaMemcpyKind kind) {
    const auto size = [](index_t n) { return static_cast<std::size_t>(n); };
    const bool whole = rows == 1 || (to_stride == width && from_stride == width);
    check_cuda(whole ? ::cudaMemcpyAsync(to, from, size(width * rows), kind, cudaStreamLegacy)
                     : ::cudaMemcpy2DAsync(to, size(to_stride), from, size(from_stride), size(width), size(rows), kind,
                                           cudaStreamLegacy),
               "copy between host and device");
    check_cuda(::cudaStreamSynchronize(cudaStreamLegacy), "copy between host and device");
  }
};

}  // namespace prismatic
