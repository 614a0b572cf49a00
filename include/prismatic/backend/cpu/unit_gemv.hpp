/// Products of a few rows with weights that are read once, on the processor's matrix units.
#pragma once

#include <prismatic/backend/cpu/matrix_units.hpp>
#include <prismatic/backend/cpu/unit_product.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace prismatic::detail {

#if PRISMATIC_X86 && defined(__linux__)

/// sums(32, 32) <- 32 rows of a W of bfloat16, read where they lie, times 16 Cols rows of an X in three parts, in the order of
/// unit_tile. As a left operand 32 numbers of 16 rows are what a tile loads.
template <int Cols>
struct weight_tile {
  [[PRISMATIC_AMX]] static void run(const bf16* w, index_t stride, const std::uint32_t* x, index_t steps, float* sums) {
    asm volatile("" ::: "memory");  // as in unit_tile
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (index_t s = 0; s < steps; ++s) {
      load(w + s * unit_depth, stride);
      multiply<2>(x + s * unit_panel<3>::step);
      multiply<1>(x + s * unit_panel<3>::step);
    }
    for (index_t s = 0; s < steps; ++s) {
      load(w + s * unit_depth, stride);
      multiply<0>(x + s * unit_panel<3>::step);
    }
    constexpr index_t side = unit_square::side, row = side * index_t{sizeof(float)};
    _tile_stored(0, sums, row);
    _tile_stored(2, sums + unit_side * side, row);
    if constexpr (Cols == 2) _tile_stored(1, sums + unit_side, row);
    if constexpr (Cols == 2) _tile_stored(3, sums + unit_side * side + unit_side, row);
    asm volatile("" ::: "memory");
  }

 private:
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void load(const bf16* w, index_t stride) {
    _tile_loadd(4, w, stride * index_t{sizeof(bf16)});
    _tile_loadd(5, w + unit_side * stride, stride * index_t{sizeof(bf16)});
  }
  template <int Part>
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void multiply(const std::uint32_t* x) {
    _tile_loadd(6, x + Part * unit_block, 64);
    if constexpr (Cols == 2) _tile_loadd(7, x + (3 + Part) * unit_block, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(2, 5, 6);
    if constexpr (Cols == 2) _tile_dpbf16ps(1, 4, 7);
    if constexpr (Cols == 2) _tile_dpbf16ps(3, 5, 7);
  }
};

/// Rows of X for which reading W where it lies beats making panels of it.
template <class W>
inline constexpr index_t few_rows_on_units = std::same_as<W, bf16> ? 32 : 8;

/// C(m,n) <- alpha X(m,k) W(n,k)' + beta C in three parts, for at most few_rows_on_units<W> rows of X: W is read once, from
/// memory, by all threads. It stands left, where its rows need not be turned, and goes by 32 rows at a time in all their length.
/// The bits of multiply_on_units.
template <class W>
void multiply_few_rows_on_units(thread_team& team, workspace<memory::host>& scratch, float alpha, input_matrix<float> x,
                                input_matrix<W> w, float beta, matrix_view<float> c) {
  using panel = unit_panel<3>;
  constexpr bool where_it_lies = std::same_as<W, bf16>;
  constexpr index_t side = panel::side, depth = unit_runs<3>::depth;
  constexpr index_t worth_bytes = index_t{1} << 16;  // some 4 microseconds of reading: worth a second thread
  const index_t m = c.rows(), n = c.cols(), panels = (n + side - 1) / side;
  const unit_runs<3> runs(x.cols());
  const scratch_matrix<std::uint32_t, memory::host> packed(scratch, runs.steps, panel::step);
  panel::pack(x, true, false, 0, m, 0, runs.k, packed.data());
  team.for_range(panels, 1 + worth_bytes / std::max<index_t>(1, index_t{sizeof(W)} * side * runs.k), [&](index_t begin, index_t end, int) {
    alignas(64) std::conditional_t<where_it_lies, bf16[std::size_t{side} * depth], std::uint32_t[std::size_t{depth / unit_depth} * panel::step]> left;
    unit_square square{}, sums{};  // of one run; of all of them, a row of W a row
    const matrix_units set_up;
    for (index_t p = begin; p < end; ++p) {
      const index_t first = p * side, rows = std::min(side, n - first);
      if (beta != 0)
        for (index_t r = 0; r < rows; ++r)
          for (index_t q = 0; q < m; ++q) sums.sums[r * side + q] = c(q, first + r);
      for (index_t run = 0; run < runs.count; ++run) {
        const index_t from = runs.begin(run), length = runs.begin(run + 1) - from, steps = panel::steps(length);
        const std::uint32_t* const right = packed.data() + from / unit_depth * panel::step;
        if constexpr (where_it_lies) {
          const bf16* at = w.row(first) + from;
          index_t stride = w.stride();
          if (rows == side && length % unit_depth == 0) {
            const bool last_run = run + 1 == runs.count;  // what comes next is fetched meanwhile
            const bf16* next = last_run ? w.row(std::min(first + side, n - side)) : at + length;
            for (index_t r = 0; r < side; ++r, next += stride)
              for (index_t l = 0; l < depth; l += unit_depth) __builtin_prefetch(next + l, 0, 3);
          } else {
            std::fill_n(left, side * depth, bf16{});
            for (index_t r = 0; r < rows; ++r) std::copy_n(at + r * stride, length, left + r * depth);
            at = left;
            stride = depth;
          }
          (m > unit_side ? &weight_tile<2>::run : &weight_tile<1>::run)(at, stride, right, steps, square.sums);
        } else {
          panel::pack(w, true, true, first, rows, from, length, left);
          unit_tile<3, 2, 1, true>::run(left, right, steps, square.sums, side);
        }
        square.put(alpha, run == 0 ? beta : 1.0f, sums.sums, side, side, m > unit_side ? side : unit_side);
      }
      for (index_t q = 0; q < m; ++q)
        for (index_t r = 0; r < rows; ++r) c(q, first + r) = sums.sums[r * side + q];
    }
  });
}

#endif

}  // namespace prismatic::detail
