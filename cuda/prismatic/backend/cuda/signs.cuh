/// The dense sign projection on tensor cores, the signs generated in registers.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/sign_tiles.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <algorithm>

namespace prismatic::detail {

/// The shell: three buffers in shared memory, filled ahead, and the products around the phases of sign_tiles.
template <int Tiles, int Parts>
static __global__ void __launch_bounds__(sign_tiles<Tiles, Parts>::threads, 1)
    sign_kernel([[maybe_unused]] sign_tiles<Tiles, Parts> all) {
#if __CUDA_ARCH__ >= 800
  using tiles = sign_tiles<Tiles, Parts>;
  __shared__ four_words buffers[3][tiles::stage_size];
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const int stages = all.stages(block);
  const index_t first = all.first_output(block, warp);
  const bool works = first < all.width;
  const four_words* const packed = all.entries(block);
  const auto fill = [&](int i) {
    if (i < stages)
      for (int e = thread; e < tiles::stage_size; e += tiles::threads)
        start_copy(&buffers[i % 3][e], packed + (i * index_t{tiles::stage_size} + e));
    end_batch();
  };
  typename tiles::state mine;
  all.begin(block, lane, mine);
  fill(0);
  fill(1);
  for (int i = 0; i < stages; ++i) {
    wait_for_batches<1>();
    __syncthreads();  // stage i is there for all, and nobody reads stage i - 1 any more
    fill(i + 2);
    if (!works) continue;
    all.enter(i, first, lane, mine);
    const four_words* const entries = buffers[i % 3];
#pragma unroll
    for (int four = 0; four < tiles::fours; ++four) {
      std::uint32_t a[2][2][4];
      all.signs(mine, a);
#pragma unroll
      for (int p = 0; p < Parts; ++p)
#pragma unroll
        for (int n = 0; n < Tiles; ++n) {
          const four_words b = entries[tiles::place(four, p, n, lane)];
#pragma unroll
          for (int h = 0; h < 2; ++h)
#pragma unroll
            for (int m = 0; m < 2; ++m)
              multiply_tile(mine.sums[m][n], a[h][m], b.word[2 * h], b.word[2 * h + 1]);
        }
    }
    all.leave(i, mine);
  }
  if (works) all.finish(block, warp, lane, mine);
#endif
}

/// Z(S,d) += G R for up to 8 Tiles samples. Scratch does not depend on the size of the block: 2^19 entries at
/// a time.
template <int Tiles, int Parts, class Context>
void accumulate_signs_in_tiles(Context& cx, const sign_block& block, matrix_view<const float, memory::device> g,
                               matrix_view<float, memory::device> z) {
  using tiles = sign_tiles<Tiles, Parts>;
  constexpr index_t groups_at_once = 1024;
  constexpr index_t blocks_wanted = 512;
  const index_t samples = g.rows(), width = z.cols(), across = (width + tiles::outputs - 1) / tiles::outputs;
  const index_t all = sign_runs::count(block), most = std::min(all, groups_at_once);
  // Which entries are added first depends on the block and on the width alone: a row is the same in every batch.
  const index_t part_groups = std::max<index_t>(4, most * across / blocks_wanted);
  const index_t most_parts = (most + part_groups - 1) / part_groups;
  const scratch_matrix<four_words, memory::device> packed(cx.scratch(), most,
                                                          packed_place<Tiles, Parts>(1, 0, 0, 0, 0));
  const scratch_matrix<float, memory::device> parts(cx.scratch(), most_parts, samples * width);
  for (index_t first = 0; first < all; first += most) {
    const sign_runs runs{block, first, std::min(most, all - first)};
    const index_t count = (runs.groups + part_groups - 1) / part_groups;
    const index_t calls = pack_entries<Tiles, Parts>::count(runs.groups);
    for_each_index(cx, calls, 8 * calls, pack_entries<Tiles, Parts>{runs, samples, g, packed.data()});
    launch(cx.resources().get(), count * across, tiles::threads, 0, sign_kernel<Tiles, Parts>,
           tiles{runs, part_groups, samples, width, packed.data(), parts.data()});
    for_each_element(cx, samples, width, add_parts{count, samples, width, parts.data(), z});
  }
}

template <int Parts, class Context>
void accumulate_signs_in_parts(Context& cx, const sign_block& block, matrix_view<const float, memory::device> g,
                      matrix_view<float, memory::device> z) {
  if (z.empty() || g.empty()) return;
  constexpr index_t most = 64;
  for (index_t first = 0; first < g.rows(); first += most) {
    const index_t count = std::min(most, g.rows() - first);
    const auto entries = g.middle_rows(first, count);
    const auto out = z.middle_rows(first, count);
    if (count <= 8)
      accumulate_signs_in_tiles<1, Parts>(cx, block, entries, out);
    else if (count <= 16)
      accumulate_signs_in_tiles<2, Parts>(cx, block, entries, out);
    else if (count <= 32)
      accumulate_signs_in_tiles<4, Parts>(cx, block, entries, out);
    else
      accumulate_signs_in_tiles<8, Parts>(cx, block, entries, out);
  }
}

/// The verb sign_accumulate on tensor cores.
template <class Context>
void accumulate_signs(Context& cx, product_precision precision, const sign_block& block,
                      matrix_view<const float, memory::device> g, matrix_view<float, memory::device> z) {
  switch (precision) {
    case product_precision::full: return accumulate_signs_in_parts<3>(cx, block, g, z);
    case product_precision::tf32: return accumulate_signs_in_parts<2>(cx, block, g, z);
    case product_precision::bf16_backward:
    case product_precision::bf16: return accumulate_signs_in_parts<1>(cx, block, g, z);
  }
}

}  // namespace prismatic::detail
