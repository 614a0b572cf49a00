/// A row shared out among threads, in fours where memory allows it.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cstdint>

namespace prismatic::detail {

/// A row that is written and not read.
template <class T>
struct written_row {
  T* data;
};
template <class T>
written_row(T*) -> written_row<T>;

/// How walk_row takes numbers from a row and puts them back: const T* is read, T* is read and written.
template <class T>
struct row_access {
  [[nodiscard]] PRISMATIC_HOST_DEVICE static bool aligned(const T* row) {
    return reinterpret_cast<std::uintptr_t>(row) % alignof(four_of<T>) == 0;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static bool aligned(written_row<T> row) { return aligned(row.data); }

  /// Four from 4 j on, at once where the row is aligned.
  [[nodiscard]] PRISMATIC_HOST_DEVICE static four_of<T> four(const T* row, index_t j, bool at_once) {
    if (at_once) return reinterpret_cast<const four_of<T>*>(row)[j];
    return {row[4 * j], row[4 * j + 1], row[4 * j + 2], row[4 * j + 3]};
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static four_of<T> four(written_row<T>, index_t, bool) { return {}; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static T one(const T* row, index_t j) { return row[j]; }
  [[nodiscard]] PRISMATIC_HOST_DEVICE static T one(written_row<T>, index_t) { return T{}; }

  PRISMATIC_HOST_DEVICE static void store(const T*, index_t, const four_of<T>&, bool) {}
  PRISMATIC_HOST_DEVICE static void store(T* row, index_t j, const four_of<T>& value, bool at_once) {
    if (at_once)
      reinterpret_cast<four_of<T>*>(row)[j] = value;
    else
      for (int e = 0; e < 4; ++e) row[4 * j + e] = value.x[e];
  }
  PRISMATIC_HOST_DEVICE static void store(written_row<T> row, index_t j, const four_of<T>& value, bool at_once) {
    store(row.data, j, value, at_once);
  }
  PRISMATIC_HOST_DEVICE static void store(const T*, index_t, T) {}
  PRISMATIC_HOST_DEVICE static void store(T* row, index_t j, T value) { row[j] = value; }
  PRISMATIC_HOST_DEVICE static void store(written_row<T> row, index_t j, T value) { row.data[j] = value; }
};

/// f(x_j, y_j, ...) for this thread's share of n neighbours of some rows, each a reference: every `threads`th four, in
/// ascending order, and what is left behind the fours. A share does not depend on where the rows lie.
template <class T, class F, class... Rows>
PRISMATIC_HOST_DEVICE void walk_row(int thread, int threads, index_t n, F f, Rows... rows) {
  using access = row_access<T>;
  const bool at_once = (access::aligned(rows) && ...);
  const index_t fours = n / 4;
  for (index_t j = thread; j < fours; j += threads)
    [&](auto... four) {
      PRISMATIC_UNROLL
      for (int e = 0; e < 4; ++e) f(four.x[e]...);
      (access::store(rows, j, four, at_once), ...);
    }(access::four(rows, j, at_once)...);
  for (index_t j = 4 * fours + thread; j < n; j += threads)
    [&](auto... one) {
      f(one...);
      (access::store(rows, j, one), ...);
    }(access::one(rows, j)...);
}

}  // namespace prismatic::detail
