/// Attention on matrix units: rows of a head as bf16 in memory of a block, and the words that the lanes of a warp multiply.
#pragma once

#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cstdint>

namespace prismatic::detail {

/// Two numbers as bf16 in a word, the first one low.
[[nodiscard]] PRISMATIC_HOST_DEVICE inline std::uint32_t bf16_pair(float low, float high) {
  return bf16_parts<1>(low).bits[0] | bf16_parts<1>(high).bits[0] << 16;
}

/// `Rows` rows of one head, up to `Dim` numbers and filled up with zeros, in two layouts: by rows, with pairs of neighbours in a
/// row, and by columns, with pairs of rows. Lane 4 g + t of a warp multiplies as mma.m16n8k16 has it: rows g and g + 8 of a
/// left factor, column g of a right one, at 2 t, 2 t + 1 and those plus 8.
template <int Dim, int Rows>
struct attention_unit_tile {
  static constexpr int threads = 128;
  static constexpr int row_words = Dim / 2 + 4, column_words = Rows / 2 + 4;  // four more: lanes meet in no bank
  static constexpr int by_rows = Rows * row_words, by_columns = Dim * column_words;
  static constexpr int steps = Dim / 16;     // products over the numbers of a head
  static constexpr int numbers = Dim / 8;    // products side by side that have its numbers as columns
  static_assert(Dim % 16 == 0 && Rows % 16 == 0);

  /// This thread's part of the rows from `first` on, zeros from `end` on; the head is `dim` numbers from `at` on.
  PRISMATIC_HOST_DEVICE static void copy_by_rows(strided_rows<const float> from, index_t first, index_t end, index_t at, index_t dim,
                                                 int thread, std::uint32_t* to) {
    for (int e = thread; e < Rows * Dim / 2; e += threads) {
      const int i = e / (Dim / 2), x = e % (Dim / 2);
      const auto value = [&](int c) { return first + i < end && c < dim ? from[first + i][at + c] : 0.0F; };
      to[i * row_words + x] = bf16_pair(value(2 * x), value(2 * x + 1));
    }
  }
  PRISMATIC_HOST_DEVICE static void copy_by_columns(strided_rows<const float> from, index_t first, index_t end, index_t at,
                                                    index_t dim, int thread, std::uint32_t* to) {
    for (int e = thread; e < Rows * Dim / 2; e += threads) {
      const int i = e / Dim, x = e % Dim;
      const auto value = [&](int r) { return first + r < end && x < dim ? from[first + r][at + x] : 0.0F; };
      to[x * column_words + i] = bf16_pair(value(2 * i), value(2 * i + 1));
    }
  }

  /// Rows `row` ... + 15 of a tile by rows as a left factor, numbers 16 step ... + 15.
  PRISMATIC_HOST_DEVICE static void left(const std::uint32_t* tile, int row, int step, int lane, std::uint32_t (&a)[4]) {
    const std::uint32_t* const words = tile + (row + lane / 4) * row_words + 8 * step + lane % 4;
    a[0] = words[0];
    a[1] = words[8 * row_words];
    a[2] = words[4];
    a[3] = words[8 * row_words + 4];
  }
  /// The transpose of rows `row` ... + 7 of a tile by rows as a right factor, numbers 16 step ... + 15.
  PRISMATIC_HOST_DEVICE static void right(const std::uint32_t* tile, int row, int step, int lane, std::uint32_t (&b)[2]) {
    const std::uint32_t* const words = tile + (row + lane / 4) * row_words + 8 * step + lane % 4;
    b[0] = words[0];
    b[1] = words[4];
  }
  /// Numbers 8 n ... + 7 of rows `row` ... + 15 of a tile by columns as a right factor.
  PRISMATIC_HOST_DEVICE static void right_of_columns(const std::uint32_t* tile, int row, int n, int lane, std::uint32_t (&b)[2]) {
    const std::uint32_t* const words = tile + (8 * n + lane / 4) * column_words + row / 2 + lane % 4;
    b[0] = words[0];
    b[1] = words[4];
  }
  /// Two products side by side, 16 x 16 pairs, as a left factor.
  PRISMATIC_HOST_DEVICE static void left_of_pairs(const float (&pairs)[2][4], std::uint32_t (&a)[4]) {
    PRISMATIC_UNROLL
    for (int e = 0; e < 4; ++e) a[e] = bf16_pair(pairs[e / 2][e % 2 * 2], pairs[e / 2][e % 2 * 2 + 1]);
  }

  /// Where element e of a product of this lane's is.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int row_of(int lane, int e) { return lane / 4 + e / 2 * 8; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int column_of(int lane, int e) { return lane % 4 * 2 + e % 2; }
};

}  // namespace prismatic::detail
