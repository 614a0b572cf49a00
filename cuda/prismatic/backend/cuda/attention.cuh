/// Causal grouped-query attention as a kernel of our own: blocks of queries, keys and values through shared memory.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/functors/attention_block.hpp>
#include <prismatic/backend/thrust/cuda.cuh>

#include <algorithm>
#include <limits>
#include <span>

namespace prismatic::detail {

/// The shell: shared memory and barriers around the phases of attention_block.
template <class T, int Dim>
static __global__ void __launch_bounds__(attention_block<T, Dim>::threads)
    attention_kernel(attention_block<T, Dim> all) {
  using block_type = attention_block<T, Dim>;
  __shared__ T tile_k[block_type::keys * Dim], tile_v[block_type::keys * Dim];
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const row_range keys = all.seen(block);
  typename block_type::state mine;
  all.begin(block, thread, mine);
  for (index_t first = keys.begin; first < keys.end; first += block_type::keys) {
    all.load(block, first, thread, tile_k, tile_v);
    __syncthreads();
    all.see(first, tile_k, tile_v, mine);
    __syncthreads();
  }
  all.finish(block, mine);
}

/// The verb `attention` for heads of up to Dim numbers.
template <int Dim, real T, class Context>
void attend_in_blocks(Context& cx, const attention_shape& shape, matrix_view<const T, memory::device> q,
                      matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                      std::span<const row_range> queries, std::span<const row_range> keys,
                      matrix_view<T, memory::device> o, matrix_view<T, memory::device> l) {
  using block_type = attention_block<T, Dim>;
  index_t longest = 0;
  for (const row_range r : queries) longest = std::max(longest, r.size());
  const index_t blocks = (longest + block_type::threads - 1) / block_type::threads;
  const along<thrust_cuda, row_range> query_rows(cx, queries), key_rows(cx, keys);
  launch(cx.resources().get(), static_cast<index_t>(queries.size()) * shape.heads * blocks, block_type::threads,
         attention_kernel<T, Dim>,
         block_type{shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<T>(shape.scale),
                    -std::numeric_limits<T>::infinity(), q, k, v, query_rows.data(), key_rows.data(), o, l});
}

}  // namespace prismatic::detail
