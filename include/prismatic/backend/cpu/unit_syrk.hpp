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

  /// Panels [begin, end) of chosen rows, numbers [from, from + length) along k, one after the other; zeros beyond the columns
  /// there are. A row's numbers of all of these panels are read together: rows may come from memory.
  [[PRISMATIC_AMX]] static void pack(const chosen_rows<float>& x, bool is_left, index_t begin, index_t end, index_t from,
                                     index_t length, std::uint32_t* out) {
    alignas(64) float square[std::size_t{unit_depth} * side];
    const index_t steps = (length + unit_depth - 1) / unit_depth;
    for (index_t s = 0; s < steps; ++s)
      for (index_t p = begin; p < end; ++p) {
        const index_t first = from + s * unit_depth, deep = std::min(unit_depth, from + length - first);
        const index_t cols = std::min(side, x.all.cols() - p * side);
        const __mmask16 lower = lanes_below(cols), upper = lanes_below(cols - unit_side);
        for (index_t i = 0; i < deep; ++i) {
          const float* const in = x.row(first + i) + p * side;
          const __m512 factor = _mm512_set1_ps(x.factor(first + i));
          _mm512_store_ps(square + i * side, _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(lower, in)));
          _mm512_store_ps(square + i * side + unit_side, _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(upper, in + unit_side)));
        }
        for (index_t j = 0; j < 2; ++j) {
          std::uint32_t* const to = out + ((p - begin) * steps + s) * step + j * Parts * unit_block;
          blocks::of_columns(square + j * unit_side, side, deep, unit_side, to);
          if (is_left) blocks::turn(to, to);
        }
      }
  }

  /// The same of the transpose of A.
  static void pack(matrix_view<const float> a, bool is_left, index_t begin, index_t end, index_t from, index_t length,
                   std::uint32_t* out) {
    for (index_t p = begin; p < end; ++p)
      for (index_t l = 0; l < length; l += unit_depth)
        for (index_t i = p * side; i < (p + 1) * side; i += unit_side, out += Parts * unit_block) {
          const index_t rows = std::clamp<index_t>(a.rows() - i, 0, unit_side);
          blocks::of_rows(rows > 0 ? a.row(i) + from + l : nullptr, a.stride(), rows, std::min(unit_depth, length - l), out);
          if (!is_left) blocks::turn(out, out);
        }
  }
};

/// What a worker holds: panels of one run along k, and the sums of a block of C, all in its second-level cache.
template <int Parts>
struct unit_sums {
  static constexpr index_t side = 2 * unit_side, widest = 16, together = 4;  // panels of a block, of which some are made at a time
  static constexpr index_t depth = Parts == 1 ? 256 : 128;                   // a run
  static constexpr index_t panel = depth / unit_depth * unit_columns<Parts>::step;
  alignas(64) std::uint32_t left[std::size_t{widest} * panel];
  alignas(64) std::uint32_t right[std::size_t{together} * panel];
  alignas(64) float sums[std::size_t{widest} * widest][std::size_t{side} * side];
  unit_square square;

  /// C(rows, cols) <- alpha from + beta C
  template <class S>
  [[PRISMATIC_AMX]] static void put(const float* from, S alpha, S beta, S* c, index_t stride, index_t rows, index_t cols) {
    product_tile::put(from, alpha, beta, c, stride, rows, cols);
  }
};

/// C(m, m) <- alpha X'X + beta C, C symmetric, both triangles written. X(k, m) is chosen rows, or the transpose of a matrix.
///
/// Products are summed in float, 128 at a time (with one part 256), sixteen of those sums likewise (eight), and then in S.
/// m (m + 32) k FLOP, of which the units do Parts (Parts + 1) / 2 times as many; 1.5 MiB of scratch a worker. Determinism:
/// bitwise in threads.
template <int Parts, real S, class Source>
void symmetric_product_on_units(thread_team& team, workspace<memory::host>& scratch, index_t k, const Source& x, S alpha, S beta,
                                matrix_view<S> c) {
  // What comes from further away than the second-level cache is numbers, not their parts, and as seldom as may be: C goes by
  // blocks, those below the diagonal first, which are twice as much work.
  using panels_of = unit_columns<Parts>;
  using held_sums = unit_sums<Parts>;
  constexpr index_t side = held_sums::side, chunk_depth = 2048;
  const index_t m = c.rows(), panels = (m + side - 1) / side;
  const index_t width = std::clamp<index_t>(panels / team.size(), 1, held_sums::widest), blocks = (panels + width - 1) / width;
  const scratch_matrix<std::byte, memory::host> held(scratch, team.size(), sizeof(held_sums));
  const auto block = [&](index_t row, index_t col, int worker) {
    const index_t begin = row * width, end = std::min(begin + width, panels);
    const index_t first = col * width, last = std::min(first + width, end);
    auto& own = *reinterpret_cast<held_sums*>(held.view().row(worker));
    const auto sums = [&](index_t p, index_t q) { return own.sums[(p - begin) * held_sums::widest + q - first]; };
    const matrix_units set_up;
    for (index_t chunk = 0; chunk == 0 || chunk < k; chunk += chunk_depth) {
      const index_t stop = std::min(chunk + chunk_depth, k);
      for (index_t from = chunk; from == chunk || from < stop; from += held_sums::depth) {
        const index_t length = std::min(held_sums::depth, stop - from), steps = (length + unit_depth - 1) / unit_depth;
        panels_of::pack(x, true, begin, end, from, length, own.left);
        for (index_t q = first; q < last; ++q) {
          const index_t slot = (q - first) % held_sums::together;
          if (row == col)
            for (index_t t = 0; t < 2 * steps; ++t) {
              const index_t at = t * Parts * unit_block;
              bf16_blocks<Parts>::turn(own.left + (q - begin) * steps * panels_of::step + at,
                                       own.right + slot * steps * panels_of::step + at);
            }
          else if (slot == 0)
            panels_of::pack(x, false, q, std::min(q + held_sums::together, last), from, length, own.right);
          for (index_t p = std::max(begin, q); p < end; ++p) {
            unit_tile<Parts, 2, 2>::run(own.left + (p - begin) * steps * panels_of::step,
                                        own.right + slot * steps * panels_of::step, steps, own.square.sums, side);
            own.square.put(1, from == chunk ? 0 : 1, sums(p, q), side, side, side);
          }
        }
      }
      for (index_t q = first; q < last; ++q)
        for (index_t p = std::max(begin, q); p < end; ++p)
          held_sums::put(sums(p, q), alpha, chunk == 0 ? beta : S{1}, c.row(p * side) + q * side, c.stride(),
                         std::min(side, m - p * side), std::min(side, m - q * side));
    }
  };
  const index_t below = blocks * (blocks - 1) / 2;
  team.for_each(below + blocks, [&](index_t task, int worker) {
    if (task >= below) return block(task - below, task - below, worker);
    index_t row = 1;
    while (task >= row) task -= row++;
    block(row, task, worker);
  });
  mirror(team, c);
}

#endif

}  // namespace prismatic::detail
