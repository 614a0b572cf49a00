/// The instructions of tensor cores and of copies into shared memory, from compute capability 8.0 on.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace prismatic::detail {

/// Whether the code of a kernel that the current device would run was compiled for compute capability 8.0 or
/// later.
template <class... Parameters>
[[nodiscard]] bool has_matrix_unit(void (*kernel)(Parameters...)) noexcept {
  cudaFuncAttributes found{};
  return ::cudaFuncGetAttributes(&found, kernel) == cudaSuccess && found.ptxVersion >= 80;
}

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800

/// C(16, 8) += A(16, 16) B(16, 8) of bf16, by all lanes of a warp [PTX ISA, mma.m16n8k16].
static __device__ __forceinline__ void multiply_tile(float (&c)[4], const std::uint32_t (&a)[4],
                                                     std::uint32_t b0, std::uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, "
      "%1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Starts a copy of 16 bytes from global into shared memory; both lie at multiples of 16.
static __device__ __forceinline__ void start_copy(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
               :
               : "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(shared))), "l"(global)
               : "memory");
}

/// The same of 4 bytes.
static __device__ __forceinline__ void start_copy_of_word(void* shared, const void* global) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;"
               :
               : "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(shared))), "l"(global)
               : "memory");
}

/// Ends a batch of copies of this thread, perhaps an empty one.
static __device__ __forceinline__ void end_batch() { asm volatile("cp.async.commit_group;" : : : "memory"); }

/// Waits until at most `Open` of this thread's batches are under way.
template <int Open>
static __device__ __forceinline__ void wait_for_batches() {
  asm volatile("cp.async.wait_group %0;" : : "n"(Open) : "memory");
}

#endif

}  // namespace prismatic::detail
