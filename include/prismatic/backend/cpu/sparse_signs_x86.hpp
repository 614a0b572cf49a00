/// The sparse sign projection's kernels for AVX2 and AVX-512, chosen at run time by what the processor has.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/philox.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

namespace prismatic::detail {

inline constexpr index_t sparse_unit = 128;  // columns that share the calls of the generator
inline constexpr index_t sparse_lanes = 8;   // samples side by side in one register

#if PRISMATIC_X86

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// g++ 12 takes its own intrinsics at their word (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

/// The codes of one unit and one t (see sparse_signs.hpp), 16 counters at once. A counter's words lie in the
/// low halves of 64-bit lanes, where the products come out; what is above them is never read.
struct sparse_codes_avx512 {
  [[gnu::target("avx512f,avx512bw")]] static void run(philox_key key, index_t row, index_t unit, index_t t,
                                                      index_t first, index_t size, std::uint32_t* codes) {
    const __m512i m0 = _mm512_set1_epi64(philox::multiplier_0), m1 = _mm512_set1_epi64(philox::multiplier_1);
    const __m512i weyl0 = _mm512_set1_epi64(philox::weyl_0), weyl1 = _mm512_set1_epi64(philox::weyl_1);
    const __m512i even =
        _mm512_add_epi64(_mm512_set1_epi64(16 * unit), _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14));
    __m512i k0 = _mm512_set1_epi64(key[0]), k1 = _mm512_set1_epi64(key[1]);
    __m512i c0[2] = {even, _mm512_add_epi64(even, _mm512_set1_epi64(1))};
    __m512i c1[2] = {_mm512_set1_epi64(row), _mm512_set1_epi64(row)};
    __m512i c2[2] = {_mm512_set1_epi64(t), _mm512_set1_epi64(t)};
    __m512i c3[2] = {_mm512_set1_epi64(1), _mm512_set1_epi64(1)};
#pragma GCC unroll 10
    for (int round = 0; round < philox::rounds; ++round) {
#pragma GCC unroll 2
      for (int h = 0; h < 2; ++h) {
        const __m512i p0 = _mm512_mul_epu32(c0[h], m0), p1 = _mm512_mul_epu32(c2[h], m1);
        c0[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1[h], k0, 0x96);  // a ^ b ^ c
        c2[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3[h], k1, 0x96);
        c1[h] = p1;
        c3[h] = p0;
      }
      k0 = _mm512_add_epi64(k0, weyl0);
      k1 = _mm512_add_epi64(k1, weyl1);
    }
    const __m512i base = _mm512_set1_epi32(static_cast<int>(first)), low = _mm512_set1_epi32(0xFFFF);
    const __m512i sizes = _mm512_set1_epi16(static_cast<short>(size)), top = _mm512_set1_epi32(INT32_MIN);
    const __m512i* const words[4] = {c0, c1, c2, c3};
#pragma GCC unroll 4
    for (int w = 0; w < 4; ++w) {
      const __m512i word = _mm512_mask_mov_epi32(words[w][0], 0xAAAA, _mm512_slli_epi64(words[w][1], 32));
      const __m512i places = _mm512_mulhi_epu16(_mm512_add_epi16(word, word), sizes);
      const __m512i one = _mm512_add_epi32(base, _mm512_and_si512(places, low));
      const __m512i two = _mm512_add_epi32(base, _mm512_srli_epi32(places, 16));
      _mm512_storeu_si512(codes + 32 * w,
                          _mm512_ternarylogic_epi32(one, _mm512_slli_epi32(word, 16), top, 0xF8));
      _mm512_storeu_si512(codes + 32 * w + 16, _mm512_ternarylogic_epi32(two, word, top, 0xF8));  // a | (b & c)
    }
  }
};

/// The same, 8 counters at once, twice.
struct sparse_codes_avx2 {
  [[gnu::target("avx2")]] static void run(philox_key key, index_t row, index_t unit, index_t t, index_t first,
                                          index_t size, std::uint32_t* codes) {
    const __m256i m0 = _mm256_set1_epi64x(philox::multiplier_0), m1 = _mm256_set1_epi64x(philox::multiplier_1);
    const __m256i weyl0 = _mm256_set1_epi64x(philox::weyl_0), weyl1 = _mm256_set1_epi64x(philox::weyl_1);
    const __m256i base = _mm256_set1_epi32(static_cast<int>(first)), low = _mm256_set1_epi32(0xFFFF);
    const __m256i sizes = _mm256_set1_epi16(static_cast<short>(size)), top = _mm256_set1_epi32(INT32_MIN);
    for (int half = 0; half < 2; ++half, codes += 8) {
      const __m256i even =
          _mm256_add_epi64(_mm256_set1_epi64x(16 * unit + 8 * half), _mm256_setr_epi64x(0, 2, 4, 6));
      __m256i k0 = _mm256_set1_epi64x(key[0]), k1 = _mm256_set1_epi64x(key[1]);
      __m256i c0[2] = {even, _mm256_add_epi64(even, _mm256_set1_epi64x(1))};
      __m256i c1[2] = {_mm256_set1_epi64x(row), _mm256_set1_epi64x(row)};
      __m256i c2[2] = {_mm256_set1_epi64x(t), _mm256_set1_epi64x(t)};
      __m256i c3[2] = {_mm256_set1_epi64x(1), _mm256_set1_epi64x(1)};
#pragma GCC unroll 10
      for (int round = 0; round < philox::rounds; ++round) {
#pragma GCC unroll 2
        for (int h = 0; h < 2; ++h) {
          const __m256i p0 = _mm256_mul_epu32(c0[h], m0), p1 = _mm256_mul_epu32(c2[h], m1);
          c0[h] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1[h]), k0);
          c2[h] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3[h]), k1);
          c1[h] = p1;
          c3[h] = p0;
        }
        k0 = _mm256_add_epi64(k0, weyl0);
        k1 = _mm256_add_epi64(k1, weyl1);
      }
      const __m256i* const words[4] = {c0, c1, c2, c3};
#pragma GCC unroll 4
      for (int w = 0; w < 4; ++w) {
        const __m256i word = _mm256_blend_epi32(words[w][0], _mm256_slli_epi64(words[w][1], 32), 0xAA);
        const __m256i places = _mm256_mulhi_epu16(_mm256_add_epi16(word, word), sizes);
        const __m256i one = _mm256_add_epi32(base, _mm256_and_si256(places, low));
        const __m256i two = _mm256_add_epi32(base, _mm256_srli_epi32(places, 16));
        const __m256i signs = _mm256_and_si256(_mm256_slli_epi32(word, 16), top);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + 32 * w), _mm256_or_si256(one, signs));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + 32 * w + 16),
                            _mm256_or_si256(two, _mm256_and_si256(word, top)));
      }
    }
  }
};

/// Eight samples side by side: sums[8 j + lane] belongs to output j.
struct sparse_scatter_avx2 {
  using eight_rows = std::array<const float*, sparse_lanes>;

  /// columns[i] <- column i of the eight rows from `at` on.
  [[gnu::target("avx2"), gnu::always_inline]] static inline void transpose(const eight_rows& rows, index_t at,
                                                                           __m256* columns) {
    __m256 r[8];
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; ++i) {
      const float *a = rows[i] + at, *b = rows[i + 4] + at;
      r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(a)), _mm_loadu_ps(b), 1);
      r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(a + 4)), _mm_loadu_ps(b + 4), 1);
    }
#pragma GCC unroll 2
    for (unsigned h = 0; h < 8; h += 4) {
      const __m256 a = _mm256_unpacklo_ps(r[h], r[h + 1]), b = _mm256_unpackhi_ps(r[h], r[h + 1]);
      const __m256 c = _mm256_unpacklo_ps(r[h + 2], r[h + 3]), d = _mm256_unpackhi_ps(r[h + 2], r[h + 3]);
      columns[h] = _mm256_shuffle_ps(a, c, 0x44);
      columns[h + 1] = _mm256_shuffle_ps(a, c, 0xEE);
      columns[h + 2] = _mm256_shuffle_ps(b, d, 0x44);
      columns[h + 3] = _mm256_shuffle_ps(b, d, 0xEE);
    }
  }

  /// One signed column into its output.
  [[gnu::target("avx2"), gnu::always_inline]] static inline void add(__m256 column, const std::uint32_t* code,
                                                                     float* sums) {
    // The shift to 8 floats of 4 bytes pushes the sign out of the code.
    float* const out =
        reinterpret_cast<float*>(reinterpret_cast<char*>(sums) + static_cast<std::uint32_t>(*code << 5));
    const __m256 sign =
        _mm256_and_ps(_mm256_set1_ps(-0.0f), _mm256_broadcast_ss(reinterpret_cast<const float*>(code)));
    _mm256_store_ps(out, _mm256_add_ps(_mm256_load_ps(out), _mm256_xor_ps(column, sign)));
  }

  /// `width` <= 128 columns of eight rows, under `count` codes each: code t of column c at codes[128 t + c].
  [[gnu::target("avx2")]] static void run(eight_rows rows, index_t width, const std::uint32_t* codes,
                                          index_t count, float* sums) {
    float tail[sparse_lanes * sparse_lanes] = {};
    for (index_t c = 0; c < width; c += 8) {
      const index_t valid = std::min<index_t>(8, width - c);
      if (valid < 8)
        for (unsigned lane = 0; lane < 8; ++lane) {
          std::copy_n(rows[lane] + c, valid, tail + 8 * lane);
          rows[lane] = tail + 8 * lane;
        }
      __m256 columns[8];
      transpose(rows, valid == 8 ? c : 0, columns);
      for (index_t t = 0; t < count; ++t) {
        const std::uint32_t* const code = codes + sparse_unit * t + c;
        if (valid == 8) {
#pragma GCC unroll 8
          for (unsigned i = 0; i < 8; ++i) add(columns[i], code + i, sums);
        } else {
          for (index_t i = 0; i < valid; ++i) add(columns[i], code + i, sums);
        }
      }
    }
  }

  /// z(lane, j) += the sum over parts of sums[part][8 j + lane], for lanes < z.rows() and outputs [begin, end).
  [[gnu::target("avx2")]] static void finish(const float* sums, index_t parts, index_t stride, index_t begin,
                                             index_t end, matrix_view<float> z) {
    for (index_t j = begin; j < end; j += 8) {
      alignas(32) float total[sparse_lanes * sparse_lanes];
      const index_t valid = std::min<index_t>(8, end - j);
      for (index_t i = 0; i < valid; ++i) {
        __m256 sum = _mm256_load_ps(sums + 8 * (j + i));
        for (index_t p = 1; p < parts; ++p)
          sum = _mm256_add_ps(sum, _mm256_load_ps(sums + p * stride + 8 * (j + i)));
        _mm256_store_ps(total + 8 * i, sum);
      }
      __m256 lanes[8];
      transpose({total, total + 8, total + 16, total + 24, total + 32, total + 40, total + 48, total + 56}, 0,
                lanes);
      for (index_t lane = 0; lane < z.rows(); ++lane) {
        float* const out = z.row(lane) + j;
        if (valid == 8) {
          _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), lanes[lane]));
        } else {
          alignas(32) float part[8];
          _mm256_store_ps(part, lanes[lane]);
          for (index_t i = 0; i < valid; ++i) out[i] += part[i];
        }
      }
    }
  }
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif

}  // namespace prismatic::detail
