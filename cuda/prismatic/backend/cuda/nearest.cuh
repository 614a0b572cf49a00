/// The best-matching row of B for each row of A on tensor cores, without the matrix of all scores.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/unit_tiles.cuh>
#include <prismatic/backend/functors/nearest_tiles.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <algorithm>
#include <limits>

namespace prismatic::detail {

/// The shell: two buffers in shared memory, one filled while the other is multiplied, around the phases of nearest_tiles.
static __global__ void __launch_bounds__(nearest_tiles::tiles::threads, 1) nearest_kernel([[maybe_unused]] nearest_tiles all) {
#if __CUDA_ARCH__ >= 800
  using tiles = nearest_tiles::tiles;
  __shared__ four_words buffers[2][tiles::stage_size];
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const auto fill = [&](nearest_tiles::stage s, four_words* to) {
    if (all.exists(s))
      for (int e = thread; e < tiles::stage_size; e += tiles::threads)
        start_copy(to + e, all.source(block, s, e));
    end_batch();
  };
  nearest_tiles::state mine;
  all.begin(mine);
  int turn = 0;
  nearest_tiles::stage now{0, 0};
  fill(now, buffers[0]);
  for (nearest_tiles::stage next; all.exists(now); now = next, turn ^= 1) {
    wait_for_batches<0>();
    __syncthreads();  // this stage is there for all, and nobody reads the one before any more
    next = all.after(now);
    fill(next, buffers[turn ^ 1]);
    multiply_stage<3>(buffers[turn], warp, lane, mine.sums);
    tiles::leave(now.step, all.ends_tile(now), mine);
    if (!all.ends_tile(now)) continue;
#pragma unroll
    for (int r = 0; r < 8; ++r) {
      match found = all.best_of_row(now, warp, lane, r, mine);
#pragma unroll
      for (int across = 1; across < 4; across *= 2) {
        const float score = __shfl_xor_sync(0xFFFFFFFFu, found.score, across);
        const index_t place = __shfl_xor_sync(0xFFFFFFFFu, found.place, across);
        found.offer(score, place);
      }
      all.keep(lane, r, found, mine);
    }
  }
  __syncthreads();
  auto* const matches = reinterpret_cast<match*>(buffers);
  static_assert(sizeof(match) * 4 * tiles::rows <= sizeof(buffers));
  all.show(warp, lane, mine, matches);
  __syncthreads();
  all.finish(block, thread, matches);
#endif
}

/// The verb nearest on tensor cores. Scratch: 6 bytes an element of B and of a slice of A of about 256 MiB.
template <class Context>
void find_nearest(Context& cx, matrix_view<const float, memory::device> a, matrix_view<const float, memory::device> b,
                  vector_view<const float, memory::device> bias, vector_view<label_t, memory::device> labels,
                  vector_view<float, memory::device> best) {
  if (a.rows() == 0) return;
  using tiles = nearest_tiles::tiles;
  const auto blocks = [](index_t rows) { return (rows + tiles::rows - 1) / tiles::rows; };
  const row_units<3> units{row_units<3>::steps_of(a.cols())};
  const index_t unit_words = units.steps * row_units<3>::size;
  const auto pack = [&](matrix_view<const float, memory::device> x, four_words* to) {
    const index_t calls = blocks(x.rows()) * tiles::units * units.steps * 32;
    for_each_index(cx, calls, 8 * calls, pack_rows_in_units<3>{units, x.rows(), x.cols(), x, to});
  };
  const scratch_matrix<four_words, memory::device> packed_b(cx.scratch(), blocks(b.rows()) * tiles::units, unit_words);
  pack(b, packed_b.data());
  // Blocks of equal length, one to a multiprocessor: whole rounds of them, or the last one is waited for.
  constexpr index_t slice_bytes = index_t{256} << 20;
  const index_t round = multiprocessors(), block_bytes = tiles::units * unit_words * index_t{sizeof(four_words)};
  const index_t most = std::min(std::max<index_t>(slice_bytes / block_bytes / round, 1) * round * tiles::rows, a.rows());
  const scratch_matrix<four_words, memory::device> packed_a(cx.scratch(), blocks(most) * tiles::units, unit_words);
  for (index_t first = 0; first < a.rows(); first += most) {
    const index_t count = std::min(most, a.rows() - first);
    pack(a.middle_rows(first, count), packed_a.data());
    launch(cx.resources().get(), blocks(count), tiles::threads, 0, nearest_kernel,
           nearest_tiles{units, count, b.rows(), packed_a.data(), packed_b.data(), bias.empty() ? nullptr : bias.data(),
                         -std::numeric_limits<float>::infinity(), labels.data() + first, best.data() + first});
  }
}

}  // namespace prismatic::detail
