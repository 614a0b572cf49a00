/// The best-matching row of B for each row of A: rounded products by cuBLAS, exact scores of what they leave in question.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/dense.cuh>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/functors/nearest_rounded.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/nearest_rounded.hpp>

namespace prismatic::detail {

inline constexpr int match_warps = 8;  // of a block, a row each

/// The shell: what the lanes of a row agree on.
static __global__ void __launch_bounds__(32 * match_warps) match_kernel(index_t rows, match_rows all) {
  constexpr unsigned everyone = 0xFFFFFFFFu;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const index_t i = index_t{blockIdx.x} * match_warps + static_cast<int>(threadIdx.x) / 32;
  if (i >= rows) return;
  float top = all.greatest(lane, i);
#pragma unroll
  for (int across = 1; across < 32; across *= 2) {
    const float other = __shfl_xor_sync(everyone, top, across);
    if (other > top) top = other;
  }
  const float least = all.least(i, top);
  match best{-all.infinity, -1};
  int found = 0;
  for (index_t first = 0; first < all.rows_of_b && found <= match_rows::most; first += match_rows::at_once) {
    const unsigned mine = all.in_question(lane, i, first, least);
    unsigned owners = __ballot_sync(everyone, mine != 0);
    for (; owners != 0; owners &= owners - 1) {
      const int owner = __ffs(static_cast<int>(owners)) - 1;
      unsigned which = __shfl_sync(everyone, mine, owner);
      for (; which != 0 && ++found <= match_rows::most; which &= which - 1) {
        const index_t j = first + 4 * owner + __ffs(static_cast<int>(which)) - 1;
        float sum = all.part(lane, i, j);
#pragma unroll
        for (int across = 1; across < 32; across *= 2) sum += __shfl_xor_sync(everyone, sum, across);
        best.offer(all.score(sum, j), j);
      }
    }
  }
  if (lane == 0 && !all.keep(i, found, best)) atomicAdd(all.undecided, 1);
}

/// The verb nearest on tensor cores.
template <class Context>
void find_nearest(Context& cx, matrix_view<const float, memory::device> a, matrix_view<const float, memory::device> b,
                  vector_view<const float, memory::device> bias, vector_view<label_t, memory::device> labels,
                  vector_view<float, memory::device> best) {
  nearest_by_rounding<thrust_cuda>(
      cx, a, b, bias, labels, best,
      [&](matrix_view<const bf16, memory::device> x, matrix_view<const bf16, memory::device> y,
          matrix_view<float, memory::device> products) { cublas_gemm(cx.resources(), op::none, op::transpose, 1, x, y, 0, products); },
      [&](index_t rows, const match_rows& all) {
        launch(cx.resources().get(), (rows + match_warps - 1) / match_warps, 32 * match_warps, 0, match_kernel, rows, all);
      });
}

}  // namespace prismatic::detail
