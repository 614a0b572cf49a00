/// The sign projection at half the price: signed sums of four entries are rounded to 16 bits, and a permutation of
/// bytes looks up 32 of them at once.
///
/// A block of 128 columns of one row and one sample is scaled so that the most that its entries can sum to is the most
/// that 16 bits hold; then its 32 tables of 16 sums are rounded, and looked up and added as integers, exactly. A register
/// of words serves 16 outputs: the lower half of a word chooses from one table, the upper half from another, and their
/// sums stay apart, 16 bits each, until the block ends.
///
/// Error: half a unit a table, at random, where a unit is the larger sum of |g| over the columns of either half, over
/// 32,750. That sum is at most 8 |g|, so an output errs by no more than 2.5e-4 sqrt(32 / 12) = 4.0e-4 times the block's length,
/// root mean square, and by 3.9e-3 at the most; bfloat16 entries would err by 2^-9 = 2.0e-3 of theirs.
#pragma once

#include <prismatic/backend/cpu/signs_x86.hpp>

#include <algorithm>
#include <cstdint>

namespace prismatic::detail {

#if PRISMATIC_X86

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // as in signs_x86.hpp
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#define PRISMATIC_VBMI gnu::target("avx512f,avx512bw,avx512vbmi")

struct fixed_signs_avx512 : signs_avx512 {
  /// The tables of `width` <= 128 entries for N samples: sample s's for step q, the sums of entries 32 w + 4 t ... and of
  /// 32 w + 16 + 4 t ... (q = 4 w + t), are the 64 bytes at 64 (q N + s): 32 lower bytes, then 32 upper ones. Behind all of
  /// them, what a unit of each sample is worth. Returns how many words of 32 columns there are.
  template <unsigned N>
  [[PRISMATIC_VBMI]] static index_t tables(matrix_view<const float> g, index_t sample, index_t offset, index_t width,
                                           float* out) {
    constexpr float limit = 32750;  // 16 roundings and those of the sums below stay under 2^15
    // Of packs_epi32(x, y): the lower bytes of x, of y, the upper bytes of x, of y.
    alignas(64) static constexpr std::uint8_t places[64] = {
        0, 2, 4,  6,  16, 18, 20, 22, 32, 34, 36, 38, 48, 50, 52, 54, 8, 10, 12, 14, 24, 26, 28, 30, 40, 42, 44, 46, 56, 58, 60, 62,
        1, 3, 5,  7,  17, 19, 21, 23, 33, 35, 37, 39, 49, 51, 53, 55, 9, 11, 13, 15, 25, 27, 29, 31, 41, 43, 45, 47, 57, 59, 61, 63};
    const __m512i planes = _mm512_load_si512(places);
    const index_t count = (width + 31) / 32;
    for (index_t s = 0; s < N; ++s) {
      const float* const entries = g.row(sample + s) + offset;
      __m512 lower_length = _mm512_setzero_ps(), upper_length = _mm512_setzero_ps();
      for (index_t left = width, w = 0; w < count; ++w, left -= 32) {
        lower_length = _mm512_add_ps(lower_length, _mm512_abs_ps(load(entries + 32 * w, left)));
        upper_length = _mm512_add_ps(upper_length, _mm512_abs_ps(load(entries + 32 * w + 16, left - 16)));
      }
      const float low = _mm512_reduce_add_ps(lower_length), high = _mm512_reduce_add_ps(upper_length);
      const float most = std::max(low, high) + 0 * (low + high);  // not finite if one entry is not
      const __m512 scale = _mm512_set1_ps(limit / most);  // below 1e-34 infinite: then no sum is right, and all are worth nothing
      out[worth + s] = most / limit;
      for (index_t w = 0; w < count; ++w) {
        const index_t column = 32 * w;
        const signed_sums lower(_mm512_mul_ps(load(entries + column, width - column), scale));
        const signed_sums upper(_mm512_mul_ps(load(entries + column + 16, width - column - 16), scale));
        float* const at = out + (4 * w * index_t{N} + s) * lanes;
#pragma GCC unroll 4
        for (int t = 0; t < 4; ++t)
          _mm512_storeu_si512(at + t * index_t{N} * lanes,
                              _mm512_permutexvar_epi8(planes, _mm512_packs_epi32(_mm512_cvtps_epi32(lower.of_four(t)),
                                                                                 _mm512_cvtps_epi32(upper.of_four(t)))));
      }
    }
    return count;
  }

  /// As signs_avx512::look_up, from tables of `count` words.
  template <unsigned N, unsigned V>
  [[PRISMATIC_VBMI]] static void look_up(const float* tables, index_t count, const std::uint32_t* words, matrix_view<float> z,
                                         index_t sample) {
    const __m512i four_bits = _mm512_set1_epi8(15);
    const __m512i quarter = _mm512_set1_epi32(0x30102000);  // of a table: lower and upper bytes of one half, of the other
    const __m512i both[2] = {_mm512_set4_epi32(0x0E0E0C0C, 0x0A0A0808, 0x06060404, 0x02020000),
                             _mm512_set4_epi32(0x0F0F0D0D, 0x0B0B0909, 0x07070505, 0x03030101)};
    for (index_t j = 0; j < z.cols(); j += V * lanes) {
      __m512i sum[N][V];
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s)
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v) sum[s][v] = _mm512_setzero_si512();
      const float* table = tables;
      for (index_t w = 0; w < count; ++w)
#pragma GCC unroll 2
        for (int byte = 0; byte < 2; ++byte) {
          __m512i bits[V];
#pragma GCC unroll 4
          for (unsigned v = 0; v < V; ++v)
            bits[v] = _mm512_shuffle_epi8(_mm512_loadu_si512(words + 4 * j + (4 * v + w) * lanes), both[byte]);
#pragma GCC unroll 2
          for (int upper = 0; upper < 2; ++upper) {
            __m512i index[V];
#pragma GCC unroll 4
            for (unsigned v = 0; v < V; ++v) {
              index[v] = _mm512_ternarylogic_epi32(upper == 0 ? bits[v] : _mm512_srli_epi16(bits[v], 4), four_bits, quarter,
                                                   masked_or);
              pin(index[v]);
            }
#pragma GCC unroll 8
            for (unsigned s = 0; s < N; ++s, table += lanes) {
              __m512i entries = _mm512_loadu_si512(table);
              pin(entries);
#pragma GCC unroll 4
              for (unsigned v = 0; v < V; ++v) {
                sum[s][v] = _mm512_add_epi16(sum[s][v], _mm512_permutexvar_epi8(index[v], entries));
                pin(sum[s][v]);  // or all are looked up first, and kept in memory
              }
            }
          }
        }
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s) {
        const __m512 unit = _mm512_set1_ps(tables[worth + s]);
        float* const out = z.row(sample + s) + j;
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v) {
          const __m512 found = _mm512_cvtepi32_ps(_mm512_madd_epi16(sum[s][v], _mm512_set1_epi16(1)));
          _mm512_storeu_ps(out + v * lanes, _mm512_fmadd_ps(found, unit, _mm512_loadu_ps(out + v * lanes)));
        }
      }
    }
  }

 private:
  static constexpr index_t worth = index_t{8} * 16 * lanes;  // samples x steps x floats of a table
  static_assert(worth + 8 <= sign_table_floats);
  static constexpr int masked_or = 0xEA;
};

#undef PRISMATIC_VBMI

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif

/// As accumulate_signs_x86, from tables of 16 bits.
inline bool accumulate_fixed_signs([[maybe_unused]] const sign_block& block, [[maybe_unused]] matrix_view<const float> g,
                                   [[maybe_unused]] index_t first, [[maybe_unused]] matrix_view<float> z,
                                   [[maybe_unused]] std::uint32_t* words, [[maybe_unused]] float* tables) {
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw")) {
    accumulate_signs<fixed_signs_avx512>(block, g, first, z, words, tables);
    return true;
  }
#endif
  return false;
}

}  // namespace prismatic::detail
