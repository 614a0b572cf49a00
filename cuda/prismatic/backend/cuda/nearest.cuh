/// The best-matching row of B for each row of A on tensor cores, without the matrix of all scores.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/nearest_tiles.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <algorithm>
#include <limits>

namespace prismatic::detail {

/// The shell: two buffers in shared memory, one filled while the other is multiplied, around the phases of nearest_tiles.
static __global__ void __launch_bounds__(nearest_tiles::threads, 1) nearest_kernel([[maybe_unused]] nearest_tiles all) {
#if __CUDA_ARCH__ >= 800
  __shared__ four_words buffers[2][nearest_tiles::stage_size];
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const auto fill = [&](nearest_tiles::stage s, four_words* to) {
    if (all.exists(s))
      for (int e = thread; e < nearest_tiles::stage_size; e += nearest_tiles::threads)
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
    const four_words* const words = buffers[turn];
#pragma unroll
    for (int q = 0; q < row_units::parts; ++q) {
      four_words b[2];
#pragma unroll
      for (int n = 0; n < 2; ++n) b[n] = words[all.place_b(warp, n, q, lane)];
#pragma unroll
      for (int p = 0; p + q < row_units::parts; ++p)
#pragma unroll
        for (int m = 0; m < 4; ++m) {
          const four_words a = words[all.place_a(warp, m, p, lane)];
#pragma unroll
          for (int n = 0; n < 4; ++n) multiply_tile(mine.sums[m][n], a.word, b[n / 2].word[n % 2], b[n / 2].word[n % 2 + 2]);
        }
    }
    all.leave(now, mine);
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
  static_assert(sizeof(match) * 4 * nearest_tiles::rows <= sizeof(buffers));
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
  const auto units = [](index_t rows, index_t to) { return (rows + to - 1) / to * (to / 16); };
  const row_units of_b{b.rows(), b.cols()};
  const index_t unit_words = of_b.steps() * row_units::unit_size, units_b = units(b.rows(), nearest_tiles::columns);
  const scratch_matrix<four_words, memory::device> packed_b(cx.scratch(), units_b, unit_words);
  const index_t calls_b = pack_units::count(of_b, units_b);
  for_each_index(cx, calls_b, 8 * calls_b, pack_units{of_b, b, packed_b.data()});
  // Blocks of equal length, one to a multiprocessor: whole rounds of them, or the last one is waited for.
  constexpr index_t slice_bytes = index_t{256} << 20;
  const index_t round = multiprocessors(), block_bytes = 8 * std::max<index_t>(unit_words, 1) * index_t{sizeof(four_words)};
  const index_t blocks = std::max<index_t>(slice_bytes / block_bytes / round, 1) * round;
  const index_t most = std::min(blocks * nearest_tiles::rows, a.rows());
  const scratch_matrix<four_words, memory::device> packed_a(cx.scratch(), units(most, nearest_tiles::rows), unit_words);
  for (index_t first = 0; first < a.rows(); first += most) {
    const index_t count = std::min(most, a.rows() - first), units_a = units(count, nearest_tiles::rows);
    const row_units of_a{count, a.cols()};
    const index_t calls = pack_units::count(of_a, units_a);
    for_each_index(cx, calls, 8 * calls, pack_units{of_a, a.middle_rows(first, count), packed_a.data()});
    launch(cx.resources().get(), units_a / 8, nearest_tiles::threads, 0, nearest_kernel,
           nearest_tiles{of_a, of_b, packed_a.data(), packed_b.data(), bias.empty() ? nullptr : bias.data(),
                         -std::numeric_limits<float>::infinity(), labels.data() + first, best.data() + first});
  }
}

}  // namespace prismatic::detail
