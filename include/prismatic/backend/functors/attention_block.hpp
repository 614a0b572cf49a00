/// Attention of a block of queries whose threads share the keys they read: what a kernel with shared memory does between
/// its barriers, one thread's part of a phase a call.
///
/// Scores never leave a thread: the softmax is kept up to date key by key [Milakov & Gimelshein 2018, "Online normalizer
/// calculation for softmax", algorithm 3; Dao et al. 2022].
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstddef>

namespace prismatic::detail {

/// `threads` queries of one head and sequence, a thread each; keys and values pass `keys` rows at a time through memory
/// of the block, `Dim` numbers a row. A head of fewer numbers is filled up with zeros.
///
/// A block begins (each thread), then for each tile loads (each thread), waits, sees (each thread) and waits, then ends.
template <class T, int Dim>
struct attention_block {
  static constexpr int threads = 64;
  static constexpr int keys = 16384 / (Dim * static_cast<int>(sizeof(T)));  // two tiles of 16 KiB

  struct state {
    index_t row, end;  // of the query; behind the last key it sees. end == 0: a thread without a query
    T query[static_cast<std::size_t>(Dim)], out[static_cast<std::size_t>(Dim)];
    T top, sum;
  };

  index_t heads, group, dim;  // group: query heads to a key-value head
  index_t blocks;             // that the longest sequence takes
  T scale, lowest;
  strided_rows<const T> q, k, v;
  const row_range* query_rows;
  const row_range* key_rows;
  strided_rows<T> o, l;

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t sequence(index_t block) const { return block / blocks / heads; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t head(index_t block) const { return block / blocks % heads; }

  /// The keys that the block's last query sees; none for a block behind the end of its sequence.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range seen(index_t block) const {
    const row_range rows = query_rows[sequence(block)], all = key_rows[sequence(block)];
    const index_t count = rows.end - rows.begin, first = block % blocks * threads;
    if (first >= count) return {all.begin, all.begin};
    return {all.begin, all.end - count + smaller(first + threads, count)};
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int thread, state& mine) const {
    const row_range rows = query_rows[sequence(block)], all = key_rows[sequence(block)];
    const index_t i = block % blocks * threads + thread, count = rows.end - rows.begin;
    mine.row = rows.begin + i;
    mine.end = i < count ? all.end - count + i + 1 : 0;
    mine.top = lowest;
    mine.sum = T{0};
    for (int x = 0; x < Dim; ++x) {
      mine.query[x] = i < count && x < dim ? q[mine.row][head(block) * dim + x] : T{0};
      mine.out[x] = T{0};
    }
  }

  /// This thread's part of the rows from `first` on.
  PRISMATIC_HOST_DEVICE void load(index_t block, index_t first, int thread, T* tile_k, T* tile_v) const {
    const index_t end = seen(block).end, at = head(block) / group * dim;
    for (int e = thread; e < keys * Dim; e += threads) {
      const index_t row = first + e / Dim, x = e % Dim;
      const bool there = row < end && x < dim;
      tile_k[e] = there ? k[row][at + x] : T{0};
      tile_v[e] = there ? v[row][at + x] : T{0};
    }
  }

  PRISMATIC_HOST_DEVICE void see(index_t first, const T* tile_k, const T* tile_v, state& mine) const {
    const index_t end = smaller(mine.end - first, keys);
    for (index_t j = 0; j < end; ++j) see_key(tile_k + j * Dim, tile_v + j * Dim, mine);
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, const state& mine) const {
    if (mine.end == 0) return;
    const T normaliser = T{1} / mine.sum;
    for (int x = 0; x < Dim; ++x)
      if (x < dim) o[mine.row][head(block) * dim + x] = mine.out[x] * normaliser;
    l[mine.row][head(block)] = mine.top + std::log(mine.sum);
  }

 private:
  PRISMATIC_HOST_DEVICE void see_key(const T* key, const T* value, state& mine) const {
    T score = T{0};
    for (int x = 0; x < Dim; ++x) score += mine.query[x] * key[x];
    score *= scale;
    if (score > mine.top) {
      const T shrink = std::exp(mine.top - score);
      mine.top = score;
      mine.sum *= shrink;
      for (int x = 0; x < Dim; ++x) mine.out[x] *= shrink;
    }
    const T p = std::exp(score - mine.top);
    mine.sum += p;
    for (int x = 0; x < Dim; ++x) mine.out[x] += p * value[x];
  }
};

}  // namespace prismatic::detail
