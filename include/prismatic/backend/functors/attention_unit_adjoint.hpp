/// The adjoint of attention on matrix units, with operands, P and dS rounded to bf16: what a lane does between products.
/// attention_adjoint_block.hpp is the same in single precision.
#pragma once

#include <prismatic/backend/functors/attention.hpp>
#include <prismatic/backend/functors/attention_tile.hpp>
#include <prismatic/backend/functors/attention_unit_tile.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// A block keeps 64 rows of one head and sequence, its own, 16 a warp: queries (Q, dO), or, with `Keys`, keys (K, V) of a head
/// that several query heads share. The rows on the other side that meet them pass, 32 at a time.
///
/// Each thread begins and waits; for each passing tile it loads and waits; twice a warp multiplies its own rows by 16 of those
/// that pass, into `scores` (Q K') and `products` (dO V'), weighs, and multiplies dS (and P) by what passed into `out`; it waits;
/// then it finishes.
template <int Dim, bool Keys>
struct attention_unit_adjoint {
  static constexpr int rows = 64, passing_rows = 32, threads = 128;
  static constexpr int outputs = Keys ? 2 : 1;
  using own_tile = attention_unit_tile<Dim, rows>;
  using passing_tile = attention_unit_tile<Dim, passing_rows>;

  struct shared {
    std::uint32_t* words;
    static constexpr int size = 2 * own_tile::by_rows + 2 * passing_tile::by_rows + outputs * passing_tile::by_columns;
    static constexpr int bytes = size * static_cast<int>(sizeof(std::uint32_t));
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* own(int which) const { return words + which * own_tile::by_rows; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* passing(int which) const {
      return words + 2 * own_tile::by_rows + which * passing_tile::by_rows;
    }
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* columns(int which) const {
      return words + 2 * own_tile::by_rows + 2 * passing_tile::by_rows + which * passing_tile::by_columns;
    }
  };

  struct state {
    float scores[2][4], products[2][4];  // of 16 passing rows; weighed they are P and dS
    float out[std::size_t{outputs}][std::size_t{own_tile::numbers}][4];
  };

  index_t heads;  // that blocks are made for: of queries, or key-value heads
  index_t tiles;  // that the longest sequence takes
  attention_pair<float> pair;
  const row_range* sequences;
  strided_rows<float> first, second;  // dQ (and nothing), or dK and dV

  [[nodiscard]] PRISMATIC_HOST_DEVICE block_place place(index_t block) const { return place_of_block(block, heads, tiles, rows); }
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range sequence(index_t block) const { return sequences[place(block).sequence]; }

  /// The query heads that meet the block.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range query_heads(index_t block) const {
    const index_t at = place(block).head;
    return Keys ? row_range{at * pair.group, (at + 1) * pair.group} : row_range{at, at + 1};
  }
  /// The rows of the sequence that pass, counted from its first; none for a block behind its end.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range passing(index_t block) const {
    return rows_meeting(sequence(block), place(block).first_row, rows, Keys);
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int thread, const shared& memory, state& mine) const {
    const row_range all = sequence(block);
    const index_t query_head = query_heads(block).begin, from = all.begin + place(block).first_row;
    own_tile::copy_by_rows(side(Keys, 0), from, all.end, head_at(Keys, query_head), pair.dim, thread, memory.own(0));
    own_tile::copy_by_rows(side(Keys, 1), from, all.end, head_at(Keys, query_head), pair.dim, thread, memory.own(1));
    PRISMATIC_UNROLL
    for (int which = 0; which < outputs; ++which)
      PRISMATIC_UNROLL
      for (int n = 0; n < own_tile::numbers; ++n)
        PRISMATIC_UNROLL
        for (int e = 0; e < 4; ++e) mine.out[which][n][e] = 0;
  }

  /// This thread's part of the rows that pass from `from` on, for one query head.
  PRISMATIC_HOST_DEVICE void load(index_t block, index_t query_head, index_t from, int thread, const shared& memory) const {
    const row_range all = sequence(block);
    PRISMATIC_UNROLL
    for (int which = 0; which < 2; ++which) {
      passing_tile::copy_by_rows(side(!Keys, which), all.begin + from, all.end, head_at(!Keys, query_head), pair.dim, thread,
                                 memory.passing(which));
      if (which < outputs)
        passing_tile::copy_by_columns(side(!Keys, which), all.begin + from, all.end, head_at(!Keys, query_head), pair.dim, thread,
                                      memory.columns(which));
    }
  }

  PRISMATIC_HOST_DEVICE static void clear(state& mine) {
    PRISMATIC_UNROLL
    for (int n = 0; n < 2; ++n)
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) mine.scores[n][e] = mine.products[n][e] = 0;
  }

  /// Scores become P, products dS, for the 16 rows that pass from `from` on.
  PRISMATIC_HOST_DEVICE void weigh(index_t block, index_t query_head, index_t from, int warp, int lane, state& mine) const {
    const row_range all = sequence(block);
    const index_t count = all.end - all.begin;
    PRISMATIC_UNROLL
    for (int n = 0; n < 2; ++n)
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) {
        const index_t own = place(block).first_row + 16 * warp + own_tile::row_of(lane, e);
        const index_t other = from + 8 * n + own_tile::column_of(lane, e);
        const index_t query = Keys ? other : own, key = Keys ? own : other;
        float &p = mine.scores[n][e], &ds = mine.products[n][e];
        if (key > query || query >= count) {
          p = ds = 0;
          continue;
        }
        const index_t t = all.begin + query;
        p = std::exp(pair.scale * p - pair.l[t][query_head]);
        ds = pair.scale * p * (ds - pair.d[t][query_head]);
      }
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int warp, int lane, const state& mine) const {
    const row_range all = sequence(block);
    PRISMATIC_UNROLL
    for (int n = 0; n < own_tile::numbers; ++n)
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) {
        const index_t row = all.begin + place(block).first_row + 16 * warp + own_tile::row_of(lane, e);
        const int number = 8 * n + own_tile::column_of(lane, e);
        if (row >= all.end || number >= pair.dim) continue;
        const index_t at = place(block).head * pair.dim + number;
        first[row][at] += mine.out[0][n][e];
        if constexpr (Keys) second[row][at] += mine.out[1][n][e];
      }
  }

 private:
  /// K and V, or Q and dO.
  [[nodiscard]] PRISMATIC_HOST_DEVICE strided_rows<const float> side(bool keys, int which) const {
    return keys ? (which == 0 ? pair.k : pair.v) : (which == 0 ? pair.q : pair.d_o);
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t head_at(bool keys, index_t query_head) const {
    return (keys ? query_head / pair.group : query_head) * pair.dim;
  }
};

}  // namespace prismatic::detail
