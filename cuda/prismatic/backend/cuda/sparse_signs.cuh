/// The sparse sign projection as a kernel of our own: warps with sums in shared memory, nothing sorted, nothing atomic.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/sparse_tiles.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/workspace.hpp>

#include <cstdint>

namespace prismatic::detail {

/// The shell: a block of one warp, the entries of the next unit on their way while those of this one are added.
static __global__ void __launch_bounds__(32) sparse_kernel([[maybe_unused]] sparse_tiles all) {
#if __CUDA_ARCH__ >= 800
  extern __shared__ __align__(16) unsigned char raw[];
  auto* const entries = reinterpret_cast<float*>(raw);
  auto* const codes = reinterpret_cast<std::uint32_t*>(entries + 2 * sparse_tiles::entries_size);
  float* const sums = entries + 2 * sparse_tiles::entries_size + sparse_tiles::codes_size;
  const auto warp = static_cast<index_t>(blockIdx.x);
  const int lane = static_cast<int>(threadIdx.x), units = all.units(warp);
  const auto fetch = [&](sparse_tiles::place at, float* here) {
    const int columns = all.columns(at);
    for (int s = 0; s < sparse_cut::samples_at_once; ++s) {
      const float* const from = all.source(warp, at, s);
      float* const to = here + s * sparse_tiles::stride;
      const int fours = sparse_tiles::whole_fours(from, columns);
      if (lane < fours) start_copy(to + 4 * lane, from + 4 * lane);
      for (int e = 4 * fours + lane; e < columns; e += 32) start_copy_of_word(to + e, from + e);
      sparse_tiles::pad(columns, lane, to);
    }
    end_batch();
  };
  sparse_tiles::state mine;
  all.begin(warp, lane, mine);
  all.clear(lane, sums);
  sparse_tiles::place now = all.first(warp);
  fetch(now, entries);
  for (int u = 0; u < units; ++u) {
    all.draw(warp, now, lane, mine, codes);
    wait_for_batches<0>();
    __syncthreads();  // unit u, its codes and clean sums are there for all; nobody reads unit u - 1 any more
    const sparse_tiles::place next = all.after(now);
    if (u + 1 < units) fetch(next, entries + (u + 1) % 2 * sparse_tiles::entries_size);
    all.add(warp, all.columns(now), lane, entries + u % 2 * sparse_tiles::entries_size, codes, sums);
    __syncthreads();  // nobody reads the codes any more, and nobody adds
    now = next;
  }
  all.finish(warp, lane, sums);
#endif
}

/// Whether a warp's sums fit into shared memory: blocks of up to 1700 outputs on a device that has 227 KiB for a thread block,
/// 1200 in 163 KiB, 690 in 99 KiB.
[[nodiscard]] inline bool has_room_for_sparse_sums(const sparse_tiles& all) {
  return all.shared_size() * index_t{sizeof(float)} <= shared_bytes_of_block();
}

/// The verb sparse_sign_accumulate, by three launches. @return whether it was done: not where the sums do not fit
template <class Context>
[[nodiscard]] bool accumulate_sparse_signs(Context& cx, const sign_block& block, index_t nonzeros,
                                           matrix_view<const float, memory::device> g, matrix_view<float, memory::device> z) {
  if (g.empty()) return true;
  const sparse_cut cut(block, nonzeros, g.rows(), z.cols());
  sparse_tiles tiles{cut, g, nullptr};
  if (!has_room_for_sparse_sums(tiles)) return false;
  const scratch_matrix<float, memory::device> parts(cx.scratch(), cut.parts, cut.part_sums());
  tiles.parts = parts.data();
  // As many warps at a time as shared memory has room for: the sums need it, and nothing is read twice by way of a cache.
  check_cuda(::cudaFuncSetAttribute(sparse_kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared),
             "shared memory");
  launch(cx.resources().get(), cut.warps(), 32, static_cast<int>(tiles.shared_size() * index_t{sizeof(float)}), sparse_kernel, tiles);
  sparse_run_sum runs{cut, parts.data(), nullptr};
  const scratch_matrix<double, memory::device> sums(cx.scratch(), runs.runs(), cut.part_sums());
  runs.sums = sums.data();
  for_each_element(cx, runs.runs(), cut.part_sums(), runs);
  for_each_index(cx, cut.part_sums(), cut.part_sums(), sparse_total{cut, runs.runs(), sums.data(), z});
  return true;
}

}  // namespace prismatic::detail
