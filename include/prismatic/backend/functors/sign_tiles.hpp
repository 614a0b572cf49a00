/// The dense sign projection on matrix units: tiles of 16 outputs by 16 entries of +-1 times 16 entries by 8
/// samples, what each lane of a warp does between the products. The layout of R: backend/cpu/signs.hpp.
///
/// The order of the entries within a product is free if both factors share it. One call of the generator holds
/// the signs of 128 columns for one output; a lane makes it for an output of its own and one of four calls'
/// columns, and all of its bits go, a pair of places 16 bits apart at a time, into the lane's own places of the
/// tiles: no bit is drawn twice in a warp and none changes lanes. The samples are put into that order first
/// (pack_entries).
///
/// A float is the sum of three numbers of 8 significant bits (bf16), exactly; signs are exact anyway. So are
/// the products, and what is left is the rounding of sums in single precision.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// The signs of columns j and j + 16 of a word of R as bf16, in the low and the high half.
[[nodiscard]] PRISMATIC_HOST_DEVICE constexpr std::uint32_t sign_pair(std::uint32_t word, int j) noexcept {
  return (word << (15 - j) & 0x80008000u) ^ 0x3F803F80u;
}

/// How the entries of a block go to groups: four runs of up to 128 columns of a row, one for each lane of four.
struct sign_runs {
  sign_block block;
  index_t first;   ///< group
  index_t groups;  ///< from there

  /// Groups of a whole block.
  [[nodiscard]] static index_t count(const sign_block& block) noexcept {
    return (block.rows * a_row(block) + 3) / 4;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static index_t a_row(const sign_block& block) noexcept {
    return (block.cols + 127) / 128;
  }

  struct place {
    index_t row, run;
  };
  [[nodiscard]] PRISMATIC_HOST_DEVICE place at(index_t group, int quarter) const noexcept {
    const index_t run = (first + group) * 4 + quarter;
    return {run / a_row(block), run % a_row(block)};
  }
};

/// Where entries lie once packed: for each group and each of 16 fours of columns (4 f .. 4 f + 3 of each 16),
/// part by part, tile by tile of 8 samples, a lane's four words.
template <int Tiles, int Parts>
[[nodiscard]] PRISMATIC_HOST_DEVICE constexpr index_t packed_place(index_t group, int four, int part, int tile,
                                                                   int lane) noexcept {
  return (((group * 16 + four) * Parts + part) * Tiles + tile) * 32 + lane;
}

/// Packs eight entries of one sample a call, zeros where there is no entry or no sample.
template <int Tiles, int Parts>
struct pack_entries {
  sign_runs runs;
  index_t samples;
  strided_rows<const float> g;
  four_words* packed;

  [[nodiscard]] static index_t count(index_t groups) noexcept { return groups * Tiles * 512; }

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const int quarter = static_cast<int>(task % 4), four = static_cast<int>(task / 4 % 16);
    const int row = static_cast<int>(task / 64 % 8), tile = static_cast<int>(task / 512 % Tiles);
    const index_t group = task / 512 / Tiles, sample = tile * 8 + row;
    const auto [at, run] = runs.at(group, quarter);
    const index_t column = run * 128 + four / 4 * 32 + four % 4 * 4;
    const bool there = sample < samples && at < runs.block.rows;
    const float* const entries = there ? g[sample] + at * runs.block.cols : nullptr;
    const index_t end = there ? runs.block.cols : 0;
    four_words out[static_cast<std::size_t>(Parts)];
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      const index_t low = column + i, high = low + 16;
      const bf16_parts<Parts> a(low < end ? entries[low] : 0.0F), b(high < end ? entries[high] : 0.0F);
      PRISMATIC_UNROLL
      for (int p = 0; p < Parts; ++p) out[p].word[i] = a.bits[p] | b.bits[p] << 16;
    }
    PRISMATIC_UNROLL
    for (int p = 0; p < Parts; ++p)
      packed[packed_place<Tiles, Parts>(group, four, p, tile, row * 4 + quarter)] = out[p];
  }
};

/// The product of a thread block: `outputs` outputs, 8 Tiles samples, the entries of one part of the groups. A
/// warp takes 32 outputs, as two rows of tiles.
///
/// Each lane begins; for each stage it enters, takes signs `fours` times, multiplies (all lanes of the warp
/// together), and leaves; then it finishes. A product rounds its sum towards zero, always, so sums of a group
/// (512 entries of a sample) are added up apart from it.
template <int Tiles, int Parts>
struct sign_tiles {
  static constexpr int warps = 8, threads = 32 * warps, outputs = 32 * warps;
  static constexpr int most_bytes = 16384;  // of a stage
  static constexpr int fours = 4 * Tiles * Parts * 512 <= most_bytes   ? 4
                               : 2 * Tiles * Parts * 512 <= most_bytes ? 2
                                                                       : 1;
  static constexpr int stage_size = fours * Parts * Tiles * 32;  // four_words
  static_assert(stage_size * static_cast<int>(sizeof(four_words)) <= most_bytes);

  struct state {
    index_t row, run;           // of the lane's next call
    std::uint32_t words[4][4];  // of outputs g, g + 8, g + 16, g + 24
    float sums[2][static_cast<std::size_t>(Tiles)][4], totals[2][static_cast<std::size_t>(Tiles)][4];
  };

  sign_runs runs;
  index_t part_groups;  // to a part
  index_t samples, width;
  const four_words* packed;
  float* parts;  // (part, sample, output)

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t blocks_across() const { return (width + outputs - 1) / outputs; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t first_group(index_t block) const {
    return block / blocks_across() * part_groups;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t first_output(index_t block, int warp) const {
    return block % blocks_across() * outputs + warp * 32;
  }

  [[nodiscard]] PRISMATIC_HOST_DEVICE int stages(index_t block) const {
    return static_cast<int>(smaller(part_groups, runs.groups - first_group(block))) * (16 / fours);
  }
  /// The first stage of a block; the others follow.
  [[nodiscard]] PRISMATIC_HOST_DEVICE const four_words* entries(index_t block) const {
    return packed + packed_place<Tiles, Parts>(first_group(block), 0, 0, 0, 0);
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int place(int four, int part, int tile, int lane) {
    return static_cast<int>(packed_place<Tiles, Parts>(0, four, part, tile, lane));
  }

  PRISMATIC_HOST_DEVICE void begin(index_t block, int lane, state& mine) const {
    const auto [row, run] = runs.at(first_group(block), lane % 4);
    mine.row = row;
    mine.run = run;
    each([&](int m, int n, int c) { mine.totals[m][n][c] = 0; });
  }

  /// A new group: 512 signs of the lane, and sums of it. `first` is the first output of the warp.
  PRISMATIC_HOST_DEVICE void enter(int i, index_t first, int lane, state& mine) const {
    if (i % (16 / fours) != 0) return;
    const auto output = static_cast<std::uint32_t>(first + lane / 4);
    PRISMATIC_UNROLL
    for (int u = 0; u < 4; ++u) {
      const philox_counter drawn = philox4x32(
          {static_cast<std::uint32_t>(mine.run), static_cast<std::uint32_t>(runs.block.first_row + mine.row),
           output + static_cast<std::uint32_t>(8 * u), 0},
          runs.block.key);
      PRISMATIC_UNROLL
      for (int w = 0; w < 4; ++w) mine.words[u][w] = drawn[static_cast<std::size_t>(w)];
    }
    const index_t a_row = sign_runs::a_row(runs.block);
    for (mine.run += 4; mine.run >= a_row; mine.run -= a_row) ++mine.row;
    each([&](int m, int n, int c) { mine.sums[m][n][c] = 0; });
  }

  /// The lane's places of two tiles after one another for each of the warp's two rows of tiles.
  PRISMATIC_HOST_DEVICE static void signs(state& mine, std::uint32_t (&a)[2][2][4]) {
    PRISMATIC_UNROLL
    for (int h = 0; h < 2; ++h) PRISMATIC_UNROLL
    for (int m = 0; m < 2; ++m) PRISMATIC_UNROLL
    for (int e = 0; e < 4; ++e) a[h][m][e] = sign_pair(mine.words[2 * m + e % 2][0], 2 * h + e / 2);
    PRISMATIC_UNROLL
    for (auto& words : mine.words) words[0] >>= 4;
  }

  PRISMATIC_HOST_DEVICE static void leave(int i, state& mine) {
    if ((i + 1) % (4 / fours) == 0) PRISMATIC_UNROLL
    for (auto& words : mine.words) PRISMATIC_UNROLL
    for (int w = 0; w < 3; ++w) words[w] = words[w + 1];
    if ((i + 1) % (16 / fours) != 0) return;
    each([&](int m, int n, int c) { mine.totals[m][n][c] += mine.sums[m][n][c]; });
  }

  PRISMATIC_HOST_DEVICE void finish(index_t block, int warp, int lane, const state& mine) const {
    float* const part = parts + block / blocks_across() * samples * width;
    each([&](int m, int n, int c) {
      const index_t output = first_output(block, warp) + 16 * m + c / 2 * 8 + lane / 4;
      const index_t sample = 8 * n + lane % 4 * 2 + c % 2;
      if (output < width && sample < samples) part[sample * width + output] = mine.totals[m][n][c];
    });
  }

 private:
  template <class F>
  PRISMATIC_HOST_DEVICE static void each(F f) {
    PRISMATIC_UNROLL
    for (int m = 0; m < 2; ++m) PRISMATIC_UNROLL
    for (int n = 0; n < Tiles; ++n) PRISMATIC_UNROLL
    for (int c = 0; c < 4; ++c) f(m, n, c);
  }
};

/// z_sj += the sum of the parts, in order.
struct add_parts {
  index_t count, samples, width;
  const float* parts;
  strided_rows<float> z;
  PRISMATIC_HOST_DEVICE void operator()(index_t s, index_t j) const {
    double sum = 0;
    for (index_t p = 0; p < count; ++p) sum += static_cast<double>(parts[(p * samples + s) * width + j]);
    z[s][j] += static_cast<float>(sum);
  }
};

}  // namespace prismatic::detail
