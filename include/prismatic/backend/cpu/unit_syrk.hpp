/// The product of a matrix with its own transpose on the processor's matrix units.
#pragma once

#include <prismatic/backend/cpu/bf16_blocks.hpp>
#include <prismatic/backend/cpu/matrix_units.hpp>
#include <prismatic/backend/cpu/syrk.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

#if PRISMATIC_X86 && defined(__linux__)

/// 32 columns of an X(k, m) as a left operand or a right one: step s, its two blocks in all their parts, at s step.
template <int Parts>
struct unit_columns {
  static constexpr index_t side = 2 * unit_side, step = 2 * Parts * unit_block;
  using blocks = bf16_blocks<Parts>;

  /// Of chosen rows: numbers [from, from + length) along k of columns [first, first + side), zeros beyond those there are.
  static void pack(const chosen_rows<float>& x, bool is_left, index_t first, index_t from, index_t length, std::uint32_t* out) {
    alignas(64) float square[std::size_t{unit_depth} * side];
    const index_t cols = std::min(side, x.all.cols() - first);
    for (index_t l = 0; l < length; l += unit_depth) {
      const index_t deep = std::min(unit_depth, length - l);
      for (index_t i = 0; i < deep; ++i) {
        const float* const in = x.row(from + l + i) + first;
        const float factor = x.factor(from + l + i);
        __builtin_prefetch(in + side), __builtin_prefetch(in + side + unit_side);  // the next columns
        if (cols == side)  // a length that the compiler knows
          for (index_t j = 0; j < side; ++j) square[i * side + j] = factor * in[j];
        else
          for (index_t j = 0; j < cols; ++j) square[i * side + j] = factor * in[j];
      }
      for (index_t j = 0; j < side; j += unit_side, out += Parts * unit_block) {
        blocks::of_columns(square + j, side, deep, std::clamp<index_t>(cols - j, 0, unit_side), out);
        if (is_left) blocks::turn(out, out);
      }
    }
  }

  /// Of the transpose of A.
  static void pack(matrix_view<const float> a, bool is_left, index_t first, index_t from, index_t length, std::uint32_t* out) {
    for (index_t l = 0; l < length; l += unit_depth)
      for (index_t i = 0; i < side; i += unit_side, out += Parts * unit_block) {
        const index_t rows = std::clamp<index_t>(a.rows() - first - i, 0, unit_side);
        blocks::of_rows(rows > 0 ? a.row(first + i) + from + l : nullptr, a.stride(), rows, std::min(unit_depth, length - l), out);
        if (!is_left) blocks::turn(out, out);
      }
  }
};

/// What a worker holds: panels of one run along k, and the sums of a strip of C.
template <int Parts>
struct unit_strip {
  static constexpr index_t side = 2 * unit_side, depth = 256, tallest = 8, widest = 32;  // a run; panels of a strip
  static constexpr index_t panel = depth / unit_depth * unit_columns<Parts>::step;
  alignas(64) std::uint32_t left[std::size_t{tallest} * panel];
  alignas(64) std::uint32_t right[std::size_t{panel}];
  alignas(64) float sums[std::size_t{tallest} * widest][std::size_t{side} * side];
  unit_square square;
};

/// C(m, m) <- alpha X'X + beta C, C symmetric, both triangles written. X(k, m) is chosen rows, or the transpose of a matrix.
///
/// Products are summed in float, 128 at a time (with one part 256), sixteen of those sums likewise, and then in S. m (m + 32) k FLOP, of which the units do
/// Parts (Parts + 1) / 2 times as many; 1.5 MiB of scratch a worker. Determinism: bitwise in threads.
template <int Parts, real S, class Source>
void symmetric_product_on_units(thread_team& team, workspace<memory::host>& scratch, index_t k, const Source& x, S alpha, S beta,
                                matrix_view<S> c) {
  // The third-level cache is what binds (it gives a core some 17 GB/s, 24 KiB in the time of three tiles' products), so what is
  // read from it is numbers, not their parts, as seldom as may be: sums and left panels of a strip stay in the second level
  // while right panels are made, one at a time, for all of the strip.
  using strip = unit_strip<Parts>;
  constexpr index_t side = strip::side, depth = 2048, piece = Parts == 1 ? 8 : 4;
  const index_t m = c.rows(), panels = (m + side - 1) / side;
  const index_t height = std::clamp<index_t>(panels / (2 * team.size()), 1, strip::tallest);
  const index_t strips = (panels + height - 1) / height;
  const scratch_matrix<std::byte, memory::host> held(scratch, team.size(), sizeof(strip));
  team.for_each(strips, [&](index_t task, int worker) {  // the longest first
    const index_t begin = (strips - 1 - task) * height, end = std::min(begin + height, panels);
    auto& own = *reinterpret_cast<strip*>(held.view().row(worker));
    const matrix_units set_up;
    for (index_t first = 0; first < end; first += strip::widest) {
      const index_t last = std::min(first + strip::widest, end);
      for (index_t chunk = 0; chunk == 0 || chunk < k; chunk += depth) {
        const index_t stop = std::min(chunk + depth, k);
        for (index_t from = chunk; from == chunk || from < stop; from += strip::depth) {
          const index_t length = std::min(strip::depth, stop - from), steps = (length + unit_depth - 1) / unit_depth;
          for (index_t p = begin; p < end; ++p)
            unit_columns<Parts>::pack(x, true, p * side, from, length, own.left + (p - begin) * strip::panel);
          for (index_t q = first; q < last; ++q) {
            unit_columns<Parts>::pack(x, false, q * side, from, length, own.right);
            for (index_t s = 0; s == 0 || s < steps; s += piece)
              for (index_t p = std::max(begin, q); p < end; ++p) {
                unit_tile<Parts, 2, 2>::run(own.left + (p - begin) * strip::panel + s * unit_columns<Parts>::step,
                                            own.right + s * unit_columns<Parts>::step, std::min(piece, steps - s), own.square.sums, side);
                own.square.put(1, from == chunk && s == 0 ? 0 : 1, own.sums[(p - begin) * strip::widest + q - first], side, side, side);
              }
          }
        }
        for (index_t q = first; q < last; ++q)
          for (index_t p = std::max(begin, q); p < end; ++p)
            product_tile::put(static_cast<const float*>(own.sums[(p - begin) * strip::widest + q - first]), alpha,
                              chunk == 0 ? beta : S{1}, c.row(p * side) + q * side, c.stride(), std::min(side, m - p * side),
                              std::min(side, m - q * side));
      }
    }
  });
  mirror(team, c);
}

#endif

}  // namespace prismatic::detail
