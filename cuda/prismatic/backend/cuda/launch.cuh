/// The only place where a kernel is launched, and checked.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/types.hpp>

#include <cuda_runtime.h>

#include <cstddef>

namespace prismatic::detail {

/// kernel<<<blocks, threads, shared_bytes>>>(args...) on the stream. Nothing happens for no blocks.
/// @throws backend_error  the launch was refused; size_error  more blocks than a grid has
template <class... Parameters, class... Args>
void launch(cudaStream_t stream, index_t blocks, int threads, int shared_bytes, void (*kernel)(Parameters...),
            const Args&... args) {
  if (blocks <= 0) return;
  if (shared_bytes > 48 * 1024)  // more than a kernel has unasked
    check_cuda(::cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes), "shared memory");
  const auto grid = static_cast<unsigned>(narrow<int>(blocks, "blocks of a grid"));
  kernel<<<grid, static_cast<unsigned>(threads), static_cast<std::size_t>(shared_bytes), stream>>>(args...);
  check_cuda(::cudaGetLastError(), "kernel launch");
}

}  // namespace prismatic::detail
