/// The sparse sign projection by sorting: codes of entries, and the sum of one output; and a row of a tensor alone. The layout
/// of R: backend/cpu/sparse_signs.hpp.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// Where entries of some rows of a block go. Of non-zero t, entry e goes to outputs[t entries + e]; addends there is
/// e with its sign: e for +1, -1 - e for -1.
struct sparse_codes_of_lane {
  sign_block block;  // rows [0, rows) of it are coded
  index_t nonzeros, width;
  std::int32_t* outputs;
  index_t* addends;

  [[nodiscard]] index_t calls() const noexcept { return nonzeros * block.rows * units() * 16; }

  /// One call of the generator: columns 128 unit + lane + 16 k, k = 0 ... 7, of one row under one non-zero.
  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const index_t lane = task % 16, unit = task / 16 % units(), row = task / 16 / units() % block.rows;
    const index_t t = task / 16 / units() / block.rows;
    const index_t first = t * width / nonzeros, size = (t + 1) * width / nonzeros - first;
    const philox_counter words =
        philox4x32({static_cast<std::uint32_t>(16 * unit + lane), static_cast<std::uint32_t>(block.first_row + row),
                    static_cast<std::uint32_t>(t), 1},
                   block.key);
    for (index_t k = 0; k < 8; ++k) {
      const index_t column = 128 * unit + 16 * k + lane;
      if (column >= block.cols) return;
      const std::uint32_t bits = words[static_cast<std::size_t>(k / 2)] >> (16 * (k % 2));
      const index_t entry = row * block.cols + column, at = t * block.rows * block.cols + entry;
      outputs[at] = static_cast<std::int32_t>(first + static_cast<index_t>(bits & 0x7FFFu) * size / 32768);
      addends[at] = (bits >> 15 & 1u) != 0 ? -1 - entry : entry;
    }
  }

 private:
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t units() const noexcept { return (block.cols + 127) / 128; }
};

/// z_sj += the sum of the entries that go to output j, in their order: those at [begins[j], begins[j + 1]).
template <class T>
struct sparse_output {
  const index_t* begins;
  const index_t* addends;
  strided_rows<const T> g;
  strided_rows<T> z;

  PRISMATIC_HOST_DEVICE void operator()(index_t s, index_t output) const {
    T sum = 0;
    for (index_t p = begins[output]; p < begins[output + 1]; ++p)
      sum += addends[p] < 0 ? -g[s][-1 - addends[p]] : g[s][addends[p]];
    z[s][output] += sum;
  }
};

/// Row i of G, which is row ids[i] of the tensor, under non-zero t: its outputs in z_i are this call's alone. Entries go there
/// call by call of the generator.
template <class T>
struct sparse_row {
  philox_key key;
  const token_id* ids;
  index_t nonzeros, width, cols;
  strided_rows<const T> g;
  strided_rows<T> z;

  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t t) const {
    const index_t first = t * width / nonzeros, size = (t + 1) * width / nonzeros - first;
    const T* const entries = g[i];
    T* const outputs = z[i] + first;
    for (index_t lane = 0; lane < (cols + 127) / 128 * 16; ++lane) {
      const philox_counter words =
          philox4x32({static_cast<std::uint32_t>(lane), static_cast<std::uint32_t>(ids[i]), static_cast<std::uint32_t>(t), 1}, key);
      for (index_t k = 0; k < 8; ++k) {
        const index_t column = lane / 16 * 128 + 16 * k + lane % 16;
        if (column >= cols) break;
        const std::uint32_t bits = words[static_cast<std::size_t>(k / 2)] >> (16 * (k % 2));
        outputs[static_cast<index_t>(bits & 0x7FFFu) * size / 32768] += (bits >> 15 & 1u) != 0 ? -entries[column] : entries[column];
      }
    }
  }
};

}  // namespace prismatic::detail
