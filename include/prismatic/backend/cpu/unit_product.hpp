/// General products on the processor's matrix units, which multiply bfloat16: of operands rounded to it, or of floats as
/// the sum of six products of their parts.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/bf16_blocks.hpp>
#include <prismatic/backend/cpu/matrix_units.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
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

  /// What multiplies two panels into up to 32 x 32 sums.
  static auto tile(index_t rows, index_t cols, bool single) {
    const auto of = [single]<int Rows, int Cols>() {
      return single ? &unit_tile<Parts, Rows, Cols, false, (Parts > 1)>::run : &unit_tile<Parts, Rows, Cols>::run;
    };
    if (rows > unit_side) return cols > unit_side ? of.template operator()<2, 2>() : of.template operator()<2, 1>();
    return cols > unit_side ? of.template operator()<1, 2>() : of.template operator()<1, 1>();
  }

  /// Rows (or columns) [first, first + count) of an operand, numbers [from, from + length) along k. `along`: a row of X
  /// lies along k; `is_left`: the panel is a left operand's. Says whether all parts but the first are zero, and may leave those as
  /// they lie then.
  template <class W>
  static bool pack(matrix_view<const W> x, bool along, bool is_left, index_t first, index_t count, index_t from,
                   index_t length, std::uint32_t* out) {
    using blocks = bf16_blocks<Parts>;
    bool single = true;
    for (index_t l = 0; l < length; l += unit_depth)
      for (index_t i = 0; i < side; i += unit_side, out += Parts * unit_block) {
        if (i >= count) continue;  // a tile that is not multiplied
        const index_t some = std::min(unit_side, count - i), deep = std::min(unit_depth, length - l);
        const bool rounded = along ? blocks::of_rows(x.row(first + i) + from + l, x.stride(), some, deep, out)
                                   : blocks::of_columns(x.row(from + l) + first + i, x.stride(), deep, some, out);
        if (along != is_left) blocks::turn(out, out, rounded ? 1 : Parts);
        single &= rounded;
      }
    return single;
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

/// The panels of a product. A thread that ever multiplied so keeps 0.8 MiB (three parts), or 1.
template <int Parts>
struct unit_panels {
  static constexpr index_t depth = unit_runs<Parts>::depth;  // a panel of A stays in the nearest cache,
  static constexpr index_t breadth = 1024;                   // a block of B in the second
  alignas(64) std::uint32_t a[depth / unit_depth * unit_panel<Parts>::step];
  alignas(64) std::uint32_t b[breadth / unit_panel<Parts>::side * depth / unit_depth * unit_panel<Parts>::step];
  bool single[std::size_t{breadth} / unit_panel<Parts>::side];
  unit_square square;

  static unit_panels& of_this_thread() {
    thread_local const std::unique_ptr<unit_panels> kept = std::make_unique_for_overwrite<unit_panels>();
    return *kept;
  }
};

/// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C on the calling thread, B of floats or of bfloat16. 2 m n k FLOP, of which units
/// do Parts (Parts + 1) / 2 times as many.
///
/// Of 32 columns of B that are numbers of bfloat16, or floats rounded to it, the later parts are zero, and half of the products
/// are left out.
///
/// Determinism: an element of C is summed in runs and steps that depend on k alone, so it does not depend on the other
/// rows and columns of the call, nor on which of the operands stands left. C is not read where beta is 0.
template <int Parts, class W = float>
[[PRISMATIC_AMX]] void multiply_on_units(op a_op, op b_op, float alpha, input_matrix<float> a, input_matrix<W> b, float beta,
                                         matrix_view<float> c) {
  using panel = unit_panel<Parts>;
  constexpr index_t side = panel::side, breadth = unit_panels<Parts>::breadth;
  unit_panels<Parts>& packed = unit_panels<Parts>::of_this_thread();
  const index_t m = c.rows(), n = c.cols(), k = a_op == op::none ? a.cols() : a.rows();
  const unit_runs<Parts> runs(k);
  const matrix_units set_up;
  for (index_t left = 0; left < n; left += breadth) {
    const index_t right = std::min(n, left + breadth);
    for (index_t run = 0; run < runs.count; ++run) {
      const index_t from = runs.begin(run), length = runs.begin(run + 1) - from, steps = panel::steps(length);
      const float kept = run == 0 ? beta : 1.0f;
      for (index_t j = left; j < right; j += side)
        packed.single[(j - left) / side] = panel::pack(b, b_op == op::transpose, false, j, std::min(side, right - j), from, length,
                                                        packed.b + (j - left) / side * steps * panel::step);
      for (index_t i = 0; i < m; i += side) {
        const index_t rows = std::min(side, m - i);
        panel::pack(a, a_op == op::none, true, i, rows, from, length, packed.a);
        for (index_t j = left; j < right; j += side) {
          const index_t cols = std::min(side, right - j);
          const std::uint32_t* const panel_b = packed.b + (j - left) / side * steps * panel::step;
          const auto tile = panel::tile(rows, cols, packed.single[(j - left) / side]);
          if (alpha == 1 && kept == 0 && rows % unit_side == 0 && cols % unit_side == 0) {
            tile(packed.a, panel_b, steps, c.row(i) + j, c.stride());
          } else {
            tile(packed.a, panel_b, steps, packed.square.sums, side);
            packed.square.put(alpha, kept, c.row(i) + j, c.stride(), rows, cols);
          }
        }
      }
    }
  }
}

/// The same product in three parts for at most 16 rows X(m,k) and a W(n,k) that is read once, from memory, by all threads: C(m,n) <-
/// alpha X W' + beta C. W stands left, where its rows need not be turned, and goes by 32 rows at a time in all their length.
/// The bits of multiply_on_units.
template <class W = float>
void multiply_few_rows_on_units(thread_team& team, workspace<memory::host>& scratch, float alpha, input_matrix<float> x,
                                input_matrix<W> w, float beta, matrix_view<float> c) {
  using panel = unit_panel<3>;
  constexpr index_t side = panel::side, worth_bytes = index_t{1} << 16;  // some 4 microseconds of reading: worth a second thread
  const index_t m = c.rows(), n = c.cols(), panels = (n + side - 1) / side;
  const unit_runs<3> runs(x.cols());
  const scratch_matrix<std::uint32_t, memory::host> packed(scratch, runs.steps, panel::step);
  panel::pack(x, true, false, 0, m, 0, runs.k, packed.data());
  team.for_range(panels, 1 + worth_bytes / std::max<index_t>(1, index_t{sizeof(W)} * side * runs.k), [&](index_t begin, index_t end, int) {
    alignas(64) std::uint32_t left[std::size_t{unit_runs<3>::depth / unit_depth} * panel::step];
    unit_square square, turned;
    const matrix_units set_up;
    for (index_t p = begin; p < end; ++p)
      for (index_t run = 0; run < runs.count; ++run) {
        const index_t from = runs.begin(run), length = runs.begin(run + 1) - from, rows = std::min(side, n - p * side);
        const float kept = run == 0 ? beta : 1.0f;
        const auto tile = panel::pack(w, true, true, p * side, rows, from, length, left) ? &unit_tile<3, 2, 1, true, true>::run
                                                                                         : &unit_tile<3, 2, 1, true>::run;
        tile(left, packed.data() + from / unit_depth * panel::step, panel::steps(length), square.sums, side);
        for (index_t q = 0; q < m; ++q)
          for (index_t r = 0; r < side; ++r) turned.sums[q * side + r] = square.sums[r * side + q];
        turned.put(alpha, kept, c.row(0) + p * side, c.stride(), m, rows);
      }
  });
}

#endif

}  // namespace prismatic::detail
