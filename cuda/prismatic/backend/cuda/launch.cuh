/// The only place where a kernel is launched, and checked.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/types.hpp>

#include <cuda_runtime.h>

namespace prismatic::detail {

/// kernel<<<blocks, threads>>>(args...) on the stream. Nothing happens for no blocks.
/// @throws backend_error  the launch was refused; size_error  more blocks than a grid has
template <class... Parameters, class... Args>
void launch(cudaStream_t stream, index_t blocks, int threads, void (*kernel)(Parameters...), const Args&... args) {
  if (blocks <= 0) return;
  kernel<<<static_cast<unsigned>(narrow<int>(blocks, "blocks of a grid")), static_cast<unsigned>(threads), 0, stream>>>(args...);
  check_cuda(::cudaGetLastError(), "kernel launch");
}

}  // namespace prismatic::detail
