/// The product of a matrix with its own transpose: half of a general product, summed in panels.
#pragma once

#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace prismatic::detail {

/// A tile of C = X'X from two panels of X. A panel holds `side` columns, element (l, i) at l * side + i: the
/// rows and the columns of a tile are read from one packed copy.
struct product_tile {
  static constexpr index_t side = 32;

  /// tile = left(k, side)' right(k, side) in T; C(rows, cols) <- alpha tile + beta C in S. 2 side^2 k FLOP.
  template <int Bytes, class T, class S>
  [[gnu::always_inline]] static void run(const T* left, const T* right, index_t k, S alpha, S beta, S* c,
                                         index_t stride, index_t rows, index_t cols) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t longest = 32;  // products summed from zero: decaying spectra lost 9e-6 of their score to longer sums
    constexpr index_t high = Bytes == 64 ? 8 : 4;  // times two vectors of sums: what the registers hold
    T tile[side * side];
    for (index_t i = 0; i < side; i += high)
      for (index_t j = 0; j < side; j += 2 * lanes::size) {
        const T *a = left + i, *b = right + j;
        index_t l = 0;
        do {
          vector first[static_cast<std::size_t>(high)] = {}, second[static_cast<std::size_t>(high)] = {};
          const index_t end = k - l < longest ? k : l + longest;
          const bool is_first = l == 0;
          for (; l < end; ++l, a += side, b += side) {
            const vector b0 = lanes::at(b).v, b1 = lanes::at(b + lanes::size).v;
#pragma GCC unroll 8
            for (index_t r = 0; r < high; ++r) {
              first[r] += a[r] * b0;
              second[r] += a[r] * b1;
            }
          }
#pragma GCC unroll 8
          for (index_t r = 0; r < high; ++r) {
            T *const one = tile + (i + r) * side + j, *const other = one + lanes::size;
            lanes::at(one).v = is_first ? first[r] : lanes::at(one).v + first[r];
            lanes::at(other).v = is_first ? second[r] : lanes::at(other).v + second[r];
          }
        } while (l < k);
      }
    put(tile, alpha, beta, c, stride, rows, cols);
  }

  /// C(rows, cols) <- alpha tile + beta C
  template <class T, class S>
  [[gnu::always_inline]] static void put(const T* tile, S alpha, S beta, S* c, index_t stride, index_t rows, index_t cols) {
    for (index_t i = 0; i < rows; ++i, tile += side, c += stride)
      if (cols == side)  // a length that the compiler knows
        put_row(tile, side, alpha, beta, c);
      else
        put_row(tile, cols, alpha, beta, c);
  }

 private:
  template <class T, class S>
  [[gnu::always_inline]] static void put_row(const T* from, index_t n, S alpha, S beta, S* c) {
    if (beta == 0)
      for (index_t j = 0; j < n; ++j) c[j] = alpha * static_cast<S>(from[j]);
    else
      for (index_t j = 0; j < n; ++j) c[j] = beta * c[j] + alpha * static_cast<S>(from[j]);
  }
};

/// Row l of an operand of a product: factors[l] times row rows[l] of `all`; row l where there are no rows, once where there
/// are no factors.
template <class T>
struct chosen_rows {
  matrix_view<const T> all;
  std::span<const index_t> rows;
  std::span<const double> factors;

  [[nodiscard]] index_t size() const { return rows.empty() ? all.rows() : static_cast<index_t>(rows.size()); }
  [[nodiscard]] const T* row(index_t l) const {
    return all.row(rows.empty() ? l : rows[static_cast<std::size_t>(l)]);
  }
  [[nodiscard]] T factor(index_t l) const {
    return factors.empty() ? T{1} : static_cast<T>(factors[static_cast<std::size_t>(l)]);
  }
};

/// Rows [from, from + length) as panels of their columns: panel p is row p of `panels`.
template <class T>
void pack_columns(thread_team& team, const chosen_rows<T>& x, index_t from, index_t length,
                  matrix_view<T> panels) {
  constexpr index_t side = product_tile::side;
  team.for_range(length, 16, [&](index_t begin, index_t end, int) {
    for (index_t l = begin; l < end; ++l) {
      const T* __restrict in = x.row(from + l);
      const T factor = x.factor(from + l);
      T* __restrict out = panels.data() + l * side;
      index_t left = x.all.cols();
      for (; left >= side; left -= side, in += side, out += panels.stride())
        for (index_t i = 0; i < side; ++i) out[i] = factor * in[i];
      if (left > 0)
        for (index_t i = 0; i < side; ++i) out[i] = i < left ? factor * in[i] : T{0};
    }
  });
}

/// Columns [from, from + length) of A as panels of its rows.
template <class T>
void pack_rows(thread_team& team, matrix_view<const T> a, index_t from, index_t length, matrix_view<T> panels) {
  constexpr index_t side = product_tile::side;
  team.for_range(panels.rows(), 1, [&](index_t begin, index_t end, int) {
    for (index_t i = begin * side; i < end * side; ++i) {
      T* const out = panels.row(i / side) + i % side;
      for (index_t l = 0; l < length; ++l) out[l * side] = i < a.rows() ? a(i, from + l) : T{0};
    }
  });
}

/// The upper triangle of C <- its lower one, square by square.
template <class S>
void mirror(thread_team& team, matrix_view<S> c) {
  constexpr index_t side = product_tile::side;
  const index_t m = c.rows(), squares = (m + side - 1) / side;
  team.for_each(squares, [&](index_t p, int) {
    for (index_t q = p; q < squares; ++q)
      for (index_t i = p * side; i < std::min((p + 1) * side, m); ++i)
        for (index_t j = std::max(i + 1, q * side); j < std::min((q + 1) * side, m); ++j) c(i, j) = c(j, i);
  });
}

/// Tiles of products of the numbers themselves.
template <class T>
struct plain_tiles {
  using number = T;
  static constexpr index_t together = 1;  // numbers of k in one of the panels'

  template <class S>
  static void run(const T* left, const T* right, index_t steps, S alpha, S beta, S* c, index_t stride, index_t rows, index_t cols) {
    on_widest_vectors<product_tile>(left, right, steps, alpha, beta, c, stride, rows, cols);
  }
};

/// C(m, m) <- alpha X'X + beta C, C symmetric, both triangles written; pack(from, length, panels) packs rows
/// [from, from + length) of the X(k, m).
///
/// Products are summed in the tiles' precision, by runs of 32, 1024 at a time, and those sums in S: with floats and S = double the error
/// does not grow with k beyond that. m (m + 32) k FLOP, scratch of 1024 m elements. Determinism: bitwise in threads.
template <class Tiles, real S, class F>
void symmetric_product(thread_team& team, workspace<memory::host>& scratch, index_t k, F&& pack, S alpha,
                       S beta, matrix_view<S> c) {
  using number = typename Tiles::number;
  constexpr index_t side = product_tile::side, depth = 1024, strip = 2;
  const auto steps_of = [](index_t length) { return (length + Tiles::together - 1) / Tiles::together; };
  const index_t m = c.rows(), panels = (m + side - 1) / side, strips = (panels + strip - 1) / strip;
  const scratch_matrix<number, memory::host> packed(scratch, panels, steps_of(std::min(depth, k)) * side);
  for (index_t from = 0; from == 0 || from < k; from += depth) {
    const index_t length = std::min(depth, k - from);
    pack(from, length, packed.view());
    const S keep = from == 0 ? beta : S{1};
    // Strip s of the lower triangle: its panels stay in the second-level cache while those to its left go by.
    // The longest strips are handed out first.
    team.for_each(strips, [&](index_t task, int) {
      const index_t begin = (strips - 1 - task) * strip, end = std::min(begin + strip, panels);
      for (index_t q = 0; q < end; ++q)
        for (index_t p = std::max(begin, q); p < end; ++p)
          Tiles::run(static_cast<const number*>(packed.view().row(p)), static_cast<const number*>(packed.view().row(q)),
                     steps_of(length), alpha, keep, c.row(p * side) + q * side, c.stride(), std::min(side, m - p * side),
                     std::min(side, m - q * side));
    });
  }
  mirror(team, c);
}

}  // namespace prismatic::detail
