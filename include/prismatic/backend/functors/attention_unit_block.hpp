/// Attention of a block of queries on matrix units, with operands and P rounded to bf16: what a lane does between products.
/// attention_block.hpp is the same in single precision.
#pragma once

#include <prismatic/backend/functors/attention_tile.hpp>
#include <prismatic/backend/functors/attention_unit_tile.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstdint>

namespace prismatic::detail {

/// 64 queries of one head and sequence, 16 a warp; the keys and values they see pass, 32 at a time.
///
/// Each thread begins; for each passing tile it loads and waits; a warp multiplies Q K' into `scores`, masks, agrees by the four
/// lanes of a row on the greatest, weighs, multiplies P V into `out`, and waits; then the lanes of a row add up and finish.
template <int Dim>
struct attention_unit_block {
  static constexpr int rows = 64, passing = 32, threads = 128;
  using own_tile = attention_unit_tile<Dim, rows>;
  using passing_tile = attention_unit_tile<Dim, passing>;

  struct shared {
    std::uint32_t* words;
    static constexpr int size = own_tile::by_rows + passing_tile::by_rows + passing_tile::by_columns;
    static constexpr int bytes = size * static_cast<int>(sizeof(std::uint32_t));
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* queries() const { return words; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* keys() const { return words + own_tile::by_rows; }
    [[nodiscard]] PRISMATIC_HOST_DEVICE std::uint32_t* values() const { return keys() + passing_tile::by_rows; }
  };

  struct state {
    float scores[2][2][4];  // of 16 passing rows, twice
    float out[own_tile::numbers][4];
    float top[2], sum[2];  // of rows g and g + 8; the sum is this lane's part
  };

  index_t heads, group, dim;
  index_t blocks;  // that the longest sequence takes
  float scale, lowest;
  strided_rows<const float> q, k, v;
  const row_range* query_rows;
  const row_range* key_rows;
  strided_rows<float> o, l;

  [[nodiscard]] PRISMATIC_HOST_DEVICE block_place place(index_t block) const { return place_of_block(block, heads, blocks, rows); }

  /// The keys that the block's last query sees; none for a block behind the end of its sequence.
  [[nodiscard]] PRISMATIC_HOST_DEVICE row_range seen(index_t block) const {
    return keys_seen(query_rows[place(block).sequence], key_rows[place(block).sequence], place(block).first_row, rows);
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int thread, const shared& memory, state& mine) const {
    const row_range own = query_rows[place(block).sequence];
    own_tile::copy_by_rows(q, own.begin + place(block).first_row, own.end, place(block).head * dim, dim, thread, memory.queries());
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half) {
      mine.top[half] = lowest;
      mine.sum[half] = 0;
    }
    PRISMATIC_UNROLL
    for (int n = 0; n < own_tile::numbers; ++n)
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) mine.out[n][e] = 0;
  }

  /// This thread's part of the keys and values from row `first` on.
  PRISMATIC_HOST_DEVICE void load(index_t block, index_t first, int thread, const shared& memory) const {
    const index_t end = seen(block).end, at = place(block).head / group * dim;
    passing_tile::copy_by_rows(k, first, end, at, dim, thread, memory.keys());
    passing_tile::copy_by_columns(v, first, end, at, dim, thread, memory.values());
  }

  PRISMATIC_HOST_DEVICE static void clear(state& mine) {
    each_score([&](int part, int n, int e) { mine.scores[part][n][e] = 0; });
  }

  /// Scales the scores, leaves the lowest where a query sees no key, and finds this lane's greatest of each of its rows.
  PRISMATIC_HOST_DEVICE void mask(index_t block, index_t first, int warp, int lane, state& mine, float (&tops)[2]) const {
    const row_range own = query_rows[place(block).sequence], all = key_rows[place(block).sequence];
    tops[0] = mine.top[0];
    tops[1] = mine.top[1];
    each_score([&](int part, int n, int e) {
      const index_t query = place(block).first_row + 16 * warp + own_tile::row_of(lane, e);
      const index_t key = first + 16 * part + 8 * n + own_tile::column_of(lane, e);
      float& score = mine.scores[part][n][e];
      score = key <= all.end - (own.end - own.begin) + query && key < all.end ? scale * score : lowest;
      if (score > tops[e / 2]) tops[e / 2] = score;
    });
  }

  /// Scores become P under the rows' greatest so far, and what was summed before shrinks.
  PRISMATIC_HOST_DEVICE static void weigh(const float (&tops)[2], state& mine) {
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half) {
      if (tops[half] == mine.top[half]) continue;
      const float shrink = std::exp(mine.top[half] - tops[half]);
      mine.top[half] = tops[half];
      mine.sum[half] *= shrink;
      PRISMATIC_UNROLL
      for (int n = 0; n < own_tile::numbers; ++n) {
        mine.out[n][2 * half] *= shrink;
        mine.out[n][2 * half + 1] *= shrink;
      }
    }
    each_score([&](int part, int n, int e) {
      float& p = mine.scores[part][n][e];
      p = std::exp(p - mine.top[e / 2]);
      mine.sum[e / 2] += p;
    });
  }

  /// @param sums  of the four lanes of each row
  PRISMATIC_HOST_DEVICE void finish(index_t block, int warp, int lane, const float (&sums)[2], const state& mine) const {
    const row_range own = query_rows[place(block).sequence];
    const index_t head = place(block).head;
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half) {
      const index_t row = own.begin + place(block).first_row + 16 * warp + own_tile::row_of(lane, 2 * half);
      if (row >= own.end) continue;
      PRISMATIC_UNROLL
      for (int n = 0; n < own_tile::numbers; ++n)
        PRISMATIC_UNROLL
        for (int e = 2 * half; e < 2 * half + 2; ++e) {
          const int at = 8 * n + own_tile::column_of(lane, e);
          if (at < dim) o[row][head * dim + at] = mine.out[n][e] / sums[half];
        }
      if (lane % 4 == 0) l[row][head] = mine.top[half] + std::log(sums[half]);
    }
  }

 private:
  /// f(part, n, e) for every score of a lane.
  template <class F>
  PRISMATIC_HOST_DEVICE static void each_score(F f) {
    PRISMATIC_UNROLL
    for (int part = 0; part < 2; ++part)
      PRISMATIC_UNROLL
      for (int n = 0; n < 2; ++n)
        PRISMATIC_UNROLL
        for (int e = 0; e < 4; ++e) f(part, n, e);
  }
};

}  // namespace prismatic::detail
