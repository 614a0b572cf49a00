/// Attention and its adjoint on tensor cores, operands rounded to bf16: for contexts whose products are so.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/attention.cuh>
#include <prismatic/backend/cuda/matrix_unit.cuh>
#include <prismatic/backend/functors/attention_unit_adjoint.hpp>
#include <prismatic/backend/functors/attention_unit_block.hpp>

#include <cstdint>
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
  launch_attention<attention_unit_block<Dim>, float>(cx, attention_unit_kernel<Dim>, shape, q, k, v, queries, keys, o, l);
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
  launch_attention_adjoint<attention_unit_adjoint<Dim, false>, attention_unit_adjoint<Dim, true>, float>(
      cx, attention_unit_adjoint_kernel<Dim, false>, attention_unit_adjoint_kernel<Dim, true>, shape, q, k, v, o, l, d_o, sequences,
      dq, dk, dv);
}

}  // namespace prismatic::detail
