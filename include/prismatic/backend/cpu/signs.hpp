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
#include <prismatic/backend/cpu/signs_x86.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/philox.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>

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
    const index_t samples = g.rows(), width = z.cols(), units = (width + unit - 1) / unit;
    const bool worth_threads = samples * width * checked_mul(block.rows, block.cols) >= (1 << 18);
    const index_t parts = worth_threads ? std::min<index_t>(cx.team().size(), units) : 1;
    const index_t widest = (units + parts - 1) / parts * unit;
    // Each worker sums into columns of its own, padded to whole units, and adds them to Z at the end.
    const scratch_matrix<T, memory::host> sums(cx.scratch(), parts * samples, widest);
    const scratch_matrix<std::uint32_t, memory::host> words(cx.scratch(), parts, 4 * widest);
    const scratch_matrix<float, memory::host> tables(cx.scratch(), parts, detail::sign_table_floats);
    cx.team().for_range(units, worth_threads ? 1 : units, [&](index_t begin, index_t end, int worker) {
      const index_t first = begin * unit, count = (end - begin) * unit;
      const matrix_view<T> part(sums.view().row(worker * samples), samples, count, widest);
      for (index_t s = 0; s < samples; ++s) std::fill_n(part.row(s), count, T{0});
      std::uint32_t* const bits = words.view().row(worker);
      const bool done = [&] {
        if constexpr (std::same_as<T, float>)
          return detail::accumulate_signs_x86(block, g, first, part, bits, tables.view().row(worker));
        else
          return false;
      }();
      if (!done) detail::accumulate_signs_portable<T>(block, g, first, part, bits);
      const index_t real_count = std::min(count, width - first);
      for (index_t s = 0; s < samples; ++s)
        for (index_t j = 0; j < real_count; ++j) z(s, first + j) += part(s, j);
    });
  }
};

}  // namespace prismatic
