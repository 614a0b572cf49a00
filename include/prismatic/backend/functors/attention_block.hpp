/// Attention of a block of queries whose threads share the keys they read: what a kernel with shared memory does between
/// its barriers, one thread's part of a phase a call.
///
/// Scores never leave the block: the softmax is kept up to date tile by tile [Milakov & Gimelshein 2018, "Online normalizer
/// calculation for softmax", algorithm 3; Dao et al. 2022].
#pragma once

#include <prismatic/backend/functors/attention_tile.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

/// 32 queries of one head and sequence; the keys and values they see pass, 32 at a time.
///
/// Each thread begins; for each tile it loads, waits, scores, waits, weighs, waits, adds and waits; then it finishes.
template <class T, int Dim>
struct attention_block {
  using tile = attention_tile<T, Dim>;
  static constexpr int threads = tile::threads, rows = tile::rows;

  /// What the block shares, in fours: queries, keys, values, P of the own rows for each passing row, and for each own row the
  /// greatest score that each of 16 threads has.
  struct shared {
    four_of<T>* words;
    static constexpr int size = 3 * rows * tile::row_fours + (rows + 16) * tile::tile_fours;
    static constexpr int bytes = size * static_cast<int>(sizeof(four_of<T>));

    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* queries() const { return words; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* keys() const { return words + rows * tile::row_fours; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* values() const { return words + 2 * rows * tile::row_fours; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* pairs() const { return words + 3 * rows * tile::row_fours; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* tops() const { return pairs() + rows * tile::tile_fours; }
  };

  struct state {
    typename tile::pair_sums scores;
    typename tile::row_sums out;
    T top[4], sum[4];
  };

  index_t heads, group, dim;  // group: query heads to a key-value head
  index_t blocks;             // that the longest sequence takes
  T scale, lowest;
  strided_rows<const T> q, k, v;
  const row_range* query_rows;
  const row_range* key_rows;
  strided_rows<T> o, l;

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t sequence(index_t block) const { return place_of_block(block, heads, blocks, rows).sequence; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t head(index_t block) const { return place_of_block(block, heads, blocks, rows).head; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t first_query(index_t block) const {
    return place_of_block(block, heads, blocks, rows).first_row;
  }

  /// The keys that the block's last query sees; none for a block behind the end of its sequence.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range seen(index_t block) const {
    return keys_seen(query_rows[sequence(block)], key_rows[sequence(block)], first_query(block), rows);
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int thread, const shared& memory, state& mine) const {
    const row_range own = query_rows[sequence(block)];
    tile::copy(q, own.begin + first_query(block), own.end, head(block) * dim, dim, thread, memory.queries());
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      mine.top[i] = lowest;
      mine.sum[i] = T{0};
      PRISMATIC_UNROLL
      for (int x = 0; x < tile::numbers; ++x) mine.out[i][x] = T{0};
    }
  }

  /// This thread's part of the keys and values from row `first` on.
  PRISMATIC_HOST_DEVICE void load(index_t block, index_t first, int thread, const shared& memory) const {
    const index_t end = seen(block).end, at = head(block) / group * dim;
    tile::copy(k, first, end, at, dim, thread, memory.keys());
    tile::copy(v, first, end, at, dim, thread, memory.values());
  }

  PRISMATIC_HOST_DEVICE void score(index_t block, index_t first, int thread, const shared& memory, state& mine) const {
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) mine.scores[i][0] = mine.scores[i][1] = T{0};
    tile::multiply(memory.queries(), memory.keys(), thread, mine.scores);
    four_of<T> tops;
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      tops.x[i] = lowest;
      PRISMATIC_UNROLL
      for (int c = 0; c < 2; ++c) {
        mine.scores[i][c] *= scale;
        if (sees(block, first, thread, i, c) && mine.scores[i][c] > tops.x[i]) tops.x[i] = mine.scores[i][c];
      }
    }
    memory.tops()[thread % 16 * tile::tile_fours + thread / 16] = tops;
  }

  PRISMATIC_HOST_DEVICE void weigh(index_t block, index_t first, int thread, const shared& memory, state& mine) const {
    T tops[4] = {mine.top[0], mine.top[1], mine.top[2], mine.top[3]};
    for (int a = 0; a < 16; ++a) {
      const four_of<T> other = memory.tops()[a * tile::tile_fours + thread / 16];
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) tops[i] = other.x[i] > tops[i] ? other.x[i] : tops[i];
    }
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      if (tops[i] == mine.top[i]) continue;
      const T shrink = std::exp(mine.top[i] - tops[i]);
      mine.top[i] = tops[i];
      mine.sum[i] *= shrink;
      PRISMATIC_UNROLL
      for (int x = 0; x < tile::numbers; ++x) mine.out[i][x] *= shrink;
    }
    PRISMATIC_UNROLL
    for (int c = 0; c < 2; ++c) {
      four_of<T> p;
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i)
        p.x[i] = sees(block, first, thread, i, c) ? std::exp(mine.scores[i][c] - mine.top[i]) : T{0};
      memory.pairs()[(thread % 16 + 16 * c) * tile::tile_fours + thread / 16] = p;
    }
  }

  PRISMATIC_HOST_DEVICE static void add(int thread, const shared& memory, state& mine) {
    for (int j = 0; j < rows; ++j) {
      const four_of<T> weights = memory.pairs()[j * tile::tile_fours + thread / 16];
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) mine.sum[i] += weights.x[i];
      tile::add(weights, memory.values() + j * tile::row_fours, thread % 16, mine.out);
    }
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int thread, const state& mine) const {
    const row_range own = query_rows[sequence(block)];
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      const index_t row = own.begin + first_query(block) + 4 * (thread / 16) + i;
      if (row >= own.end) continue;
      const T normaliser = T{1} / mine.sum[i];
      PRISMATIC_UNROLL
      for (int x = 0; x < tile::numbers; ++x) {
        const int at = tile::number(thread % 16, x);
        if (at < dim) o[row][head(block) * dim + at] = mine.out[i][x] * normaliser;
      }
      if (thread % 16 == 0) l[row][head(block)] = mine.top[i] + std::log(mine.sum[i]);
    }
  }

 private:
  /// Whether own row 4 d + i is a query that sees passing row a + 16 c of those from `first` on.
  [[nodiscard]] PRISMATIC_HOST_DEVICE bool sees(index_t block, index_t first, int thread, int i, int c) const {
    const row_range own = query_rows[sequence(block)], all = key_rows[sequence(block)];
    const index_t count = own.end - own.begin, query = first_query(block) + 4 * (thread / 16) + i;
    return query < count && first + thread % 16 + 16 * c <= all.end - count + query;
  }
};

}  // namespace prismatic::detail
