/// The adjoint of attention for a block of queries, or of keys, whose threads share all they read: what a kernel with shared
/// memory does between its barriers, one thread's part of a phase a call.
///
/// P and dS of a tile of pairs are made again from Q, K, dO, V and the log-sum-exp [Dao et al. 2022, algorithm 4], once for
/// dQ and once for dK and dV, so that each output has one adder and one order of additions.
#pragma once

#include <prismatic/backend/functors/attention.hpp>
#include <prismatic/backend/functors/attention_tile.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstddef>

namespace prismatic::detail {

/// A block keeps `rows` rows of one head and sequence, its own: queries (Q, dO), or, with `Keys`, keys (K, V) of a head that
/// several query heads share. The rows on the other side that meet them pass, `rows` at a time. Heads have up to `Dim`
/// numbers and are filled up with zeros.
///
/// Each thread begins; waits; for each passing tile it loads, waits, weighs, waits, adds and waits; then it finishes.
template <class T, int Dim, bool Keys>
struct attention_adjoint_block {
  using tile = attention_tile<T, Dim>;
  static constexpr int threads = tile::threads, rows = tile::rows;
  static constexpr int outputs = Keys ? 2 : 1;

  /// What the block shares, in fours: Q and dO of the own rows (K and V), K and V of those that pass (Q and dO), and for each
  /// passing row dS of the own rows (and P).
  struct shared {
    four_of<T>* words;
    static constexpr int size = 4 * rows * tile::row_fours + outputs * rows * tile::tile_fours;
    static constexpr int bytes = size * static_cast<int>(sizeof(four_of<T>));

    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* own(int which) const { return words + which * rows * tile::row_fours; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* passing(int which) const { return words + (2 + which) * rows * tile::row_fours; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE four_of<T>* pairs(int which) const {
      return words + 4 * rows * tile::row_fours + which * rows * tile::tile_fours;
    }
  };

  struct state {
    typename tile::row_sums out[std::size_t{outputs}];
  };

  index_t heads;  // that blocks are made for: of queries, or key-value heads
  index_t tiles;  // that the longest sequence takes
  attention_pair<T> pair;
  const row_range* sequences;
  strided_rows<T> first, second;  // dQ (and nothing), or dK and dV

  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range sequence(index_t block) const {
    return sequences[place_of_block(block, heads, tiles, rows).sequence];
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t head(index_t block) const { return place_of_block(block, heads, tiles, rows).head; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t begin_of(index_t block) const { return place_of_block(block, heads, tiles, rows).first_row; }

  /// The query heads that meet the block.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range query_heads(index_t block) const {
    const index_t at = head(block);
    return Keys ? row_range{at * pair.group, (at + 1) * pair.group} : row_range{at, at + 1};
  }
  /// The rows of the sequence that pass, counted from its first; none for a block behind its end.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range passing(index_t block) const {
    return rows_meeting(sequence(block), begin_of(block), rows, Keys);
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int thread, const shared& memory, state& mine) const {
    const index_t query_head = query_heads(block).begin;
    copy(block, begin_of(block), query_head, Keys, thread, memory.own(0), memory.own(1));
    PRISMATIC_UNROLL
    for (int which = 0; which < outputs; ++which)
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i)
        PRISMATIC_UNROLL
        for (int x = 0; x < tile::numbers; ++x) mine.out[which][i][x] = T{0};
  }

  /// This thread's part of the rows that pass from `from` on, for one query head.
  PRISMATIC_HOST_DEVICE void load(index_t block, index_t query_head, index_t from, int thread, const shared& memory) const {
    copy(block, from, query_head, !Keys, thread, memory.passing(0), memory.passing(1));
  }

  /// dS (and P) of own rows 4 (thread / 16) ... + 3 and passing rows thread % 16, + 16.
  PRISMATIC_HOST_DEVICE void weigh(index_t block, index_t query_head, index_t from, int thread, const shared& memory) const {
    const int across = thread % 16, down = thread / 16;
    typename tile::pair_sums scores = {}, products = {};
    tile::multiply(memory.own(0), memory.passing(0), thread, scores);
    tile::multiply(memory.own(1), memory.passing(1), thread, products);
    const row_range all = sequence(block);
    const index_t count = all.end - all.begin;
    PRISMATIC_UNROLL
    for (int c = 0; c < 2; ++c) {
      four_of<T> p, ds;
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) {
        const index_t own = begin_of(block) + 4 * down + i, other = from + across + 16 * c;
        const index_t query = Keys ? other : own, key = Keys ? own : other;
        p.x[i] = ds.x[i] = T{0};
        if (key > query || query >= count) continue;
        const index_t t = all.begin + query;
        p.x[i] = std::exp(pair.scale * scores[i][c] - pair.l[t][query_head]);
        ds.x[i] = pair.scale * p.x[i] * (products[i][c] - pair.d[t][query_head]);
      }
      memory.pairs(0)[(across + 16 * c) * tile::tile_fours + down] = ds;
      if constexpr (Keys) memory.pairs(1)[(across + 16 * c) * tile::tile_fours + down] = p;
    }
  }

  /// Own rows 4 (thread / 16) ... + 3 take what passes: dQ += dS K, or dK += dS' Q and dV += P' dO.
  PRISMATIC_HOST_DEVICE static void add(int thread, const shared& memory, state& mine) {
    const int across = thread % 16, down = thread / 16;
    for (int j = 0; j < rows; ++j) {
      PRISMATIC_UNROLL
      for (int which = 0; which < outputs; ++which) {
        const four_of<T> weights = memory.pairs(which)[j * tile::tile_fours + down];
        tile::add(weights, memory.passing(which) + j * tile::row_fours, across, mine.out[which]);
      }
    }
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int thread, const state& mine) const {
    const row_range all = sequence(block);
    const int across = thread % 16;
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      const index_t row = all.begin + begin_of(block) + 4 * (thread / 16) + i;
      if (row >= all.end) continue;
      PRISMATIC_UNROLL
      for (int x = 0; x < tile::numbers; ++x) {
        if (tile::number(across, x) >= pair.dim) continue;
        const index_t at = head(block) * pair.dim + tile::number(across, x);
        first[row][at] += mine.out[0][i][x];
        if constexpr (Keys) second[row][at] += mine.out[1][i][x];
      }
    }
  }

 private:
  /// Rows of K and V (or of Q and dO) from the `from`th of the sequence on, zeros behind its end and behind a head's.
  PRISMATIC_HOST_DEVICE void copy(index_t block, index_t from, index_t query_head, bool keys, int thread, four_of<T>* to,
                                  four_of<T>* also_to) const {
    const row_range all = sequence(block);
    const strided_rows<const T> source = keys ? pair.k : pair.q, also = keys ? pair.v : pair.d_o;
    const index_t at = (keys ? query_head / pair.group : query_head) * pair.dim;
    tile::copy(source, all.begin + from, all.end, at, pair.dim, thread, to);
    tile::copy(also, all.begin + from, all.end, at, pair.dim, thread, also_to);
  }
};

}  // namespace prismatic::detail
