/// Products A B' of rows on matrix units, the rows packed as the lanes of a warp hold them: 16 x 16 by 16 x 8 at a time.
///
/// A float is the sum of up to three bf16 numbers (bf16_parts). Of the nine products of two floats' three parts six are
/// formed; the others are below 2^-24 of |a| |b|, so the result is that of single precision. Of two parts' four, three are.
#pragma once

#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// Rows as matrix units want them: units of 16 rows by 16 columns (a step), the parts of a unit one after another, in each a
/// lane's four words. Lane 4 g + t has columns 4 t ... 4 t + 3 of rows g and g + 8; any order of the columns will do that
/// both factors share.
template <int Parts>
struct row_units {
  static constexpr index_t size = Parts * 32;  // of a unit, in four_words

  index_t steps;

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t place(index_t unit, index_t step) const { return (unit * steps + step) * size; }

  /// Packs a lane's eight numbers of a unit: value(row, column), counted within the unit.
  template <class Value>
  PRISMATIC_HOST_DEVICE void pack(index_t unit, index_t step, int lane, Value value, four_words* packed) const {
    four_words out[static_cast<std::size_t>(Parts)];
    PRISMATIC_UNROLL
    for (int e = 0; e < 4; ++e) {  // rows g, g + 8 in turn; columns 4 t, 4 t + 1, then the next two
      const int row = lane / 4 + e % 2 * 8, column = lane % 4 * 4 + e / 2 * 2;
      const bf16_parts<Parts> low(value(row, column)), high(value(row, column + 1));
      PRISMATIC_UNROLL
      for (int p = 0; p < Parts; ++p) out[p].word[e] = low.bits[p] | high.bits[p] << 16;
    }
    PRISMATIC_UNROLL
    for (int p = 0; p < Parts; ++p) packed[place(unit, step) + 32 * p + lane] = out[p];
  }
};

/// A block of eight warps multiplies `rows` rows with `columns` others, a step at a time. Two warps share the rows, four the
/// columns: a warp has 64 x 32 sums, as 4 x 4 tiles.
template <int Parts>
struct unit_tiles {
  static constexpr int warps = 8, threads = 32 * warps, rows = 128, columns = 128;
  static constexpr int units = rows / 16, stage_size = static_cast<int>(2 * units * row_units<Parts>::size);  // four_words
  static constexpr int buffers = 49152 / (stage_size * static_cast<int>(sizeof(four_words)));
  static constexpr int run = 8;  // steps whose sum is added up apart: a product rounds its sum towards zero, always

  struct state {
    float sums[4][4][4], totals[4][4][4];  // tile down, tile across; rows g, g, g + 8, g + 8 at columns 2 t, 2 t + 1 in turn
  };

  /// Where word group e of a stage comes from, e in [0, stage_size): units of A, then of B, from those units on.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static const four_words* source(const row_units<Parts>& of_a, const four_words* a, index_t unit_a,
                                                                      index_t step_a, const row_units<Parts>& of_b,
                                                                      const four_words* b, index_t unit_b, index_t step_b, int e) {
    const index_t unit = e / row_units<Parts>::size, word = e % row_units<Parts>::size;
    return unit < units ? a + of_a.place(unit_a + unit, step_a) + word : b + of_b.place(unit_b + unit - units, step_b) + word;
  }
  /// Where a lane's words of a stage are: row of tiles m of the warp's four; pair of columns of tiles n of its two, of which
  /// words 0 and 2 are for the first, 1 and 3 for the second.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int place_a(int warp, int m, int part, int lane) {
    return static_cast<int>((warp / 4 * 4 + m) * row_units<Parts>::size) + part * 32 + lane;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int place_b(int warp, int n, int part, int lane) {
    return static_cast<int>((units + warp % 4 * 2 + n) * row_units<Parts>::size) + part * 32 + lane;
  }
  /// Row and column of sum c of a tile, within the block.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int row_of(int warp, int lane, int m, int c) {
    return warp / 4 * 64 + m * 16 + c / 2 * 8 + lane / 4;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int column_of(int warp, int lane, int n, int c) {
    return warp % 4 * 32 + n * 8 + lane % 4 * 2 + c % 2;
  }

  PRISMATIC_HOST_DEVICE static void begin(state& mine) {
    each([&](int m, int n, int c) { mine.totals[m][n][c] = mine.sums[m][n][c] = 0; });
  }
  /// After step `step`, perhaps the last.
  PRISMATIC_HOST_DEVICE static void leave(index_t step, bool last, state& mine) {
    if (step % run != run - 1 && !last) return;
    each([&](int m, int n, int c) {
      mine.totals[m][n][c] += mine.sums[m][n][c];
      mine.sums[m][n][c] = 0;
    });
  }

  /// f(m, n, c) for every sum of a lane.
  template <class F>
  PRISMATIC_HOST_DEVICE static void each(F f) {
    PRISMATIC_UNROLL
    for (int m = 0; m < 4; ++m)
      PRISMATIC_UNROLL
      for (int n = 0; n < 4; ++n)
        PRISMATIC_UNROLL
        for (int c = 0; c < 4; ++c) f(m, n, c);
  }
};

}  // namespace prismatic::detail
