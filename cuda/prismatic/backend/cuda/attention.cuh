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

/// A kernel of attention over the blocks of all sequences and heads.
template <class Block, real T, class Context>
void launch_attention(Context& cx, void (*kernel)(Block), const attention_shape& shape, matrix_view<const T, memory::device> q,
                      matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                      std::span<const row_range> queries, std::span<const row_range> keys, matrix_view<T, memory::device> o,
                      matrix_view<T, memory::device> l) {
  index_t longest = 0;
  for (const row_range r : queries) longest = std::max(longest, r.size());
  const index_t blocks = (longest + Block::rows - 1) / Block::rows;
  const along<thrust_cuda, row_range> query_rows(cx, queries), key_rows(cx, keys);
  launch(cx.resources().get(), static_cast<index_t>(queries.size()) * shape.heads * blocks, Block::threads, Block::shared::bytes,
         kernel,
         Block{shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<T>(shape.scale),
               -std::numeric_limits<T>::infinity(), q, k, v, query_rows.data(), key_rows.data(), o, l});
}

/// The verb `attention` for heads of up to Dim numbers.
template <int Dim, real T, class Context>
void attend_in_blocks(Context& cx, const attention_shape& shape, matrix_view<const T, memory::device> q,
                      matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                      std::span<const row_range> queries, std::span<const row_range> keys,
                      matrix_view<T, memory::device> o, matrix_view<T, memory::device> l) {
  launch_attention<attention_block<T, Dim>, T>(cx, attention_kernel<T, Dim>, shape, q, k, v, queries, keys, o, l);
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

/// Kernels of the adjoint over the blocks of queries, and of keys, of all sequences and heads.
template <class QueryBlock, class KeyBlock, real T, class Context>
void launch_attention_adjoint(Context& cx, void (*query_kernel)(QueryBlock), void (*key_kernel)(KeyBlock),
                              const attention_shape& shape, matrix_view<const T, memory::device> q,
                              matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                              matrix_view<const T, memory::device> o, matrix_view<const T, memory::device> l,
                              matrix_view<const T, memory::device> d_o, std::span<const row_range> sequences,
                              matrix_view<T, memory::device> dq, matrix_view<T, memory::device> dk,
                              matrix_view<T, memory::device> dv) {
  static_assert(QueryBlock::rows == KeyBlock::rows);
  const scratch_matrix<T, memory::device> d(cx.scratch(), o.rows(), shape.heads);
  for_each_element(cx, o.rows(), shape.heads, attention_delta<T>{shape.head_dim, o, d_o, d.view()});
  index_t longest = 0;
  for (const row_range r : sequences) longest = std::max(longest, r.size());
  const index_t tiles = (longest + QueryBlock::rows - 1) / QueryBlock::rows, count = static_cast<index_t>(sequences.size());
  const along<thrust_cuda, row_range> rows(cx, sequences);
  const attention_pair<T> pair{shape.heads / shape.kv_heads, shape.head_dim, static_cast<T>(shape.scale), q, k, v, d_o, l,
                               matrix_view<const T, memory::device>(d.view())};
  launch(cx.resources().get(), count * shape.heads * tiles, QueryBlock::threads, QueryBlock::shared::bytes, query_kernel,
         QueryBlock{shape.heads, tiles, pair, rows.data(), dq, dq});
  launch(cx.resources().get(), count * shape.kv_heads * tiles, KeyBlock::threads, KeyBlock::shared::bytes, key_kernel,
         KeyBlock{shape.kv_heads, tiles, pair, rows.data(), dk, dv});
}

/// The verb `attention_adjoint` for heads of up to Dim numbers.
template <int Dim, real T, class Context>
void attend_back_in_blocks(Context& cx, const attention_shape& shape, matrix_view<const T, memory::device> q,
                           matrix_view<const T, memory::device> k, matrix_view<const T, memory::device> v,
                           matrix_view<const T, memory::device> o, matrix_view<const T, memory::device> l,
                           matrix_view<const T, memory::device> d_o, std::span<const row_range> sequences,
                           matrix_view<T, memory::device> dq, matrix_view<T, memory::device> dk,
                           matrix_view<T, memory::device> dv) {
  launch_attention_adjoint<attention_adjoint_block<T, Dim, false>, attention_adjoint_block<T, Dim, true>, T>(
      cx, attention_adjoint_kernel<T, Dim, false>, attention_adjoint_kernel<T, Dim, true>, shape, q, k, v, o, l, d_o, sequences, dq,
      dk, dv);
}

}  // namespace prismatic::detail
