/// General products on one thread: panels of both operands, and a tile of C at a time summed in registers
/// [Goto & van de Geijn 2008; Van Zee & van de Geijn 2015].
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/backend/cpu/widen.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace prismatic::detail {

/// C(Height, width) <- alpha sum_l a_l' b_l + beta C: step l of k reads Height numbers at a + l a_step and width at
/// b + l b_step, as the panels hold them.
template <class T, class Packed = T>
struct tile_product {
  index_t k;
  T alpha, beta;
  const Packed* a = nullptr;
  index_t a_step = 0;
  const Packed* b = nullptr;
  index_t b_step = 0;
  T* c = nullptr;
  index_t stride = 0;
};

/// A tile is `Vectors` (1 or 2) vectors wide.
template <index_t Height, index_t Vectors>
struct register_tile {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(const tile_product<T>& p) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t second = (Vectors - 1) * lanes::size;  // of the two vectors; one alone is its own second
    vector left[static_cast<std::size_t>(Height)] = {}, right[static_cast<std::size_t>(Height)] = {};
    const T* row = p.c;  // fetched to be written, one a step
    const T *a = p.a, *b = p.b;
    for (index_t l = 0; l < p.k; ++l, a += p.a_step, b += p.b_step) {
      const vector b0 = lanes::at(b).v, b1 = lanes::at(b + second).v;
      __builtin_prefetch(b + 4 * p.b_step);  // from the second-level cache, for processors that do not by themselves
      __builtin_prefetch(b + 4 * p.b_step + second);
      __builtin_prefetch(row, 1);
      __builtin_prefetch(row + second, 1);
      row += l < Height - 1 ? p.stride : 0;
#pragma GCC unroll 14
      for (index_t r = 0; r < Height; ++r) {
        left[r] += a[r] * b0;
        if constexpr (Vectors == 2) right[r] += a[r] * b1;
      }
    }
#pragma GCC unroll 14
    for (index_t r = 0; r < Height; ++r) {
      lanes::put(left[r], p.alpha, p.beta, p.c + r * p.stride);
      if constexpr (Vectors == 2) lanes::put(right[r], p.alpha, p.beta, p.c + r * p.stride + second);
    }
  }
};

/// Tiles of every even height, of one vector and of two.
template <class T, class Packed = T>
struct tile_table {
  using function = void (*)(const tile_product<T, Packed>&);
  static constexpr index_t tallest = 14;

  index_t height;  ///< of the tallest
  index_t lanes;   ///< sums in a vector
  std::array<std::array<function, 2>, tallest / 2> of;

  [[nodiscard]] function operator()(index_t rows, index_t cols) const {
    return of[static_cast<std::size_t>(rows / 2 - 1)][cols > lanes ? 1 : 0];
  }
};

/// Those that fill the registers of a processor.
template <class T>
struct register_tiles : tile_table<T> {
  /// For vectors of 16, 32 (AVX2) or 64 (AVX-512) bytes: 16 or 32 of them are registers.
  template <int Bytes>
  static register_tiles of_vectors() {
#if defined(__aarch64__)
    return made<Bytes>(std::make_integer_sequence<index_t, 7>());
#else
    return made<Bytes>(std::make_integer_sequence<index_t, Bytes == 64 ? 7 : 3>());
#endif
  }

  static const register_tiles& of_this_machine() {
    static const register_tiles found = [] {
#if PRISMATIC_X86
      if (__builtin_cpu_supports("avx512f")) return of_vectors<64>();
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return of_vectors<32>();
#endif
      return of_vectors<16>();
    }();
    return found;
  }

 private:
  template <int Bytes, index_t... I>
  static register_tiles made(std::integer_sequence<index_t, I...>) {
    return {{2 * static_cast<index_t>(sizeof...(I)), lanes_of<T, Bytes>::size,
             {{{{compiled<Bytes, register_tile<2 * I + 2, 1>>(), compiled<Bytes, register_tile<2 * I + 2, 2>>()}}...}}}};
  }
  template <int Bytes, class Tile>
  static typename tile_table<T>::function compiled() {
#if PRISMATIC_X86
    if constexpr (Bytes == 64) return &run_avx512<Tile, const tile_product<T>&>;
    if constexpr (Bytes == 32) return &run_avx2<Tile, const tile_product<T>&>;
#endif
    return &Tile::template run<Bytes, T>;
  }
};

/// out(l, i) <- in(i, l), i < count, l < length; zero from count to side. A row of `out` is `side` long.
template <class T>
void pack_turned(const T* in, index_t stride, index_t count, index_t length, index_t side, T* out) {
  using lanes = lanes_of<T, 4 * sizeof(T)>;
  using vector = typename lanes::vector;
  const index_t whole = count < 4 ? 0 : count;
  for (index_t next = 0; next < whole; next += 4) {
    const index_t i = std::min(next, count - 4);  // the last four may have been among the four before
    const T *r0 = in + i * stride, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
    T* to = out + i;
    index_t l = 0;
    for (; l + 4 <= length; l += 4, to += 4 * side) {
      const vector a = lanes::at(r0 + l).v, b = lanes::at(r1 + l).v, c = lanes::at(r2 + l).v, d = lanes::at(r3 + l).v;
      const vector ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const vector AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      lanes::at(to).v = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
      lanes::at(to + side).v = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
      lanes::at(to + 2 * side).v = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
      lanes::at(to + 3 * side).v = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
    }
    for (; l < length; ++l, to += side) {
      to[0] = r0[l];
      to[1] = r1[l];
      to[2] = r2[l];
      to[3] = r3[l];
    }
  }
  for (index_t i = whole; i < side; ++i)
    for (index_t l = 0; l < length; ++l) out[l * side + i] = i < count ? in[i * stride + l] : T{0};
}

inline constexpr index_t rows_at_once = 8;    ///< of an operand that go into panels together
inline constexpr index_t widest_block = 512;  ///< columns of B that stay in the second-level cache

/// Columns [0, edges.back()) of the rows 0 to length as panels: panel p holds columns edges[p] to edges[p + 1], with zeros up
/// to side(count), and begins at out + edges[p] length. Rows go by once, some at a time: they may come from memory, and what a panel
/// gets should lie together. `row_at` finds each of them once, in order, and keeps the last `rows_at_once`.
template <class T, class Row, class Side>
void pack_straight(Row&& row_at, std::span<const index_t> edges, Side&& side, index_t length, T* out) {
  std::array<const T*, rows_at_once> rows;
  for (index_t from = 0; from < length; from += rows_at_once) {
    const std::span<const T*> some(rows.data(), static_cast<std::size_t>(std::min(rows_at_once, length - from)));
    for (std::size_t l = 0; l < some.size(); ++l) some[l] = row_at(from + static_cast<index_t>(l));
    for (std::size_t p = 0; p + 1 < edges.size(); ++p) {
      const index_t first = edges[p], count = edges[p + 1] - first, all = side(count);
      T* to = out + first * length + from * all;
      const auto whole = [&]<index_t Count>() {  // a length that the compiler knows
        if (count != Count || all != Count) return false;
        for (const T* const row : some) std::memcpy(to, row + first, sizeof(T) * Count), to += Count;
        return true;
      };
      if (whole.template operator()<32>() || whole.template operator()<14>() || whole.template operator()<12>() ||
          whole.template operator()<16>() || whole.template operator()<6>())
        continue;
      for (const T* const row : some) {
        std::fill(std::copy_n(row + first, count, to), to + all, T{0});
        to += all;
      }
    }
  }
}

/// Fetches part `part` of `parts` of some rows' columns [from, from + length) towards the second-level cache.
template <class T>
void prefetch(matrix_view<const T> a, row_range rows, index_t from, index_t length, index_t part, index_t parts) {
  const index_t begin = rows.begin + rows.size() * part / parts, end = rows.begin + rows.size() * (part + 1) / parts;
  for (index_t i = begin; i < end; ++i)
    for (index_t l = 0; l < length; l += 64 / index_t{sizeof(T)}) __builtin_prefetch(a.row(i) + from + l, 0, 2);
}

/// What the panels of a product hold: the numbers of its operands as they are, one for each step of k.
template <class T>
struct plain_panels {
  using number = T;
  static constexpr index_t together = 1;  // numbers of k in one of the panels'
  static constexpr bool in_place = true;  // an operand that lies like a panel is one
  struct scratch {};

  /// pack_turned
  static void turned(scratch&, const T* in, index_t stride, index_t count, index_t length, index_t side, T* out) {
    pack_turned(in, stride, count, length, side, out);
  }
  /// pack_straight
  template <class Row, class Side>
  static void straight(scratch&, Row&& row_at, std::span<const index_t> edges, Side&& side, index_t length, T* out) {
    pack_straight(row_at, edges, side, length, out);
  }
};

/// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C on the calling thread, through panels of one kind; B may hold bfloat16, which
/// become floats on their way into a panel. 2 m n k FLOP. A thread that ever multiplied so keeps 0.7 MiB for its panels.
///
/// Determinism: an element of C is summed in the order of k, in runs whose lengths depend on k alone, so it does not
/// depend on the other rows and columns of the call. C is not read where beta is 0.
template <class Panels, real T, class W = T>
void multiply_through(op a_op, op b_op, std::type_identity_t<T> alpha, input_matrix<T> a, input_matrix<W> b,
                      std::type_identity_t<T> beta, matrix_view<T> c, const tile_table<T, typename Panels::number>& machine) {
  using number = typename Panels::number;
  using tiles = tile_table<T, number>;
  constexpr index_t depth = 1024 / index_t{sizeof(number)};  // a panel of A stays in the nearest cache
  constexpr index_t group = 8;                               // panels of A packed at a time where its rows cross them
  constexpr bool as_they_are = std::same_as<W, T>;           // B's numbers
  static_assert(32 * Panels::together * depth >= rows_at_once * widest_block);
  struct panels : on_large_pages {
    alignas(64) number a[std::size_t{group * tiles::tallest} * depth];
    alignas(64) number b[std::size_t{widest_block} * depth];
    alignas(64) T tile[std::size_t{tiles::tallest} * 32];
    alignas(64) T wide[as_they_are ? 1 : std::size_t{32} * Panels::together * depth];  // of a panel's columns, or of some rows
    typename Panels::scratch scratch;
  };
  thread_local const std::unique_ptr<panels> packed = std::make_unique_for_overwrite<panels>();
  const index_t m = c.rows(), n = c.cols(), k = a_op == op::none ? a.cols() : a.rows(), width = 2 * machine.lanes;
  const auto steps_of = [](index_t length) { return (length + Panels::together - 1) / Panels::together; };
  const index_t runs = std::max<index_t>(1, (steps_of(k) + depth - 1) / depth);
  const auto begin_of = [&](index_t run) { return std::min(k, steps_of(k) * run / runs * Panels::together); };
  const index_t rows = (m + machine.height - 1) / machine.height, together = a_op == op::none ? 1 : group;
  // Panels that few tiles read stay where they are.
  const bool b_in_place = Panels::in_place && as_they_are && b_op == op::none && m <= 4 * machine.height;
  const bool a_in_place = Panels::in_place && a_op == op::transpose && n <= 2 * width;
  const auto top = [&](index_t panel) {  // even heights, much the same
    return panel >= rows ? m : std::min(m, (m * panel / rows + 1) / 2 * 2);
  };
  const auto even = [](index_t count) { return (count + 1) / 2 * 2; };

  for (index_t run = 0; run < runs; ++run)
    for (index_t left = 0; left < n; left += widest_block) {
      const index_t from = begin_of(run), length = begin_of(run + 1) - from, steps = steps_of(length);
      const index_t right = std::min(n, left + widest_block);
      tile_product<T, number> p{steps, alpha, run == 0 ? beta : T{1}};
      const auto side = [&](index_t count) { return count > machine.lanes ? width : machine.lanes; };
      if (b_op == op::transpose)
        for (index_t j = left; j < right; j += width) {
          const index_t count = std::min(width, right - j);
          const auto turned = [&](const T* in, index_t stride) {
            Panels::turned(packed->scratch, in, stride, count, length, side(count), packed->b + (j - left) * steps);
          };
          if constexpr (as_they_are) {
            turned(b.row(j) + from, b.stride());
          } else {
            widen(b.row(j) + from, b.stride(), count, length, packed->wide, length);
            turned(packed->wide, length);
          }
        }
      else {
        std::array<index_t, widest_block / 4 + 1> edges;
        std::size_t count = 0;
        for (index_t j = b_in_place ? (right - left) / width * width : 0; j < right - left; j += width) edges[count++] = j;
        edges[count++] = right - left;
        const auto row_at = [&](index_t l) -> const T* {
          if constexpr (as_they_are) {
            return b.row(from + l) + left;
          } else {
            T* const wide = packed->wide + l % rows_at_once * widest_block;
            widen(b.row(from + l) + left, 0, 1, right - left, wide, 0);
            return wide;
          }
        };
        Panels::straight(packed->scratch, row_at, std::span<const index_t>(edges.data(), count), side, length, packed->b);
      }
      for (index_t first = 0; first < rows; first += together) {
        const index_t last = std::min(rows, first + together);
        const bool a_stays = a_in_place && top(last) % 2 == 0;
        if (a_op == op::none)
          Panels::turned(packed->scratch, a.row(top(first)) + from, a.stride(), top(last) - top(first), length, even(top(last) - top(first)), packed->a);
        else if (!a_stays) {
          std::array<index_t, group + 1> edges;
          for (index_t panel = first; panel <= last; ++panel) edges[static_cast<std::size_t>(panel - first)] = top(panel) - top(first);
          const auto row_at = [&](index_t l) { return a.row(from + l) + top(first); };
          Panels::straight(packed->scratch, row_at, std::span<const index_t>(edges.data(), static_cast<std::size_t>(last - first + 1)), even, length, packed->a);
        }
        for (index_t panel = first; panel < last; ++panel) {
          const index_t row = top(panel), count = top(panel + 1) - row, height = even(count);
          p.a = packed->a + (row - top(first)) * steps;
          p.a_step = height;
          if constexpr (Panels::in_place)
            if (a_stays) {
              p.a = a.row(from) + row;
              p.a_step = a.stride();
            }
          for (index_t j = left; j < right; j += width) {
            const index_t wide = side(right - j), cols = std::min(wide, right - j);
            if (a_op == op::none && panel + 1 < rows) prefetch(a, {top(panel + 1), top(panel + 2)}, from, length, (j - left) / width, (right - left + width - 1) / width);
            p.b = packed->b + (j - left) * steps;
            p.b_step = wide;
            if constexpr (Panels::in_place && as_they_are)
              if (b_in_place && right - j >= width) {
                p.b = b.row(from) + j;
                p.b_step = b.stride();
              }
            const bool whole = count == height && cols == wide;
            p.c = whole ? c.row(row) + j : packed->tile;
            p.stride = whole ? c.stride() : wide;
            if (!whole && p.beta != 0)
              for (index_t r = 0; r < count; ++r) std::copy_n(c.row(row + r) + j, cols, packed->tile + r * wide);
            machine(height, cols)(p);
            if (!whole)
              for (index_t r = 0; r < count; ++r) std::copy_n(packed->tile + r * wide, cols, c.row(row + r) + j);
          }
        }
      }
    }
}

/// The same in T throughout.
template <real T, class W = T>
void multiply_by_vectors(op a_op, op b_op, std::type_identity_t<T> alpha, input_matrix<T> a, input_matrix<W> b,
                         std::type_identity_t<T> beta, matrix_view<T> c,
                         const register_tiles<T>& machine = register_tiles<T>::of_this_machine()) {
  multiply_through<plain_panels<T>, T, W>(a_op, b_op, alpha, a, b, beta, c, machine);
}

}  // namespace prismatic::detail
