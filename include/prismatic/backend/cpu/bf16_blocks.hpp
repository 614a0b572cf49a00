/// Numbers cut into bfloat16 parts and laid out as the matrix units read them.
#pragma once

#include <prismatic/backend/cpu/matrix_units.hpp>
#include <prismatic/core/bfloat16.hpp>

#include <array>
#include <cstdint>

namespace prismatic::detail {

#if PRISMATIC_X86 && defined(__linux__)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 takes its own intrinsics at their word (bug 105593)
#endif

/// One part is a number rounded to nearest even. Three add up to it exactly, 24 bits being three times 8: the first is
/// rounded, the second is cut off, the third is what they leave. Numbers beyond 2^128 - 2^119 count as infinite, parts
/// below 2^-126 as 0; of what is not finite the later parts are not numbers.
template <int Parts>
struct bf16_blocks {
  /// Row i of the block of part p, at out + p unit_block, <- numbers [0, length) of row i of `in`; zeros beyond `count`
  /// rows and `length` numbers. Some 7 cycles a row.
  [[PRISMATIC_AMX]] static void of_rows(const float* in, index_t stride, index_t count, index_t length, std::uint32_t* out) {
    alignas(64) static constexpr std::uint16_t places[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                                             33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    const __m512i order = _mm512_load_si512(places);
    const __mmask16 lower = lanes_below(length), upper = lanes_below(length - unit_side);
    for (index_t i = 0; i < count; ++i, in += stride, out += unit_side) {
      fetch(in + 2 * unit_side * stride), fetch(in + 2 * unit_side * stride + unit_side);
      const __m512 a = _mm512_maskz_loadu_ps(lower, in), b = _mm512_maskz_loadu_ps(upper, in + unit_side);
      if constexpr (Parts == 1)
        _mm512_storeu_si512(out, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a)));
      else
        put_parts(a, b, order, out);
    }
    clear(count, out);
  }

  /// The same of numbers that are bfloat16 already.
  [[PRISMATIC_AMX]] static void of_rows(const bf16* in, index_t stride, index_t count, index_t length, std::uint32_t* out)
    requires(Parts == 1)
  {
    const __mmask32 these = length >= unit_depth ? ~__mmask32{0} : (__mmask32{1} << length) - 1;
    for (index_t i = 0; i < count; ++i, in += stride, out += unit_side) {
      fetch(in + 2 * unit_side * stride);
      _mm512_storeu_si512(out, _mm512_maskz_loadu_epi16(these, in));
    }
    clear(count, out);
  }

  /// Row l <- the numbers 2 l and 2 l + 1 of columns [0, count), number j of `in` being its row j; zeros beyond `length`
  /// numbers and `count` columns.
  [[PRISMATIC_AMX]] static void of_columns(const float* in, index_t stride, index_t length, index_t count, std::uint32_t* out) {
    constexpr std::uint16_t odd = Parts == 1 ? 0 : 1, step = Parts == 1 ? 1 : 2, other = Parts == 1 ? 16 : 32;
    alignas(64) static constexpr auto places = [] {
      std::array<std::uint16_t, 32> pairs{};
      for (std::uint16_t j = 0; j < 32; ++j) pairs[j] = static_cast<std::uint16_t>(odd + j / 2 * step + j % 2 * other);
      return pairs;
    }();
    const __m512i order = _mm512_load_si512(places.data());
    const __mmask16 these = lanes_below(count);
    for (index_t l = 0; l < length; l += 2, in += 2 * stride, out += unit_side) {
      fetch(in + 2 * unit_side), fetch(in + 2 * unit_side + stride);
      const __m512 a = _mm512_maskz_loadu_ps(these, in),
                   b = l + 1 < length ? _mm512_maskz_loadu_ps(these, in + stride) : _mm512_setzero_ps();
      if constexpr (Parts == 1)
        _mm512_storeu_si512(out, _mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a))));
      else
        put_parts(a, b, order, out);
    }
    clear((length + 1) / 2, out);
  }

  /// The same of numbers that are bfloat16 already.
  [[PRISMATIC_AMX]] static void of_columns(const bf16* in, index_t stride, index_t length, index_t count, std::uint32_t* out)
    requires(Parts == 1)
  {
    alignas(64) static constexpr std::uint16_t places[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                             8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i order = _mm512_load_si512(places);
    const __mmask16 these = lanes_below(count);
    for (index_t l = 0; l < length; l += 2, in += 2 * stride, out += unit_side) {
      fetch(in + 2 * unit_side), fetch(in + 2 * unit_side + stride);
      const __m256i a = _mm256_maskz_loadu_epi16(these, in),
                    b = l + 1 < length ? _mm256_maskz_loadu_epi16(these, in + stride) : _mm256_setzero_si256();
      _mm512_storeu_si512(out, _mm512_permutexvar_epi16(order, _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1)));
    }
    clear((length + 1) / 2, out);
  }

  /// out <- the block of every part of `in`, which may be the same, with rows for columns. Lanes of 16 bytes are gathered by loads,
  /// so that of the four steps of a transposition two are left for the one pipe that permutes: some 40 cycles a block.
  [[PRISMATIC_AMX]] static void turn(const std::uint32_t* in, std::uint32_t* out) {
    for (int p = 0; p < Parts; ++p, in += unit_block, out += unit_block) {
      __m512i turned[16];
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) {  // columns 4 q to 4 q + 3
        __m512i rows[4];               // of lanes i, 4 + i, 8 + i, 12 + i
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          const std::uint32_t* const lane = in + i * unit_side + 4 * q;
          rows[i] = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lane)));
          rows[i] = _mm512_mask_broadcast_i32x4(rows[i], 0x00F0, _mm_loadu_si128(reinterpret_cast<const __m128i*>(lane + 4 * unit_side)));
          rows[i] = _mm512_mask_broadcast_i32x4(rows[i], 0x0F00, _mm_loadu_si128(reinterpret_cast<const __m128i*>(lane + 8 * unit_side)));
          rows[i] = _mm512_mask_broadcast_i32x4(rows[i], 0xF000, _mm_loadu_si128(reinterpret_cast<const __m128i*>(lane + 12 * unit_side)));
        }
        const __m512i a = _mm512_unpacklo_epi32(rows[0], rows[1]), b = _mm512_unpacklo_epi32(rows[2], rows[3]);
        const __m512i c = _mm512_unpackhi_epi32(rows[0], rows[1]), d = _mm512_unpackhi_epi32(rows[2], rows[3]);
        turned[4 * q] = _mm512_unpacklo_epi64(a, b);
        turned[4 * q + 1] = _mm512_unpackhi_epi64(a, b);
        turned[4 * q + 2] = _mm512_unpacklo_epi64(c, d);
        turned[4 * q + 3] = _mm512_unpackhi_epi64(c, d);
      }
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) _mm512_storeu_si512(out + i * unit_side, turned[i]);
    }
  }

 private:
  // What the next panel begins with; beyond the end it does no harm.
  [[gnu::always_inline]] static inline void fetch(const void* in) { __builtin_prefetch(in); }
  // The upper halves of a and b, in an order, of the first part, the second and the third.
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void put_parts(__m512 a, __m512 b, __m512i order, std::uint32_t* out) {
    const __m512i half = _mm512_set1_epi32(0x8000), high = _mm512_set1_epi32(static_cast<int>(0xFFFF0000u));
    __m512i ai = _mm512_castps_si512(a), bi = _mm512_castps_si512(b);
    ai = _mm512_and_si512(_mm512_add_epi32(ai, half), high);
    bi = _mm512_and_si512(_mm512_add_epi32(bi, half), high);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi16(ai, order, bi));
    a = _mm512_sub_ps(a, _mm512_castsi512_ps(ai));
    b = _mm512_sub_ps(b, _mm512_castsi512_ps(bi));
    ai = _mm512_castps_si512(a), bi = _mm512_castps_si512(b);
    _mm512_storeu_si512(out + unit_block, _mm512_permutex2var_epi16(ai, order, bi));
    a = _mm512_sub_ps(a, _mm512_castsi512_ps(_mm512_and_si512(ai, high)));
    b = _mm512_sub_ps(b, _mm512_castsi512_ps(_mm512_and_si512(bi, high)));
    _mm512_storeu_si512(out + 2 * unit_block, _mm512_permutex2var_epi16(_mm512_castps_si512(a), order, _mm512_castps_si512(b)));
  }
  [[PRISMATIC_AMX]] static void clear(index_t from, std::uint32_t* out) {
    for (index_t i = from; i < unit_side; ++i, out += unit_side)
      for (int p = 0; p < Parts; ++p) _mm512_storeu_si512(out + p * unit_block, _mm512_setzero_si512());
  }
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif

}  // namespace prismatic::detail
