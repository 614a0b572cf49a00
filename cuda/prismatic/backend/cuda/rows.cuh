/// Verbs by rows as kernels of our own: a block a row, with a sum over the row between two visits or without.
#pragma once

#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/functors/pointwise_rows.hpp>
#include <prismatic/core/types.hpp>

#include <cuda_runtime.h>

namespace prismatic::detail {

inline constexpr int most_row_threads = 256;

template <class Row>
static __global__ void __launch_bounds__(most_row_threads) row_kernel(Row all) {
  all.visit(static_cast<index_t>(blockIdx.x), static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x));
}

template <class Row>
static __global__ void __launch_bounds__(most_row_threads) summed_row_kernel(Row all) {
  __shared__ double sums[most_row_threads];
  const auto row = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  sums[thread] = all.part(row, thread, threads);
  for (int left = threads / 2; left > 0; left /= 2) {
    __syncthreads();
    add_halves(left, thread, sums);
  }
  __syncthreads();
  all.visit(row, thread, threads, sums[0]);
}

/// Threads for rows of that many numbers: a four each, and a power of two.
[[nodiscard]] inline int row_threads(index_t cols) noexcept {
  int threads = 32;
  while (threads < most_row_threads && 4 * threads < cols) threads *= 2;
  return threads;
}

/// row.visit, or row.part and row.visit, for every row. Sums are added in one order.
template <class Row>
void for_each_row(cudaStream_t stream, index_t rows, index_t cols, Row row) {
  if constexpr (requires { row.part(rows, 0, 1); })
    launch(stream, rows, row_threads(cols), 0, summed_row_kernel<Row>, row);
  else
    launch(stream, rows, row_threads(cols), 0, row_kernel<Row>, row);
}

}  // namespace prismatic::detail
