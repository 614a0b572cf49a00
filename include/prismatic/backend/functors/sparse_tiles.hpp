/// The sparse sign projection by warps that have sums of their own: what each lane does between barriers. The layout of R:
/// backend/cpu/sparse_signs.hpp.
///
/// A lane has one of eight samples and one of four non-zeros, and so a share of the outputs that no other lane of the warp
/// adds to. Sums of its share lie 32 numbers apart, in a bank of shared memory of the lane's own: an addition never waits
/// for another lane, wherever its place falls. Places are drawn once for the eight samples.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// How a call is cut up: units of up to 128 columns of a row in parts, samples in eights, non-zeros in fours. The parts do not
/// depend on the samples.
struct sparse_cut {
  static constexpr int unit = 128, samples_at_once = 8, nonzeros_at_once = 4;

  sign_block block;
  index_t nonzeros, samples, width;
  index_t units_of_row, units;
  index_t places;      ///< outputs of a block of R, at most
  index_t part_units;  ///< of every part but the last
  index_t parts, eights, fours;

  sparse_cut(const sign_block& named, index_t nonzeros_of_entry, index_t samples_at_hand, index_t outputs)
      : block(named), nonzeros(nonzeros_of_entry), samples(samples_at_hand), width(outputs),
        units_of_row((block.cols + unit - 1) / unit), units(block.rows * units_of_row),
        places((width + nonzeros - 1) / nonzeros),
        // A part's sums are written once and read once: an eighth of what it reads at most.
        part_units(std::max<index_t>(64, places / 4)), parts((units + part_units - 1) / part_units),
        eights((samples + samples_at_once - 1) / samples_at_once),
        fours((nonzeros + nonzeros_at_once - 1) / nonzeros_at_once) {}

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t warp_sums() const { return places * 32; }
  /// Sums of all samples and outputs, with room between them.
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t part_sums() const { return eights * fours * warp_sums(); }
  [[nodiscard]] index_t warps() const { return parts * eights * fours; }

  /// The outputs of non-zero t: `size` from `first` on.
  struct range {
    index_t first, size;
  };
  [[nodiscard]] PRISMATIC_HOST_DEVICE range outputs(index_t t) const {
    const index_t first = t * width / nonzeros;
    return {first, (t + 1) * width / nonzeros - first};
  }
};

/// A warp: a part of the units, eight samples, four non-zeros. Each lane begins and clears; for each unit it has entries copied
/// and draws, and after a barrier adds, before another one; then it finishes. Entries are added one after another.
struct sparse_tiles {
  static constexpr int stride = sparse_cut::unit + 4;  // of samples' entries and of non-zeros' codes: in banks of their own
  static constexpr int entries_size = sparse_cut::samples_at_once * stride;   // floats
  static constexpr int codes_size = sparse_cut::nonzeros_at_once * stride;    // words
  /// Floats and words in shared memory: entries twice, codes, sums.
  [[nodiscard]] index_t shared_size() const { return 2 * entries_size + codes_size + cut.warp_sums(); }

  struct place {
    index_t row, unit;  // of the block; of the row
  };
  struct state {
    std::uint32_t sizes[2];  // of the outputs that the lane draws for
  };

  sparse_cut cut;
  strided_rows<const float> g;
  float* parts;  // (part, eight, four, place, lane)

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t four(index_t warp) const { return warp % cut.fours; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t eight(index_t warp) const { return warp / cut.fours % cut.eights; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t first_unit(index_t warp) const {
    return warp / cut.fours / cut.eights * cut.part_units;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE int units(index_t warp) const {
    return static_cast<int>(smaller(cut.part_units, cut.units - first_unit(warp)));
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE place first(index_t warp) const {
    return {first_unit(warp) / cut.units_of_row, first_unit(warp) % cut.units_of_row};
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE place after(place p) const {
    return p.unit + 1 < cut.units_of_row ? place{p.row, p.unit + 1} : place{p.row + 1, 0};
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE int columns(place p) const {
    return static_cast<int>(smaller(sparse_cut::unit, cut.block.cols - p.unit * sparse_cut::unit));
  }

  /// Entries of one of eight samples; a sample that is not there repeats the last one.
  [[nodiscard]] PRISMATIC_HOST_DEVICE const float* source(index_t warp, place p, int sample) const {
    const index_t s = smaller(eight(warp) * sparse_cut::samples_at_once + sample, cut.samples - 1);
    return g[s] + p.row * cut.block.cols + p.unit * sparse_cut::unit;
  }
  /// How many fours of entries can be copied at once, from the first on.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int whole_fours(const float* entries, int columns) {
    return reinterpret_cast<std::uintptr_t>(entries) % sizeof(four_of<float>) == 0 ? columns / 4 : 0;
  }
  /// Zeros behind a sample's last entry, up to the next four.
  PRISMATIC_HOST_DEVICE static void pad(int columns, int lane, float* entries) {
    if (lane < (4 - columns % 4) % 4) entries[columns + lane] = 0;
  }

  PRISMATIC_HOST_DEVICE void begin(index_t warp, int lane, state& mine) const {
    for (int call = 0; call < 2; ++call) {
      const index_t t = nonzero(warp, lane, call);
      mine.sizes[call] = t < cut.nonzeros ? static_cast<std::uint32_t>(cut.outputs(t).size) : 0;
    }
  }
  PRISMATIC_HOST_DEVICE void clear(int lane, float* sums) const {
    for (index_t i = lane; i < cut.warp_sums() / 4; i += 32) reinterpret_cast<four_of<float>*>(sums)[i] = {};
  }

  /// Two calls of the generator: codes of 16 columns of a unit each. A code is 32 times the place, with the sign in bit 31.
  PRISMATIC_HOST_DEVICE void draw(index_t warp, place p, int lane, const state& mine, std::uint32_t* codes) const {
    const int column = lane % 16;
    PRISMATIC_UNROLL
    for (int call = 0; call < 2; ++call) {
      const philox_counter words =
          philox4x32({static_cast<std::uint32_t>(16 * p.unit + column),
                      static_cast<std::uint32_t>(cut.block.first_row + p.row),
                      static_cast<std::uint32_t>(nonzero(warp, lane, call)), 1},
                     cut.block.key);
      std::uint32_t* const to = codes + (2 * call + lane / 16) * stride + column;
      PRISMATIC_UNROLL
      for (int k = 0; k < 8; ++k) {
        const std::uint32_t bits = words[static_cast<std::size_t>(k / 2)] >> (16 * (k % 2));
        to[16 * k] = ((bits & 0x7FFFu) * mine.sizes[call] >> 15) * 32 | (bits & 0x8000u) << 16;
      }
    }
  }

  /// The unit's entries of the lane's sample into sums of the lane's non-zero, in order.
  PRISMATIC_HOST_DEVICE void add(index_t warp, int columns, int lane, const float* entries, const std::uint32_t* codes,
                                 float* sums) const {
    if (four(warp) * sparse_cut::nonzeros_at_once + lane / 8 >= cut.nonzeros) return;
    const auto* const fours = reinterpret_cast<const four_of<float>*>(entries + lane % 8 * stride);
    const auto* const their_codes = reinterpret_cast<const four_of<std::uint32_t>*>(codes + lane / 8 * stride);
    four_of<float> x = fours[0];
    four_of<std::uint32_t> code = their_codes[0];
    for (int c = 0; 4 * c < columns; ++c) {
      const four_of<float> next_x = fours[c + 1];  // on their way while sums are; behind the last there is room for one more
      const four_of<std::uint32_t> next_code = their_codes[c + 1];
      add_four(x, code, sums + lane);
      x = next_x;
      code = next_code;
    }
  }

  PRISMATIC_HOST_DEVICE void finish(index_t warp, int lane, const float* sums) const {
    auto* const to = reinterpret_cast<four_of<float>*>(parts + warp * cut.warp_sums());
    for (index_t i = lane; i < cut.warp_sums() / 4; i += 32) to[i] = reinterpret_cast<const four_of<float>*>(sums)[i];
  }

 private:
  /// What a lane draws for: sixteen lanes for a non-zero, two of four in a call.
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t nonzero(index_t warp, int lane, int call) const {
    return four(warp) * sparse_cut::nonzeros_at_once + 2 * call + lane / 16;
  }

  /// Four places that differ are read together before any is written.
  PRISMATIC_HOST_DEVICE static void add_four(const four_of<float>& x, const four_of<std::uint32_t>& code, float* sums) {
    std::uint32_t at[4];
    float terms[4], before[4];
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      at[i] = code.x[i] & 0x7FFFFFFFu;
      terms[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x.x[i]) ^ (code.x[i] & 0x80000000u));
    }
    const bool differ = at[0] != at[1] && at[0] != at[2] && at[0] != at[3] && at[1] != at[2] && at[1] != at[3] && at[2] != at[3];
    if (differ) {
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) before[i] = sums[at[i]];
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) sums[at[i]] = before[i] + terms[i];
    } else {
      PRISMATIC_UNROLL
      for (int i = 0; i < 4; ++i) sums[at[i]] += terms[i];
    }
  }
};

/// Sum i of up to 32 parts, in order, the `run`th of such runs.
struct sparse_run_sum {
  static constexpr index_t run_parts = 32;
  sparse_cut cut;
  const float* parts;
  double* sums;  // (run, sum)

  [[nodiscard]] index_t runs() const { return (cut.parts + run_parts - 1) / run_parts; }

  PRISMATIC_HOST_DEVICE void operator()(index_t run, index_t i) const {
    const index_t begin = run * run_parts, end = smaller(begin + run_parts, cut.parts);
    double sum = 0;
    for (index_t p = begin; p < end; ++p) sum += static_cast<double>(parts[p * cut.part_sums() + i]);
    sums[run * cut.part_sums() + i] = sum;
  }
};

/// z_sj += the sum of all runs, in order, for sum i of a part.
struct sparse_total {
  sparse_cut cut;
  index_t runs;
  const double* sums;
  strided_rows<float> z;

  PRISMATIC_HOST_DEVICE void operator()(index_t i) const {
    const index_t lane = i % 32, place = i / 32 % cut.places, warp = i / 32 / cut.places;
    const index_t sample = warp / cut.fours * sparse_cut::samples_at_once + lane % 8;
    const index_t t = warp % cut.fours * sparse_cut::nonzeros_at_once + lane / 8;
    if (sample >= cut.samples || t >= cut.nonzeros) return;
    const auto [first, size] = cut.outputs(t);
    if (place >= size) return;
    double sum = 0;
    for (index_t run = 0; run < runs; ++run) sum += sums[run * cut.part_sums() + i];
    z[sample][first + place] += static_cast<float>(sum);
  }
};

}  // namespace prismatic::detail
