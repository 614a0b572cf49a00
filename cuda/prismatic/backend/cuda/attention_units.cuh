/// Attention and its adjoint on tensor cores, operands rounded to bf16: for contexts whose products are so.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/attention_unit_adjoint.hpp>
#include <prismatic/backend/functors/attention_unit_block.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

namespace prismatic::detail {

/// The shell: shared memory, barriers and products around the phases of attention_unit_block.
template <int Dim>
static __global__ void __launch_bounds__(attention_unit_block<Dim>::threads, 3)
    attention_unit_kernel([[maybe_unused]] attention_unit_block<Dim> all) {
#if __CUDA_ARCH__ >= 800
  using block_type = attention_unit_block<Dim>;
  using own = typename block_type::own_tile;
  using passing = typename block_type::passing_tile;
  extern __shared__ __align__(16) unsigned char raw[];
  const typename block_type::shared memory{reinterpret_cast<std::uint32_t*>(raw)};
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const row_range keys = all.seen(block);
  if (keys.begin == keys.end) return;
  typename block_type::state mine;
  std::uint32_t a[4], b[2];
  all.begin(block, thread, memory, mine);
  for (index_t first = keys.begin; first < keys.end; first += block_type::passing) {
    all.load(block, first, thread, memory);
    __syncthreads();
    block_type::clear(mine);
#pragma unroll
    for (int step = 0; step < own::steps; ++step) {
      own::left(memory.queries(), 16 * warp, step, lane, a);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        passing::right(memory.keys(), 8 * n, step, lane, b);
        multiply_tile(mine.scores[n / 2][n % 2], a, b[0], b[1]);
      }
    }
    float tops[2];
    all.mask(block, first, warp, lane, mine, tops);
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int across = 1; across < 4; across *= 2) {
        const float other = __shfl_xor_sync(0xFFFFFFFFu, tops[half], across);
        if (other > tops[half]) tops[half] = other;
      }
    block_type::weigh(tops, mine);
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      own::left_of_pairs(mine.scores[part], a);
#pragma unroll
      for (int n = 0; n < own::numbers; ++n) {
        passing::right_of_columns(memory.values(), 16 * part, n, lane, b);
        multiply_tile(mine.out[n], a, b[0], b[1]);
      }
    }
    __syncthreads();
  }
  float sums[2] = {mine.sum[0], mine.sum[1]};
#pragma unroll
  for (int half = 0; half < 2; ++half)
#pragma unroll
    for (int across = 1; across < 4; across *= 2) sums[half] += __shfl_xor_sync(0xFFFFFFFFu, sums[half], across);
  all.finish(block, warp, lane, sums, mine);
#endif
}

/// The verb `attention` on tensor cores, for heads of up to Dim numbers.
template <int Dim, class Context>
void attend_on_units(Context& cx, const attention_shape& shape, matrix_view<const float, memory::device> q,
                     matrix_view<const float, memory::device> k, matrix_view<const float, memory::device> v,
                     std::span<const row_range> queries, std::span<const row_range> keys, matrix_view<float, memory::device> o,
                     matrix_view<float, memory::device> l) {
  using block_type = attention_unit_block<Dim>;
  index_t longest = 0;
  for (const row_range r : queries) longest = std::max(longest, r.size());
  const index_t blocks = (longest + block_type::rows - 1) / block_type::rows;
  const along<thrust_cuda, row_range> query_rows(cx, queries), key_rows(cx, keys);
  launch(cx.resources().get(), static_cast<index_t>(queries.size()) * shape.heads * blocks, block_type::threads,
         block_type::shared::size * static_cast<int>(sizeof(std::uint32_t)), attention_unit_kernel<Dim>,
         block_type{shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<float>(shape.scale),
                    -std::numeric_limits<float>::infinity(), q, k, v, query_rows.data(), key_rows.data(), o, l});
}

/// The shell: shared memory, barriers and products around the phases of attention_unit_adjoint.
template <int Dim, bool Keys>
static __global__ void __launch_bounds__(attention_unit_adjoint<Dim, Keys>::threads, Dim > 64 ? 1 : 2)
    attention_unit_adjoint_kernel([[maybe_unused]] attention_unit_adjoint<Dim, Keys> all) {
#if __CUDA_ARCH__ >= 800
  using block_type = attention_unit_adjoint<Dim, Keys>;
  using own = typename block_type::own_tile;
  using passing_tile = typename block_type::passing_tile;
  extern __shared__ __align__(16) unsigned char raw[];
  const typename block_type::shared memory{reinterpret_cast<std::uint32_t*>(raw)};
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const row_range passing = all.passing(block), heads = all.query_heads(block);
  if (passing.begin == passing.end) return;
  typename block_type::state mine;
  std::uint32_t a[4], b[2];
  all.begin(block, thread, memory, mine);
  for (index_t head = heads.begin; head < heads.end; ++head)
    for (index_t from = passing.begin; from < passing.end; from += block_type::passing_rows) {
      all.load(block, head, from, thread, memory);
      __syncthreads();
      for (int part = 0; part < 2; ++part) {
        block_type::clear(mine);
#pragma unroll(Dim > 64 ? 1 : own::steps)  // registers are short where sums of wide heads take 128
        for (int step = 0; step < own::steps; ++step)
#pragma unroll
          for (int which = 0; which < 2; ++which) {
            own::left(memory.own(which), 16 * warp, step, lane, a);
#pragma unroll
            for (int n = 0; n < 2; ++n) {
              passing_tile::right(memory.passing(which), 16 * part + 8 * n, step, lane, b);
              multiply_tile(which == 0 ? mine.scores[n] : mine.products[n], a, b[0], b[1]);
            }
          }
        all.weigh(block, head, from + 16 * part, warp, lane, mine);
#pragma unroll
        for (int which = 0; which < block_type::outputs; ++which) {
          own::left_of_pairs(which == 0 ? mine.products : mine.scores, a);
#pragma unroll
          for (int n = 0; n < own::numbers; ++n) {
            passing_tile::right_of_columns(memory.columns(which), 16 * part, n, lane, b);
            multiply_tile(mine.out[which][n], a, b[0], b[1]);
          }
        }
      }
      __syncthreads();
    }
  all.finish(block, warp, lane, mine);
#endif
}

/// The verb `attention_adjoint` on tensor cores, for heads of up to Dim numbers.
template <int Dim, class Context>
void attend_back_on_units(Context& cx, const attention_shape& shape, matrix_view<const float, memory::device> q,
                          matrix_view<const float, memory::device> k, matrix_view<const float, memory::device> v,
                          matrix_view<const float, memory::device> o, matrix_view<const float, memory::device> l,
                          matrix_view<const float, memory::device> d_o, std::span<const row_range> sequences,
                          matrix_view<float, memory::device> dq, matrix_view<float, memory::device> dk,
                          matrix_view<float, memory::device> dv) {
  using query_block = attention_unit_adjoint<Dim, false>;
  using key_block = attention_unit_adjoint<Dim, true>;
  const scratch_matrix<float, memory::device> d(cx.scratch(), o.rows(), shape.heads);
  for_each_element(cx, o.rows(), shape.heads, attention_delta<float>{shape.head_dim, o, d_o, d.view()});
  index_t longest = 0;
  for (const row_range r : sequences) longest = std::max(longest, r.size());
  const index_t tiles = (longest + query_block::rows - 1) / query_block::rows, count = static_cast<index_t>(sequences.size());
  const along<thrust_cuda, row_range> rows(cx, sequences);
  const attention_pair<float> pair{shape.heads / shape.kv_heads, shape.head_dim, static_cast<float>(shape.scale), q, k, v, d_o, l,
                                   matrix_view<const float, memory::device>(d.view())};
  const auto bytes = [](int words) { return words * static_cast<int>(sizeof(std::uint32_t)); };
  launch(cx.resources().get(), count * shape.heads * tiles, query_block::threads, bytes(query_block::shared::size),
         attention_unit_adjoint_kernel<Dim, false>, query_block{shape.heads, tiles, pair, rows.data(), dq, dq});
  launch(cx.resources().get(), count * shape.kv_heads * tiles, key_block::threads, bytes(key_block::shared::size),
         attention_unit_adjoint_kernel<Dim, true>, key_block{shape.kv_heads, tiles, pair, rows.data(), dk, dv});
}

}  // namespace prismatic::detail
