/// Dense Rademacher projection on the CPU: Z += G R with the +-1 matrix R drawn on the fly from Philox,
/// never stored.
///
/// The sign of (tensor, row, column, output) is a pure function:
///
///   word = philox4x32(counter = {column / 128, row, output, 0}, key = stream_key(seed, tensor))[(column / 32) % 4]
///   sign = bit (column % 32) of word is set ? -1 : +1
///
/// so one call of the generator yields the signs of 128 consecutive columns for one output, and the same R
/// holds for every backend, thread count, batch size and shard.
///
/// A lookup beats a multiplication: the 2^b signed sums of b consecutive entries of a gradient are one
/// small table, and b random bits are an index into it. One table serves all d outputs of a sample, one
/// word of random bits serves all samples.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/fixed_signs_x86.hpp>
#include <prismatic/backend/cpu/signs_x86.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/philox.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>

namespace prismatic {

namespace detail {

/// The signs of columns [128 b, 128 b + 128) of `row`, outputs [first, first + count): word w of output j
/// at words[w * count + j].
inline void sign_words_portable(philox_key key, index_t row, index_t column_block, index_t first, index_t count,
                                std::uint32_t* words) {
  for (index_t j = 0; j < count; ++j) {
    const philox_counter out = philox4x32({static_cast<std::uint32_t>(column_block), static_cast<std::uint32_t>(row),
                                           static_cast<std::uint32_t>(first + j), 0},
                                          key);
    for (index_t w = 0; w < 4; ++w) words[w * count + j] = out[static_cast<std::size_t>(w)];
  }
}

/// z(S, count) += the projection of g(S, rows cols) on outputs [first, first + count), for any scalar and
/// processor. `words` holds 4 count integers.
template <real T>
void accumulate_signs_portable(const sign_block& block, matrix_view<const T> g, index_t first, matrix_view<T> z,
                               std::uint32_t* words) {
  const index_t count = z.cols();
  for (index_t row = 0; row < block.rows; ++row)
    for (index_t column = 0; column < block.cols; column += 128) {
      sign_words_portable(block.key, block.first_row + row, column / 128, first, count, words);
      const index_t width = std::min<index_t>(128, block.cols - column);
      for (index_t s = 0; s < g.rows(); ++s) {
        const T* entries = g.row(s) + row * block.cols + column;
        T* out = z.row(s);
        for (index_t four = 0; four < width; four += 4) {
          T sums[16] = {};
          for (index_t i = 0; i < std::min<index_t>(4, width - four); ++i)
            for (unsigned pattern = 0; pattern < 16; ++pattern)
              sums[pattern] += (pattern >> i & 1u) != 0 ? -entries[four + i] : entries[four + i];
          const std::uint32_t* word = words + four / 32 * count;
          const unsigned shift = static_cast<unsigned>(four % 32);
          for (index_t j = 0; j < count; ++j) out[j] += sums[word[j] >> shift & 15u];
        }
      }
    }
}

/// How a projection is shared out: every worker takes a range of samples and a range of outputs.
struct sign_parts {
  index_t samples = 1, outputs = 1;

  /// Parts for `workers` threads, `units` of 64 outputs. A worker looks up for each of its samples and
  /// units, draws words for each unit and builds tables for each sample, which take time about as 2 : 3 : 1
  /// on AVX-512; the split with the least for the busiest worker wins.
  static sign_parts best(index_t workers, index_t samples, index_t units) {
    sign_parts found;
    index_t least = std::numeric_limits<index_t>::max();
    for (index_t by = 1; by <= std::min(workers, samples); ++by) {
      const sign_parts parts{by, std::min(workers / by, units)};
      const index_t s = (samples + by - 1) / by, u = (units + parts.outputs - 1) / parts.outputs;
      if (const index_t cost = 2 * s * u + 3 * u + s; cost < least) least = cost, found = parts;
    }
    return found;
  }
};

}  // namespace detail

template <class Kernels>
struct cpu_signs {
  using cpu = context<cpu_backend<Kernels>>;

  /// Z(S,d) += G(S, rows cols) R(rows cols, d), R the +-1 matrix that `block` names. On AVX-512: half an
  /// instruction per entry, sample and 16 outputs, plus the generator's share. No scaling: a caller
  /// divides by sqrt(d) once, at the end. Each output is summed by one thread in one order.
  /// Determinism: bitwise in the thread count.
  template <real T>
  static void sign_accumulate(cpu& cx, const sign_block& block, input_matrix<T> g, matrix_view<T> z) {
    constexpr index_t unit = 64;  // outputs: four 512-bit registers
    constexpr index_t least_work = index_t{1} << 22;  // for more than one thread: some 30 microseconds
    const index_t samples = g.rows(), width = z.cols(), units = (width + unit - 1) / unit;
    const bool rounded = cx.products() != product_precision::full;
    const bool worth_threads = samples * width * checked_mul(block.rows, block.cols) >= least_work;
    const auto parts = detail::sign_parts::best(worth_threads ? cx.team().size() : 1, samples, units);
    const index_t workers = parts.samples * parts.outputs;
    const index_t most = (samples + parts.samples - 1) / parts.samples;
    const index_t widest = (units + parts.outputs - 1) / parts.outputs * unit;
    // Each worker sums into a matrix of its own, padded to whole units, and adds it to Z at the end. Its rows
    // are 16 apart from a power of two, or those of 8 samples would compete for one set of the first cache.
    const index_t stride = widest + 16;
    const scratch_matrix<T, memory::host> sums(cx.scratch(), workers, checked_mul(most, stride) + apart);
    const scratch_matrix<std::uint32_t, memory::host> words(cx.scratch(), workers, 4 * widest + apart);
    const scratch_matrix<float, memory::host> tables(cx.scratch(), workers, detail::sign_table_floats + apart);
    cx.team().for_range(workers, 1, [&](index_t worker, index_t, int) {
      const index_t across = worker / parts.outputs, down = worker % parts.outputs;
      const index_t sample = samples * across / parts.samples, unit_begin = units * down / parts.outputs;
      const matrix_view<const T> mine = g.middle_rows(sample, samples * (across + 1) / parts.samples - sample);
      const index_t first = unit_begin * unit, count = (units * (down + 1) / parts.outputs - unit_begin) * unit;
      const matrix_view<T> part(sums.view().row(worker), mine.rows(), count, stride);
      for (index_t s = 0; s < part.rows(); ++s) std::fill_n(part.row(s), count, T{0});
      std::uint32_t* const bits = words.view().row(worker);
      const bool done = [&] {
        if constexpr (std::same_as<T, float>) {
          float* const sums_of_four = tables.view().row(worker);
          return (rounded && detail::accumulate_fixed_signs(block, mine, first, part, bits, sums_of_four)) ||
                 detail::accumulate_signs_x86(block, mine, first, part, bits, sums_of_four);
        }
        return false;
      }();
      if (!done) detail::accumulate_signs_portable<T>(block, mine, first, part, bits);
      const index_t real_count = std::min(count, width - first);
      for (index_t s = 0; s < part.rows(); ++s) add(part.row(s), z.row(sample + s) + first, real_count);
    });
  }

  /// C(rows, k) = rows [first, first + rows) of the +-1 factor of one side: the sign at (i, j) is bit j % 32 of word i % 4
  /// of philox4x32({i / 4, j / 32, side, 2}, key), set means -1.
  template <real T>
  static void sign_factor(cpu& cx, philox_key key, index_t side, index_t first, matrix_view<T> c) {
    cx.team().for_range(c.rows(), 1024, [&](index_t begin, index_t end, int) {
      for (index_t j = 0; j < c.cols(); j += 32)
        for (index_t i = begin; i < end;) {
          const index_t row = first + i;
          const philox_counter words = philox4x32({static_cast<std::uint32_t>(row / 4), static_cast<std::uint32_t>(j / 32),
                                                   static_cast<std::uint32_t>(side), 2},
                                                  key);
          for (index_t w = row % 4; w < 4 && i < end; ++w, ++i)
            for (index_t b = 0; b < std::min<index_t>(32, c.cols() - j); ++b)
              c(i, j + b) = static_cast<T>(1 - 2 * static_cast<int>(words[static_cast<std::size_t>(w)] >> b & 1u));
        }
    });
  }

 private:
  // Numbers between the scratch of two workers, a page at least: a core reads ahead to the end of a page, and
  // would take lines that its neighbour is writing (1.5 times the time, measured).
  static constexpr index_t apart = 1024;

  // to[0, n) += from[0, n), in steps that g++ turns into vector code at -O2.
  template <class T>
  static void add(const T* __restrict from, T* __restrict to, index_t n) {
    constexpr index_t step = 16;
    index_t j = 0;
    for (; j + step <= n; j += step)
      for (index_t i = 0; i < step; ++i) to[j + i] += from[j + i];
    for (; j < n; ++j) to[j] += from[j];
  }
};

}  // namespace prismatic
