/// The products of unit_tiles on tensor cores.
#pragma once

#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/unit_tiles.hpp>

namespace prismatic::detail {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800

/// A warp's sums += the products of a stage, those of the greatest parts first.
template <int Parts>
static __device__ __forceinline__ void multiply_stage(const four_words* words, int warp, int lane, float (&sums)[4][4][4]) {
  using tiles = unit_tiles<Parts>;
#pragma unroll
  for (int q = 0; q < Parts; ++q) {
    four_words b[2];
#pragma unroll
    for (int n = 0; n < 2; ++n) b[n] = words[tiles::place_b(warp, n, q, lane)];
#pragma unroll
    for (int p = 0; p + q < Parts; ++p)
#pragma unroll
      for (int m = 0; m < 4; ++m) {
        const four_words a = words[tiles::place_a(warp, m, p, lane)];
#pragma unroll
        for (int n = 0; n < 4; ++n) multiply_tile(sums[m][n], a.word, b[n / 2].word[n % 2], b[n / 2].word[n % 2 + 2]);
      }
  }
}

#endif

}  // namespace prismatic::detail
