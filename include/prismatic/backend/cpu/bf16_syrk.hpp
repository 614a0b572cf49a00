/// The product of a matrix, rounded to bfloat16, with its own transpose: twice the multiplications a cycle.
#pragma once

#include <prismatic/backend/cpu/bf16_product.hpp>
#include <prismatic/backend/cpu/syrk.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace prismatic::detail {

#if PRISMATIC_X86

/// Tiles for symmetric_product of pairs along k, as vdpbf16ps reads them: see bf16_pairs. Sums are floats.
struct bf16_pair_tiles {
  using number = std::uint32_t;
  static constexpr index_t together = 2;

  template <class S>
  [[gnu::target("avx512f,avx512bw,avx512vl,avx512bf16")]] static void run(const number* left, const number* right, index_t steps,
                                                                          S alpha, S beta, S* c, index_t stride, index_t rows,
                                                                          index_t cols) {
    constexpr index_t side = product_tile::side, high = 8;
    alignas(64) float tile[std::size_t{side} * side];
    for (index_t i = 0; i < side; i += high) {
      __m512 first[high], second[high];
#pragma GCC unroll 8
      for (index_t r = 0; r < high; ++r) first[r] = second[r] = _mm512_setzero_ps();
      const number *a = left + i, *b = right;
      for (index_t l = 0; l < steps; ++l, a += side, b += side) {
        const auto b0 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b));
        const auto b1 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 16));
#pragma GCC unroll 8
        for (index_t r = 0; r < high; ++r) {
          const auto pair = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[r])));
          first[r] = _mm512_dpbf16_ps(first[r], pair, b0);
          second[r] = _mm512_dpbf16_ps(second[r], pair, b1);
        }
      }
#pragma GCC unroll 8
      for (index_t r = 0; r < high; ++r) {
        _mm512_store_ps(tile + (i + r) * side, first[r]);
        _mm512_store_ps(tile + (i + r) * side + 16, second[r]);
      }
    }
    product_tile::put(static_cast<const float*>(tile), alpha, beta, c, stride, rows, cols);
  }
};

/// Rows [from, from + length), scaled and then rounded, as panels of pairs of their columns; a last row alone is beside zeros.
inline void pack_column_pairs(thread_team& team, const chosen_rows<float>& x, index_t from, index_t length,
                              matrix_view<std::uint32_t> panels) {
  constexpr index_t side = product_tile::side;
  const index_t cols = x.all.cols();
  team.for_range((length + 1) / 2, 8, [&](index_t begin, index_t end, int) {
    std::vector<float> scaled(static_cast<std::size_t>(2 * cols));
    std::vector<std::uint32_t> pairs(static_cast<std::size_t>(panels.rows() * side));
    for (index_t l = begin; l < end; ++l) {
      const bool alone = 2 * l + 1 == length;
      for (index_t i = 0; i < (alone ? 1 : 2); ++i) {
        const float* __restrict in = x.row(from + 2 * l + i);
        float* __restrict out = scaled.data() + i * cols;
        const float factor = x.factor(from + 2 * l + i);
        for (index_t j = 0; j < cols; ++j) out[j] = factor * in[j];
      }
      bf16_pairs::interleave(scaled.data(), alone ? nullptr : scaled.data() + cols, cols, pairs.data());
      for (index_t p = 0; p < panels.rows(); ++p) std::copy_n(pairs.data() + p * side, side, panels.row(p) + l * side);
    }
  });
}

#endif

}  // namespace prismatic::detail
