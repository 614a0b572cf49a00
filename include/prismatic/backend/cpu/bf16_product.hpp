/// Products of operands rounded to bfloat16, summed in float: half the bytes in the panels, and twice the
/// multiplications a cycle where the processor has them.
#pragma once

#include <prismatic/backend/cpu/product.hpp>
#include <prismatic/core/bfloat16.hpp>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace prismatic::detail {

/// Panels of rounded numbers that are floats again: for processors without products of bfloat16.
struct rounded_panels : plain_panels<float> {
  static constexpr bool in_place = false;

  static void turned(scratch& s, const float* in, index_t stride, index_t count, index_t length, index_t side,
                     float* out) {
    plain_panels::turned(s, in, stride, count, length, side, out);
    round(out, side * length);
  }
  template <class Row, class Side>
  static void straight(scratch& s, Row&& row_at, std::span<const index_t> edges, Side&& side, index_t length, float* out) {
    plain_panels::straight(s, row_at, edges, side, length, out);
    for (std::size_t p = 0; p + 1 < edges.size(); ++p)
      round(out + edges[p] * length, side(edges[p + 1] - edges[p]) * length);
  }

 private:
  static void round(float* x, index_t count) {
    for (index_t i = 0; i < count; ++i) x[i] = from_bfloat16(to_bfloat16(x[i]));
  }
};

#if PRISMATIC_X86
#define PRISMATIC_BF16 gnu::target("avx512f,avx512bw,avx512vl,avx512bf16")

/// Panels of pairs: two numbers that follow one another along k, the first in the lower half, as vdpbf16ps
/// reads them.
struct bf16_pairs {
  using number = std::uint32_t;
  static constexpr index_t together = 2;
  static constexpr bool in_place = false;
  struct scratch {
    alignas(64)
        number rows[std::size_t{32} * 256];  // of the most columns a panel has; or of a block
  };

  static void turned(scratch& s, const float* in, index_t stride, index_t count, index_t length, index_t side,
                     number* out) {
    const index_t steps = (length + 1) / 2;
    for (index_t i = 0; i < count; ++i) round(in + i * stride, length, s.rows + i * steps);
    pack_turned<number>(s.rows, steps, count, steps, side, out);
  }
  template <class Row, class Side>
  static void straight(scratch& s, Row&& row_at, std::span<const index_t> edges, Side&& side, index_t length, number* out) {
    static_assert(std::extent_v<decltype(s.rows)> >= rows_at_once * widest_block);
    const auto pairs = [&](index_t l) {
      const float* const row = row_at(2 * l);
      number* const both = s.rows + l % rows_at_once * widest_block;
      interleave(row, 2 * l + 1 < length ? row_at(2 * l + 1) : nullptr, edges.back(), both);
      return static_cast<const number*>(both);
    };
    pack_straight<number>(pairs, edges, side, (length + 1) / 2, out);
  }

  /// Pairs of two rows' numbers; zeros stand for a second row that is not there.
  [[PRISMATIC_BF16]] static void interleave(const float* upper, const float* lower, index_t count,
                                            number* out) {
    alignas(64) static constexpr std::uint16_t places[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                             21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                             11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i order = _mm512_load_si512(places);
    for (index_t j = 0; j < count; j += 16) {
      const __mmask16 these = first(count - j);
      const __m512 even = _mm512_maskz_loadu_ps(these, upper + j);
      const __m512 odd = lower == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(these, lower + j);
      const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));
      _mm512_mask_storeu_epi32(out + j, these, _mm512_permutexvar_epi16(order, both));
    }
  }

 private:
  // Neighbours of one row; a last one alone is beside a zero.
  [[PRISMATIC_BF16]] static void round(const float* in, index_t length, number* out) {
    index_t l = 0;
    for (; l + 32 <= length; l += 32)
      _mm512_storeu_si512(out + l / 2, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(
                                           _mm512_loadu_ps(in + l + 16), _mm512_loadu_ps(in + l))));
    for (; l < length; l += 16) {
      const index_t left = length - l;
      const __m512 some = _mm512_maskz_loadu_ps(first(left), in + l);
      _mm256_mask_storeu_epi32(out + l / 2, static_cast<__mmask8>(first((left + 1) / 2)),
                               reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(some)));
    }
  }

  static __mmask16 first(index_t count) {
    return static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1 << count) - 1);
  }
};

/// A tile of bf16_pairs, `Vectors` (1 or 2) vectors wide. A step adds two exact products to a sum, the second of the
/// pair first; both sums are rounded to nearest even, and subnormal numbers count as 0.
template <index_t Height, index_t Vectors>
struct bf16_tile {
  [[PRISMATIC_BF16]] static void run(const tile_product<float, std::uint32_t>& p) {
    using lanes = lanes_of<float, 64>;
    constexpr index_t second = (Vectors - 1) * lanes::size;
    __m512 left[static_cast<std::size_t>(Height)] = {}, right[static_cast<std::size_t>(Height)] = {};
    const float* row = p.c;  // fetched to be written, one a step
    const std::uint32_t *a = p.a, *b = p.b;
    for (index_t l = 0; l < p.k; ++l, a += p.a_step, b += p.b_step) {
      const auto b0 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b));
      const auto b1 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + second));
      __builtin_prefetch(row, 1);
      __builtin_prefetch(row + second, 1);
      row += l < Height - 1 ? p.stride : 0;
#pragma GCC unroll 14
      for (index_t r = 0; r < Height; ++r) {
        const auto pair = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[r])));
        left[r] = _mm512_dpbf16_ps(left[r], pair, b0);
        if constexpr (Vectors == 2) right[r] = _mm512_dpbf16_ps(right[r], pair, b1);
      }
    }
#pragma GCC unroll 14
    for (index_t r = 0; r < Height; ++r) {
      lanes::put(left[r], p.alpha, p.beta, p.c + r * p.stride);
      if constexpr (Vectors == 2) lanes::put(right[r], p.alpha, p.beta, p.c + r * p.stride + second);
    }
  }
};

using bf16_tiles = tile_table<float, std::uint32_t>;

template <index_t Height>
std::array<bf16_tiles::function, 2> bf16_tiles_of() {
  return {&bf16_tile<Height, 1>::run, &bf16_tile<Height, 2>::run};
}

template <index_t... I>
bf16_tiles all_bf16_tiles(std::integer_sequence<index_t, I...>) {
  return {2 * static_cast<index_t>(sizeof...(I)), 16, {{bf16_tiles_of<2 * I + 2>()...}}};
}
#undef PRISMATIC_BF16
#endif

/// Whether this processor multiplies bfloat16. Without, the same rounded operands are multiplied as floats:
/// sums then differ by their order only.
inline bool multiplies_bf16() {
#if PRISMATIC_X86
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

/// C(m,n) <- alpha op(A) op(B) + beta C with every number of A and B rounded to bfloat16, to nearest even.
/// Everything else is as in `multiply_by_vectors`: sums in float, in an order that depends on k alone.
template <class W = float>
void multiply_bf16_by_vectors(op a_op, op b_op, float alpha, input_matrix<float> a, input_matrix<W> b, float beta,
                              matrix_view<float> c, bool native = multiplies_bf16()) {
#if PRISMATIC_X86
  if (native) {
    static const bf16_tiles tiles = all_bf16_tiles(std::make_integer_sequence<index_t, 7>());
    return multiply_through<bf16_pairs, float, W>(a_op, b_op, alpha, a, b, beta, c, tiles);
  }
#endif
  multiply_through<rounded_panels, float, W>(a_op, b_op, alpha, a, b, beta, c, register_tiles<float>::of_this_machine());
}

}  // namespace prismatic::detail
