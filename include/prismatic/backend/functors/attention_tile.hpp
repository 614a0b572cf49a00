/// What blocks of attention and of its adjoint share: 32 rows of their own against 32 that pass, by 128 threads.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// What a block of attention is for: blocks are numbered by sequence, head and place, the last running fastest.
struct block_place {
  index_t sequence, head, first_row;
};
[[nodiscard]] PRISMATIC_HOST_DEVICE inline block_place place_of_block(index_t block, index_t heads, index_t places, int rows) {
  // A grid has less than 2^31 blocks, and divisions of 32 bits take a fraction of the time.
  const auto all = static_cast<std::uint32_t>(block), down = all / static_cast<std::uint32_t>(places);
  const auto many = static_cast<std::uint32_t>(heads);
  return {down / many, down % many, index_t{all % static_cast<std::uint32_t>(places)} * rows};
}

/// The keys that the last of `rows` queries from `first` on sees; none behind the end of its sequence.
[[nodiscard]] PRISMATIC_HOST_DEVICE inline row_range keys_seen(row_range queries, row_range keys, index_t first, int rows) {
  const index_t count = queries.end - queries.begin;
  if (first >= count) return {keys.begin, keys.begin};
  return {keys.begin, keys.end - count + smaller(first + rows, count)};
}

/// The rows of a sequence, counted from its first, that meet `rows` of its rows from `first` on: keys that these see as queries, or
/// queries that see these as `keys`; none behind its end.
[[nodiscard]] PRISMATIC_HOST_DEVICE inline row_range rows_meeting(row_range sequence, index_t first, int rows, bool keys) {
  const index_t count = sequence.end - sequence.begin;
  if (first >= count) return {0, 0};
  return keys ? row_range{first, count} : row_range{0, smaller(first + rows, count)};
}

/// Rows of one head, up to `Dim` numbers and filled up with zeros, in memory of the block; tiles of pairs have a row for each
/// passing row. Thread 16 d + a has pairs of own rows 4 d ... 4 d + 3 and passing rows a, a + 16, and `numbers` numbers of
/// what its own rows sum up.
template <class T, int Dim>
struct attention_tile {
  static constexpr int threads = 128, rows = 32;
  static constexpr int row_fours = Dim / 4 + 1, tile_fours = rows / 4 + 1;  // one more: neighbouring rows start in other banks
  static constexpr int numbers = Dim / 16;
  static_assert(numbers == 1 || numbers % 4 == 0);

  using pair_sums = T[4][2];
  using row_sums = T[4][static_cast<std::size_t>(numbers)];

  /// Where number x of a thread's is in a row.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static int number(int across, int x) {
    return numbers == 1 ? across : x / 4 * 64 + across * 4 + x % 4;
  }

  /// This thread's part of 32 rows from `first` on, zeros from `end` on; the head is `dim` numbers from `at` on.
  PRISMATIC_HOST_DEVICE static void copy(strided_rows<const T> from, index_t first, index_t end, index_t at, index_t dim,
                                         int thread, four_of<T>* to) {
    for (int e = thread; e < rows * Dim; e += threads) {
      const int i = e / Dim, x = e % Dim;
      to[i * row_fours + x / 4].x[x % 4] = first + i < end && x < dim ? from[first + i][at + x] : T{0};
    }
  }

  /// sums_ic += the inner product of own row 4 d + i and passing row a + 16 c.
  PRISMATIC_HOST_DEVICE static void multiply(const four_of<T>* own, const four_of<T>* passing, int thread, pair_sums& sums) {
    own += 4 * (thread / 16) * row_fours;
    passing += thread % 16 * row_fours;
    for (int x = 0; x < Dim / 4; ++x) {
      PRISMATIC_UNROLL
      for (int c = 0; c < 2; ++c) {
        const four_of<T> b = passing[16 * c * row_fours + x];
        PRISMATIC_UNROLL
        for (int i = 0; i < 4; ++i) {
          const four_of<T> a = own[i * row_fours + x];
          PRISMATIC_UNROLL
          for (int e = 0; e < 4; ++e) sums[i][c] += a.x[e] * b.x[e];
        }
      }
    }
  }

  /// sums += weights (of the thread's own rows) times a passing row.
  PRISMATIC_HOST_DEVICE static void add(const four_of<T>& weights, const four_of<T>* row, int across, row_sums& sums) {
    if constexpr (numbers == 1) {
      add_number(weights, row[across / 4].x[across % 4], 0, sums);
    } else {
      PRISMATIC_UNROLL
      for (int x = 0; x < numbers; x += 4) {
        const four_of<T> four = row[number(across, x) / 4];
        PRISMATIC_UNROLL
        for (int e = 0; e < 4; ++e) add_number(weights, four.x[e], x + e, sums);
      }
    }
  }

 private:
  PRISMATIC_HOST_DEVICE static void add_number(const four_of<T>& weights, T number, int x, row_sums& sums) {
    PRISMATIC_UNROLL
    for (int i = 0; i < 4; ++i) sums[i][x] += weights.x[i] * number;
  }
};

}  // namespace prismatic::detail
