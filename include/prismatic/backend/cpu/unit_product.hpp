/// General products on the processor's matrix units, which multiply bfloat16: of operands rounded to it, or of floats as
/// the sum of six products of their parts.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/bf16_blocks.hpp>
#include <prismatic/backend/cpu/matrix_units.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace prismatic::detail {

/// Sums of fewer products than this are left to vectors, which waste less on them.
inline constexpr index_t least_unit_depth = 16;

#if PRISMATIC_X86 && defined(__linux__)

/// Two blocks side by side, 32 rows of the left operand or columns of the right one, for each step of 32 along k.
template <int Parts>
struct unit_panel {
  static constexpr index_t side = 2 * unit_side;
  static constexpr index_t step = 2 * Parts * unit_block;

  static index_t steps(index_t length) { return (length + unit_depth - 1) / unit_depth; }

  /// Rows (or columns) [first, first + count) of an operand, numbers [from, from + length) along k. `along`: a row of X
  /// lies along k; `is_left`: the panel is a left operand's.
  template <class W>
  static void pack(matrix_view<const W> x, bool along, bool is_left, index_t first, index_t count, index_t from, index_t length,
                   std::uint32_t* out) {
    using blocks = bf16_blocks<Parts>;
    for (index_t l = 0; l < length; l += unit_depth)
      for (index_t i = 0; i < side; i += unit_side, out += Parts * unit_block) {
        if (i >= count) continue;  // a tile that is not multiplied
        const index_t some = std::min(unit_side, count - i), deep = std::min(unit_depth, length - l);
        if (along)
          blocks::of_rows(x.row(first + i) + from + l, x.stride(), some, deep, out);
        else
          blocks::of_columns(x.row(from + l) + first + i, x.stride(), deep, some, out);
        if (along != is_left) blocks::turn(out, out);
      }
  }
};

/// Sums are cut along k into runs of whole steps, 128 numbers at the most, or 512 of one part, by k alone.
template <int Parts>
struct unit_runs {
  static constexpr index_t depth = Parts == 1 ? 512 : 128;
  index_t k, steps, count;

  explicit unit_runs(index_t length)
      : k(length), steps((k + unit_depth - 1) / unit_depth), count(std::max<index_t>(1, (steps * unit_depth + depth - 1) / depth)) {}
  [[nodiscard]] index_t begin(index_t run) const { return std::min(k, steps * run / count * unit_depth); }
};

/// The panels of a product of floats with a W of floats or of bfloat16, which has one part.
template <int Parts, class W>
struct unit_panels : on_large_pages {
  using left = unit_panel<Parts>;
  using right = unit_panel<std::same_as<W, bf16> ? 1 : Parts>;
  static constexpr bool single = right::step < left::step;
  static constexpr index_t depth = unit_runs<Parts>::depth;                 // a panel of A stays in the nearest cache,
  static constexpr index_t breadth = 1024 * left::step / right::step;       // a block of B in the second
  alignas(64) std::uint32_t a[depth / unit_depth * left::step];
  alignas(64) std::uint32_t b[breadth / right::side * depth / unit_depth * right::step];
  unit_square square;

  /// What multiplies two panels into up to 32 x 32 sums.
  static auto tile(index_t rows, index_t cols) {
    if (rows > unit_side)
      return cols > unit_side ? &unit_tile<Parts, 2, 2, false, single>::run : &unit_tile<Parts, 2, 1, false, single>::run;
    return cols > unit_side ? &unit_tile<Parts, 1, 2, false, single>::run : &unit_tile<Parts, 1, 1, false, single>::run;
  }

  static unit_panels& of_this_thread() {
    thread_local const std::unique_ptr<unit_panels> kept = std::make_unique_for_overwrite<unit_panels>();
    return *kept;
  }
};

/// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C on the calling thread, B of floats or of bfloat16. 2 m n k FLOP, of which units
/// do Parts (Parts + 1) / 2 times as many, or Parts times where B is of bfloat16. A thread that ever multiplied so keeps 0.8 MiB
/// (three parts), or 1, for each of the two.
///
/// Determinism: an element of C is summed in runs and steps that depend on k alone, so it does not depend on the other
/// rows and columns of the call, nor on which of the operands stands left, nor on how B is held. C is not read where beta is 0.
template <int Parts, class W = float>
[[PRISMATIC_AMX]] void multiply_on_units(op a_op, op b_op, float alpha, input_matrix<float> a, input_matrix<W> b, float beta,
                                         matrix_view<float> c) {
  using panels = unit_panels<Parts, W>;
  using panel_a = typename panels::left;
  using panel_b = typename panels::right;
  constexpr index_t side = panel_a::side;
  panels& packed = panels::of_this_thread();
  const index_t m = c.rows(), n = c.cols(), k = a_op == op::none ? a.cols() : a.rows();
  const unit_runs<Parts> runs(k);
  const matrix_units set_up;
  for (index_t left = 0; left < n; left += panels::breadth) {
    const index_t right = std::min(n, left + panels::breadth);
    for (index_t run = 0; run < runs.count; ++run) {
      const index_t from = runs.begin(run), length = runs.begin(run + 1) - from, steps = panel_a::steps(length);
      const float kept = run == 0 ? beta : 1.0f;
      const auto place = [&](index_t j) { return packed.b + (j - left) / side * steps * panel_b::step; };
      for (index_t j = left; j < right; j += side)
        panel_b::pack(b, b_op == op::transpose, false, j, std::min(side, right - j), from, length, place(j));
      for (index_t i = 0; i < m; i += side) {
        const index_t rows = std::min(side, m - i);
        panel_a::pack(a, a_op == op::none, true, i, rows, from, length, packed.a);
        for (index_t j = left; j < right; j += side) {
          const index_t cols = std::min(side, right - j);
          const auto tile = panels::tile(rows, cols);
          if (alpha == 1 && kept == 0 && rows % unit_side == 0 && cols % unit_side == 0) {
            tile(packed.a, place(j), steps, c.row(i) + j, c.stride());
          } else {
            tile(packed.a, place(j), steps, packed.square.sums, side);
            packed.square.put(alpha, kept, c.row(i) + j, c.stride(), rows, cols);
          }
        }
      }
    }
  }
}

#endif

}  // namespace prismatic::detail
