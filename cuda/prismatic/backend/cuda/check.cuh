/// Statuses of CUDA's libraries as backend_error: who, the code, its text.
#pragma once

#include <prismatic/core/error.hpp>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <string>

namespace prismatic {

/// @throws backend_error unless the call succeeded
inline void check_cuda(cudaError_t status, const char* who, call_site at = call_site::here()) {
  if (status == cudaSuccess) [[likely]]
    return;
  throw backend_error(std::string(who) + ": CUDA error " + std::to_string(static_cast<int>(status)) + ", " +
                          ::cudaGetErrorString(status),
                      at);
}

/// @throws backend_error unless the call succeeded
inline void check_cublas(cublasStatus_t status, const char* who, call_site at = call_site::here()) {
  if (status == CUBLAS_STATUS_SUCCESS) [[likely]]
    return;
  throw backend_error(std::string(who) + ": cuBLAS status " + std::to_string(static_cast<int>(status)) + ", " +
                          ::cublasGetStatusString(status),
                      at);
}

/// Whether there is a device to run on.
[[nodiscard]] inline bool has_cuda_device() noexcept {
  int count = 0;
  return ::cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

/// An attribute of the current device. @throws backend_error
[[nodiscard]] inline int device_attribute(cudaDeviceAttr which) {
  int device = 0, value = 0;
  check_cuda(::cudaGetDevice(&device), "CUDA device");
  check_cuda(::cudaDeviceGetAttribute(&value, which, device), "CUDA device");
  return value;
}

[[nodiscard]] inline int multiprocessors() { return device_attribute(cudaDevAttrMultiProcessorCount); }

/// Shared memory that a thread block can have where it asks for it.
[[nodiscard]] inline int shared_bytes_of_block() { return device_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin); }

}  // namespace prismatic
