/// The best-matching row of B for each row of A on matrix units, without the matrix of all scores: what each lane of a warp
/// does between products.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/backend/functors/unit_tiles.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// A score and the row of B it belongs to.
struct match {
  float score;
  index_t place;  // -1: none

  /// The greater score stays, of equal ones the first. A NaN is never greater.
  PRISMATIC_HOST_DEVICE void offer(float other, index_t at) {
    if (other > score || (other == score && at >= 0 && at < place)) *this = {other, at};
  }
};

/// A block's rows of A against all rows of B, a tile of 128 at a time; scores have single precision.
///
/// Each lane begins; for each stage (16 columns of A and B) it multiplies (all lanes of the warp together) and leaves; after
/// a tile's last stage it takes the best of each of its eight rows, the four lanes of a row agree on one, and one of them
/// keeps it. In the end the warps of a row agree.
struct nearest_tiles {
  using tiles = unit_tiles<3>;
  using units = row_units<3>;

  struct state : tiles::state {
    match kept[2];
  };
  struct stage {
    int tile, step;
  };

  units all_steps;
  index_t rows_of_a, rows_of_b;
  const four_words* a;
  const four_words* b;
  const float* bias;  // or null
  float lowest;       // minus infinity
  label_t* labels;
  float* best;

  [[nodiscard]] PRISMATIC_HOST_DEVICE bool exists(stage s) const { return index_t{tiles::columns} * s.tile < rows_of_b; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE bool ends_tile(stage s) const { return s.step + 1 == all_steps.steps; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE stage after(stage s) const {
    return ends_tile(s) ? stage{s.tile + 1, 0} : stage{s.tile, s.step + 1};
  }
  /// Where word group e of a stage comes from.
  [[nodiscard]] PRISMATIC_HOST_DEVICE const four_words* source(index_t block, stage s, int e) const {
    return tiles::source(all_steps, a, block * tiles::units, s.step, all_steps, b, index_t{tiles::units} * s.tile, s.step, e);
  }

  PRISMATIC_HOST_DEVICE void begin(state& mine) const {
    mine.kept[0] = mine.kept[1] = {lowest, -1};
    tiles::begin(mine);
  }

  /// The lane's best of row r of its eight, and zeros for the next tile.
  [[nodiscard]] PRISMATIC_HOST_DEVICE match best_of_row(stage s, int warp, int lane, int r, state& mine) const {
    match found{lowest, -1};
    PRISMATIC_UNROLL
    for (int e = 0; e < 8; ++e) {
      const int c = r % 2 * 2 + e % 2;
      const index_t j = index_t{tiles::columns} * s.tile + tiles::column_of(warp, lane, e / 2, c);
      float& score = mine.totals[r / 2][e / 2][c];
      if (j < rows_of_b) found.offer(bias == nullptr ? score : score + bias[j], j);
      score = 0;
    }
    return found;
  }

  /// Of the four lanes of row r, which agree on `found`, one remembers it.
  PRISMATIC_HOST_DEVICE static void keep(int lane, int r, const match& found, state& mine) {
    if (r / 2 == lane % 4) mine.kept[r % 2].offer(found.score, found.place);
  }

  /// Leaves what the lane kept where the others see it: matches[4][tiles::rows].
  PRISMATIC_HOST_DEVICE static void show(int warp, int lane, const state& mine, match* matches) {
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half)
      matches[warp % 4 * tiles::rows + tiles::row_of(warp, lane, lane % 4, 2 * half)] = mine.kept[half];
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int thread, const match* matches) const {
    const index_t row = block * tiles::rows + thread;
    if (thread >= tiles::rows || row >= rows_of_a) return;
    match found = matches[thread];
    for (int across = 1; across < 4; ++across) {
      const match& other = matches[across * tiles::rows + thread];
      found.offer(other.score, other.place);
    }
    labels[row] = static_cast<label_t>(found.place < 0 ? 0 : found.place);
    best[row] = found.score;
  }
};

}  // namespace prismatic::detail
