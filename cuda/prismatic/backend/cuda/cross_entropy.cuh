/// Cross-entropy as a kernel of our own: a block a row, which it reads twice and writes once.
#pragma once

#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/functors/cross_entropy_block.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <limits>
#include <span>

namespace prismatic::detail {

/// The shell: barriers around the phases of cross_entropy_block.
template <class T>
static __global__ void __launch_bounds__(512) cross_entropy_kernel(cross_entropy_block<T> all) {
  __shared__ softmax_sum<T> sums[512];
  const auto row = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  if (!all.counts(row)) return all.clear(row, thread);
  all.read(row, thread, sums);
  for (int left = all.threads / 2; left > 0; left /= 2) {
    __syncthreads();
    all.merge(left, thread, sums);
  }
  if (thread == 0) all.store_loss(row, sums[0]);
  __syncthreads();
  all.write(row, thread, sums[0]);
}

/// The verb cross_entropy.
template <real T, class Context>
void cross_entropy_by_rows(Context& cx, matrix_view<T, memory::device> logits, std::span<const token_id> targets,
                           vector_view<const T, memory::device> weights, vector_view<T, memory::device> losses) {
  const along<thrust_cuda, token_id> wanted(cx, targets);
  const int threads = logits.cols() <= 1024 ? 64 : logits.cols() <= 16384 ? 256 : 512;
  launch(cx.resources().get(), logits.rows(), threads, 0, cross_entropy_kernel<T>,
         cross_entropy_block<T>{logits.cols(), threads, -std::numeric_limits<T>::infinity(), logits, weights.data(),
                                wanted.data(), losses.data()});
}

}  // namespace prismatic::detail
