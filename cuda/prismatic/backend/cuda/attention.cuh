/// Causal grouped-query attention and its adjoint as kernels of our own: blocks of queries or keys, the other side through
/// shared memory.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/launch.cuh>
#include <prismatic/backend/functors/attention_adjoint_block.hpp>
#include <prismatic/backend/functors/attention_block.hpp>
#include <prismatic/backend/thrust/cuda.cuh>
#include <prismatic/backend/thrust/launch.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace prismatic::detail {

/// The shell: shared memory and barriers around the phases of attention_block.
template <class T, int Dim>
static __global__ void __launch_bounds__(attention_block<T, Dim>::threads, sizeof(T) == 8 || Dim == 16 ? 2 : 3)
    attention_kernel(attention_block<T, Dim> all) {
  using block_type = attention_block<T, Dim>;
  extern __shared__ __align__(16) unsigned char raw[];
  const typename block_type::shared memory{reinterpret_cast<four_of<T>*>(raw)};
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const row_range keys = all.seen(block);
  if (keys.begin == keys.end) return;
  typename block_type::state mine;
  all.begin(block, thread, memory, mine);
  for (index_t first = keys.begin; first < keys.end; first += block_type::rows) {
    all.load(block, first, thread, memory);
    __syncthreads();
    all.score(block, first, thread, memory, mine);
    __syncthreads();
    all.weigh(block, first, thread, memory, mine);
    __syncthreads();
    all.add(thread, memory, mine);
    __syncthreads();
  }
  all.finish(block, thread, mine);
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
  const index_t blocks = (longest + block_type::rows - 1) / block_type::rows;
  const along<thrust_cuda, row_range> query_rows(cx, queries), key_rows(cx, keys);
  launch(cx.resources().get(), static_cast<index_t>(queries.size()) * shape.heads * blocks, block_type::threads,
         block_type::shared::size * static_cast<int>(sizeof(four_of<T>)),
         attention_kernel<T, Dim>,
         block_type{shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<T>(shape.scale),
                    -std::numeric_limits<T>::infinity(), q, k, v, query_rows.data(), key_rows.data(), o, l});
}

/// The shell: shared memory and barriers around the phases of attention_adjoint_block.
template <class T, int Dim, bool Keys>
static __global__ void __launch_bounds__(attention_adjoint_block<T, Dim, Keys>::threads, sizeof(T) == 8 || Dim == 16 ? 2 : 3)
    attention_adjoint_kernel(attention_adjoint_block<T, Dim, Keys> all) {
  using block_type = attention_adjoint_block<T, Dim, Keys>;
  extern __shared__ __align__(16) unsigned char raw[];
  const typename block_type::shared memory{reinterpret_cast<four_of<T>*>(raw)};
  const auto block = static_cast<index_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const row_range passing = all.passing(block), heads = all.query_heads(block);
  if (passing.begin == passing.end) return;
  typename block_type::state mine;
  all.begin(block, thread, memory, mine);
  for (index_t head = heads.begin; head < heads.end; ++head)
    for (index_t from = passing.begin; from < passing.end; from += block_type::rows) {
      all.load(block, head, from, thread, memory);
      __syncthreads();
      all.weigh(block, head, from, thread, memory);
      __syncthreads();
      all.add(thread, memory, mine);
      __syncthreads();
    }
  all.finish(block, thread, mine);
}

/// The verb `attention_adjoint` for heads of up to Dim numbers.
template <int Dim, real T, class Context>
void attend_back_in_blocks(Context& cx, const attention_shape& shape, matrix_view<const T, memory::device> q,
                           matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                           matrix_view<const T, memory::device> o, matrix_view<const T, memory::device> l,
                           matrix_view<const T, memory::device> d_o, std::span<const row_range> sequences,
                           matrix_view<T, memory::device> dq, matrix_view<T, memory::device> dk,
                           matrix_view<T, memory::device> dv) {
  using query_block = attention_adjoint_block<T, Dim, false>;
  using key_block = attention_adjoint_block<T, Dim, true>;
  const scratch_matrix<T, memory::device> d(cx.scratch(), o.rows(), shape.heads);
  for_each_element(cx, o.rows(), shape.heads, attention_delta<T>{shape.head_dim, o, d_o, d.view()});
  index_t longest = 0;
  for (const row_range r : sequences) longest = std::max(longest, r.size());
  const index_t tiles = (longest + query_block::rows - 1) / query_block::rows, count = static_cast<index_t>(sequences.size());
  const along<thrust_cuda, row_range> rows(cx, sequences);
  const attention_pair<T> pair{shape.heads / shape.kv_heads, shape.head_dim, static_cast<T>(shape.scale), q, k, v, d_o, l,
                               matrix_view<const T, memory::device>(d.view())};
  const auto bytes = [](int fours) { return fours * static_cast<int>(sizeof(four_of<T>)); };
  launch(cx.resources().get(), count * shape.heads * tiles, query_block::threads, bytes(query_block::shared::size),
         attention_adjoint_kernel<T, Dim, false>, query_block{shape.heads, tiles, pair, rows.data(), dq, dq});
  launch(cx.resources().get(), count * shape.kv_heads * tiles, key_block::threads, bytes(key_block::shared::size),
         attention_adjoint_kernel<T, Dim, true>, key_block{shape.kv_heads, tiles, pair, rows.data(), dk, dv});
}

}  // namespace prismatic::detail
