/// Outer products A_s' X_s of all sequences of a batch on matrix units, in one go: what each lane of a warp does between
/// products.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/backend/functors/unit_tiles.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// A sequence and its first step, when each begins with a step of its own.
struct sequence_steps {
  index_t begin, end, first;
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t count() const { return (end - begin + 15) / 16; }
};

/// Packs the columns of x as rows, the positions of each sequence as columns, eight numbers a call.
template <int Parts>
struct pack_sequences {
  row_units<Parts> units;
  const sequence_steps* sequences;
  index_t count, width;  // sequences; columns of x
  strided_rows<const float> x;
  four_words* packed;

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const quotient place = divide(task / 32, units.steps);
    const index_t unit = place.whole, step = place.rest;
    const sequence_steps own = at(step);
    const index_t first = own.begin + (step - own.first) * 16;
    const auto value = [&](int row, int column) {
      const index_t j = unit * 16 + row, t = first + column;
      return j < width && t < own.end ? x[t][j] : 0.0F;
    };
    units.pack(unit, step, static_cast<int>(task % 32), value, packed);
  }

 private:
  /// The sequence of a step: the last that begins there or before. An empty one begins where the next one does.
  [[nodiscard]] PRISMATIC_HOST_DEVICE sequence_steps at(index_t step) const {
    index_t low = 0, high = count;  // sequences before low begin at the step or before, those from high on behind it
    while (low < high) {
      const index_t middle = (low + high) / 2;
      if (sequences[middle].first <= step)
        low = middle + 1;
      else
        high = middle;
    }
    return sequences[low - 1];
  }
};

/// A block has 128 x 128 numbers of one sequence's product. Each lane begins; for each step of the sequence it multiplies
/// (all lanes of the warp together) and leaves; then it finishes.
template <int Parts>
struct outer_tiles {
  using tiles = unit_tiles<Parts>;

  row_units<Parts> units;
  const sequence_steps* sequences;
  index_t down, across;   // blocks of one product
  index_t height, width;  // of the product
  const four_words* a;
  const four_words* x;
  strided_rows<float> out;  // a row a sequence

  [[nodiscard]] PRISMATIC_HOST_DEVICE sequence_steps sequence(index_t block) const { return sequences[block / across / down]; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t unit_down(index_t block) const { return block / across % down * tiles::units; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t unit_across(index_t block) const { return block % across * tiles::units; }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int warp, int lane, const typename tiles::state& mine) const {
    float* const to = out[block / across / down];
    const index_t first_row = unit_down(block) * 16, first_column = unit_across(block) * 16;
    tiles::each([&](int m, int n, int c) {
      const index_t i = first_row + tiles::row_of(warp, lane, m, c), j = first_column + tiles::column_of(warp, lane, n, c);
      if (i < height && j < width) to[i * width + j] = mine.totals[m][n][c];
    });
  }
};

}  // namespace prismatic::detail
