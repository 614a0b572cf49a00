/// The best-matching row of B for each row of A on matrix units, without the matrix of all scores: what each lane of a warp
/// does between products of 16 x 16 by 16 x 8.
///
/// A float is the sum of three bf16 numbers (bf16_parts). Of the nine products of two floats' parts, six are formed; the
/// other three are below 2^-24 of |a| |b|, so scores are those of single precision.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/backend/functors/sign_tiles.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// Rows as matrix units want them: units of 16 rows by 16 columns, the parts of a unit one after another, in each a lane's
/// four words. Lane 4 g + t has columns 4 t ... 4 t + 3 of rows g and g + 8; any order of the columns will do that both
/// factors share.
struct row_units {
  static constexpr int parts = 3;
  static constexpr index_t unit_size = parts * 32;  // four_words

  index_t rows, cols;

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t steps() const { return cols == 0 ? 1 : (cols + 15) / 16; }
  /// Of one part's words of a unit: 16 rows from 16 `unit` on, 16 columns from 16 `step` on.
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t place(index_t unit, index_t step, int part, int lane) const {
    return (unit * steps() + step) * unit_size + part * 32 + lane;
  }
};

/// Packs eight elements of x a call, zeros where there is none.
struct pack_units {
  row_units units;
  strided_rows<const float> x;
  four_words* packed;

  [[nodiscard]] static index_t count(const row_units& units, index_t units_down) noexcept { return units_down * units.steps() * 32; }

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const int lane = static_cast<int>(task % 32);
    const index_t step = task / 32 % units.steps(), unit = task / 32 / units.steps();
    const index_t row = unit * 16 + lane / 4, column = step * 16 + lane % 4 * 4;
    four_words out[row_units::parts];
    PRISMATIC_UNROLL
    for (int e = 0; e < 4; ++e) {  // rows row, row + 8 in turn; columns 0, 1, then 2, 3
      const index_t i = row + e % 2 * 8, j = column + e / 2 * 2;
      const bf16_parts<row_units::parts> low(i < units.rows && j < units.cols ? x[i][j] : 0.0F),
          high(i < units.rows && j + 1 < units.cols ? x[i][j + 1] : 0.0F);
      PRISMATIC_UNROLL
      for (int p = 0; p < row_units::parts; ++p) out[p].word[e] = low.bits[p] | high.bits[p] << 16;
    }
    PRISMATIC_UNROLL
    for (int p = 0; p < row_units::parts; ++p) packed[units.place(unit, step, p, lane)] = out[p];
  }
};

/// A score and the row of B it belongs to.
struct match {
  float score;
  index_t place;  // -1: none

  /// The greater score stays, of equal ones the first. A NaN is never greater.
  PRISMATIC_HOST_DEVICE void offer(float other, index_t at) {
    if (other > score || (other == score && at >= 0 && at < place)) *this = {other, at};
  }
};

/// `rows` rows of A against all rows of B, `columns` of them at a time. Of a block's eight warps, two share the rows and four
/// the columns: a warp has 64 x 32 scores, as 4 x 4 tiles.
///
/// Each lane begins; for each stage (16 columns of A and B) it enters, multiplies (all lanes of the warp together) and
/// leaves; after a tile's last stage it takes the best of each of its eight rows, the four lanes of a row agree on one,
/// and one of them keeps it. In the end the warps of a row agree.
struct nearest_tiles {
  static constexpr int warps = 8, threads = 32 * warps, rows = 128, columns = 128;
  static constexpr int stage_size = static_cast<int>(16 * row_units::unit_size);  // eight units of A, eight of B
  static constexpr int run = 8;  // stages whose sum is added up apart: a product rounds its sum towards zero, always

  struct state {
    float sums[4][4][4], totals[4][4][4];  // tile down, tile across, rows g, g, g + 8, g + 8 at columns 2 t, 2 t + 1
    match kept[2];
  };

  row_units of_a, of_b;
  const four_words* a;
  const four_words* b;
  const float* bias;  // or null
  float lowest;       // minus infinity
  label_t* labels;
  float* best;

  /// A tile of columns and a step of 16 columns of A and B.
  struct stage {
    int tile, step;
  };
  [[nodiscard]] PRISMATIC_HOST_DEVICE bool exists(stage s) const { return index_t{columns} * s.tile < of_b.rows; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE bool ends_tile(stage s) const { return s.step + 1 == of_b.steps(); }
  [[nodiscard]] PRISMATIC_HOST_DEVICE stage after(stage s) const {
    return ends_tile(s) ? stage{s.tile + 1, 0} : stage{s.tile, s.step + 1};
  }

  /// Where word group e of a stage comes from, e in [0, stage_size).
  [[nodiscard]] PRISMATIC_HOST_DEVICE const four_words* source(index_t block, stage s, int e) const {
    const index_t unit = e / row_units::unit_size, word = e % row_units::unit_size;
    return unit < 8 ? a + of_a.place(block * 8 + unit, s.step, 0, 0) + word
                    : b + of_b.place(index_t{8} * s.tile + unit - 8, s.step, 0, 0) + word;
  }
  /// Where a lane's words of a stage are: row of tiles m of the warp's four; pair of columns of tiles n of its two, of which
  /// words 0 and 2 are for the first, 1 and 3 for the second.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int place_a(int warp, int m, int part, int lane) {
    return static_cast<int>((warp / 4 * 4 + m) * row_units::unit_size) + part * 32 + lane;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int place_b(int warp, int n, int part, int lane) {
    return static_cast<int>((8 + warp % 4 * 2 + n) * row_units::unit_size) + part * 32 + lane;
  }

  PRISMATIC_HOST_DEVICE void begin(state& mine) const {
    mine.kept[0] = mine.kept[1] = {lowest, -1};
    each([&](int m, int n, int c) { mine.totals[m][n][c] = mine.sums[m][n][c] = 0; });
  }

  PRISMATIC_HOST_DEVICE void leave(stage s, state& mine) const {
    if (s.step % run != run - 1 && !ends_tile(s)) return;
    each([&](int m, int n, int c) {
      mine.totals[m][n][c] += mine.sums[m][n][c];
      mine.sums[m][n][c] = 0;
    });
  }

  /// The lane's best of row r of its eight, and zeros for the next tile.
  [[nodiscard]] PRISMATIC_HOST_DEVICE match best_of_row(stage s, int warp, int lane, int r, state& mine) const {
    match found{lowest, -1};
    const index_t first = index_t{columns} * s.tile + warp % 4 * 32 + lane % 4 * 2;
    PRISMATIC_UNROLL
    for (int e = 0; e < 8; ++e) {
      const index_t j = first + e / 2 * 8 + e % 2;
      float& score = mine.totals[r / 2][e / 2][r % 2 * 2 + e % 2];
      if (j < of_b.rows) found.offer(bias == nullptr ? score : score + bias[j], j);
      score = 0;
    }
    return found;
  }

  /// Of the four lanes of row r, which agree on `found`, one remembers it.
  PRISMATIC_HOST_DEVICE static void keep(int lane, int r, const match& found, state& mine) {
    if (r / 2 == lane % 4) mine.kept[r % 2].offer(found.score, found.place);
  }

  /// Leaves what the lane kept where the others see it: matches[4][rows].
  PRISMATIC_HOST_DEVICE static void show(int warp, int lane, const state& mine, match* matches) {
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half)
      matches[warp % 4 * rows + warp / 4 * 64 + lane % 4 * 16 + half * 8 + lane / 4] = mine.kept[half];
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int thread, const match* matches) const {
    const index_t row = block * rows + thread;
    if (thread >= rows || row >= of_a.rows) return;
    match found = matches[thread];
    for (int across = 1; across < 4; ++across) found.offer(matches[across * rows + thread].score, matches[across * rows + thread].place);
    labels[row] = static_cast<label_t>(found.place < 0 ? 0 : found.place);
    best[row] = found.score;
  }

 private:
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
