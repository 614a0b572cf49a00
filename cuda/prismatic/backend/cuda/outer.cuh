/// Outer products of all sequences of a batch on tensor cores, by one launch.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/outer_tiles.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <span>
#include <vector>

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

/// The shell: buffers in shared memory, all but one filled ahead, and the products.
template <int Parts>
static __global__ void __launch_bounds__(unit_tiles<Parts>::threads, 1) outer_kernel([[maybe_unused]] outer_tiles<Parts> all) {
#if __CUDA_ARCH__ >= 800
  using tiles = unit_tiles<Parts>;
  __shared__ four_words buffers[tiles::buffers][tiles::stage_size];
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const sequence_steps sequence = all.sequence(block);
  const index_t down = all.unit_down(block), across = all.unit_across(block);
  const int steps = static_cast<int>(sequence.count());
  const auto fill = [&](int i) {
    if (i < steps)
      for (int e = thread; e < tiles::stage_size; e += tiles::threads)
        start_copy(&buffers[i % tiles::buffers][e],
                   tiles::source(all.units, all.a, down, sequence.first + i, all.units, all.x, across, sequence.first + i, e));
    end_batch();
  };
  typename tiles::state mine;
  tiles::begin(mine);
  for (int i = 0; i + 1 < tiles::buffers; ++i) fill(i);
  for (int i = 0; i < steps; ++i) {
    wait_for_batches<tiles::buffers - 2>();
    __syncthreads();  // step i is there for all, and nobody reads step i - 1 any more
    fill(i + tiles::buffers - 1);
    multiply_stage<Parts>(buffers[i % tiles::buffers], warp, lane, mine.sums);
    tiles::leave(i, i + 1 == steps, mine);
  }
  all.finish(block, warp, lane, mine);
#endif
}

template <int Parts, class Context>
void segment_outer_in_parts(Context& cx, matrix_view<const float, memory::device> a, matrix_view<const float, memory::device> x,
                            std::span<const row_range> ranges, matrix_view<float, memory::device> g) {
  using tiles = unit_tiles<Parts>;
  std::vector<sequence_steps> steps;
  index_t all = 0;
  for (const row_range r : ranges) {
    steps.push_back({r.begin, r.end, all});
    all += steps.back().count();
  }
  const along<thrust_cuda, sequence_steps> sequences(cx, std::span<const sequence_steps>(steps));
  const row_units<Parts> units{all};
  const auto count = static_cast<index_t>(steps.size());
  const auto blocks = [](index_t width) { return (width + tiles::rows - 1) / tiles::rows; };
  const auto packed = [&](matrix_view<const float, memory::device> m) {
    const index_t down = blocks(m.cols()) * tiles::units, calls = down * all * 32;
    scratch_matrix<four_words, memory::device> out(cx.scratch(), down, all * row_units<Parts>::size);
    for_each_index(cx, calls, 8 * calls, pack_sequences<Parts>{units, sequences.data(), count, m.cols(), m, out.data()});
    return out;
  };
  const auto packed_a = packed(a), packed_x = packed(x);
  const index_t down = blocks(a.cols()), across = blocks(x.cols());
  launch(cx.resources().get(), count * down * across, tiles::threads, 0, outer_kernel<Parts>,
         outer_tiles<Parts>{units, sequences.data(), down, across, a.cols(), x.cols(), packed_a.data(), packed_x.data(), g});
}

/// The verb segment_outer on tensor cores. Scratch: 6 bytes a number of A and of X, or 4 or 2.
template <class Context>
void segment_outer(Context& cx, product_precision precision, matrix_view<const float, memory::device> a,
                   matrix_view<const float, memory::device> x, std::span<const row_range> ranges,
                   matrix_view<float, memory::device> g) {
  switch (precision) {
    case product_precision::full: return segment_outer_in_parts<3>(cx, a, x, ranges, g);
    case product_precision::tf32: return segment_outer_in_parts<2>(cx, a, x, ranges, g);
    case product_precision::bf16_backward:
    case product_precision::bf16: return segment_outer_in_parts<1>(cx, a, x, ranges, g);
  }
}

}  // namespace prismatic::detail
