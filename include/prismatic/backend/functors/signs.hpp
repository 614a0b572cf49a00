/// One output of the dense sign projection, for a few samples at once or for a row of a tensor, and one word of a factor of
/// the Kronecker one. The layout of R: backend/cpu/signs.hpp.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// z_sj += sum over the block's entries of sign g_s for one output j and eight samples s, which share the words.
/// Entries are added 128 at a time, and those sums in order.
template <class T>
struct sign_output {
  static constexpr index_t samples_at_once = 8;
  sign_block block;
  index_t samples, width;
  strided_rows<const T> g;
  strided_rows<T> z;

  [[nodiscard]] static index_t count(index_t samples, index_t width) noexcept {
    return (samples + samples_at_once - 1) / samples_at_once * width;
  }

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const index_t first = task / width * samples_at_once, output = task % width;
    const T* entries[samples_at_once];  // a place without a sample repeats the last one
    T sums[samples_at_once] = {};
    for (index_t s = 0; s < samples_at_once; ++s) entries[s] = g[smaller(first + s, samples - 1)];
    for (index_t row = 0; row < block.rows; ++row)
      for (index_t column = 0; column < block.cols; column += 128) add_columns(row, column, output, entries, sums);
    const index_t end = smaller(samples_at_once, samples - first);
    for (index_t s = 0; s < end; ++s) z[first + s][output] += sums[s];
  }

 private:
  PRISMATIC_HOST_DEVICE void add_columns(index_t row, index_t column, index_t output, const T* const* entries,
                                         T* sums) const {
    const philox_counter words =
        philox4x32({static_cast<std::uint32_t>(column / 128), static_cast<std::uint32_t>(block.first_row + row),
                    static_cast<std::uint32_t>(output), 0},
                   block.key);
    const index_t count = smaller(128, block.cols - column), at = row * block.cols + column;
    T parts[samples_at_once] = {};
    for (index_t c = 0; c < count; ++c) {
      const std::uint32_t bit = words[static_cast<std::size_t>(c / 32)] >> (c % 32) & 1u;
      const T sign = T{1} - T{2} * static_cast<T>(bit);
      for (index_t s = 0; s < samples_at_once; ++s) parts[s] += sign * entries[s][at + c];
    }
    for (index_t s = 0; s < samples_at_once; ++s) sums[s] += parts[s];
  }
};

/// z_ij += sum over the columns c of sign g_ic for one output j, row i of G being row ids[i] of the tensor. Entries are added
/// 128 at a time, and those sums in order.
template <class T>
struct sign_row_output {
  philox_key key;
  const token_id* ids;
  index_t cols;
  strided_rows<const T> g;
  strided_rows<T> z;

  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t output) const {
    const T* const entries = g[i];
    T sum = 0;
    for (index_t column = 0; column < cols; column += 128) {
      const philox_counter words =
          philox4x32({static_cast<std::uint32_t>(column / 128), static_cast<std::uint32_t>(ids[i]),
                      static_cast<std::uint32_t>(output), 0},
                     key);
      const index_t count = smaller(128, cols - column);
      T part = 0;
      for (index_t c = 0; c < count; ++c) {
        const std::uint32_t bit = words[static_cast<std::size_t>(c / 32)] >> (c % 32) & 1u;
        part += bit != 0 ? -entries[column + c] : entries[column + c];
      }
      sum += part;
    }
    z[i][output] += sum;
  }
};

/// c_ij = the sign at (row, j) of the +-1 factor of one side (backend/cpu/signs.hpp, sign_factor), row = first + i, or ids[i]
/// where there are ids, for the columns 32 j ... 32 j + 31 of a call: one word of the generator.
template <class T>
struct factor_word {
  philox_key key;
  index_t side, first;
  const token_id* ids;  // or null
  index_t cols;
  strided_rows<T> c;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const {
    const index_t row = ids == nullptr ? first + i : index_t{ids[i]}, end = smaller(32 * (j + 1), cols);
    const philox_counter words = philox4x32({static_cast<std::uint32_t>(row / 4), static_cast<std::uint32_t>(j),
                                             static_cast<std::uint32_t>(side), 2},
                                            key);
    const std::uint32_t word = words[static_cast<std::size_t>(row % 4)];
    for (index_t x = 32 * j; x < end; ++x) c[i][x] = T{1} - T{2} * static_cast<T>(word >> (x % 32) & 1u);
  }
};

}  // namespace prismatic::detail
