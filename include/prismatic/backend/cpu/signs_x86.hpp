/// The sign projection's kernels for AVX2 and AVX-512, chosen at run time by what the processor has.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <algorithm>
#include <cstdint>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

namespace prismatic::detail {

inline constexpr index_t sign_table_floats = index_t{8} * 44 * 16;  // samples x tables x entries, whichever kernel

#if PRISMATIC_X86

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 takes its own intrinsics at their word (bug 105593)
#endif

/// AVX-512: 16 outputs a register; 4 bits index a table of 16 sums held in one register.
struct signs_avx512 {
  static constexpr index_t lanes = 16;

  /// Word w of outputs [first + 16 v, first + 16 v + 16) at words[(4 v + w) * 16].
  [[gnu::target("avx512f")]] static void words(philox_key key, index_t row, index_t column_block, index_t first,
                                               index_t count, std::uint32_t* out) {
    const __m512i m0 = _mm512_set1_epi32(static_cast<int>(philox::multiplier_0));
    const __m512i m1 = _mm512_set1_epi32(static_cast<int>(philox::multiplier_1));
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (index_t j = 0; j < count; j += lanes, out += 4 * lanes) {
      __m512i c0 = _mm512_set1_epi32(static_cast<int>(column_block));
      __m512i c1 = _mm512_set1_epi32(static_cast<int>(row));
      __m512i c2 = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first + j)), lane);
      __m512i c3 = _mm512_setzero_si512();
      std::uint32_t k0 = key[0], k1 = key[1];
      for (int round = 0; round < philox::rounds; ++round) {
        const __m512i even0 = _mm512_mul_epu32(c0, m0), odd0 = _mm512_mul_epu32(_mm512_srli_epi64(c0, 32), m0);
        const __m512i even1 = _mm512_mul_epu32(c2, m1), odd1 = _mm512_mul_epu32(_mm512_srli_epi64(c2, 32), m1);
        const __m512i high0 = _mm512_mask_mov_epi32(_mm512_srli_epi64(even0, 32), 0xAAAA, odd0);
        const __m512i high1 = _mm512_mask_mov_epi32(_mm512_srli_epi64(even1, 32), 0xAAAA, odd1);
        const __m512i low0 = _mm512_mask_mov_epi32(even0, 0xAAAA, _mm512_slli_epi64(odd0, 32));
        const __m512i low1 = _mm512_mask_mov_epi32(even1, 0xAAAA, _mm512_slli_epi64(odd1, 32));
        c0 = _mm512_xor_si512(_mm512_xor_si512(high1, c1), _mm512_set1_epi32(static_cast<int>(k0)));
        c2 = _mm512_xor_si512(_mm512_xor_si512(high0, c3), _mm512_set1_epi32(static_cast<int>(k1)));
        c1 = low1;
        c3 = low0;
        k0 += philox::weyl_0;
        k1 += philox::weyl_1;
      }
      _mm512_storeu_si512(out, c0);
      _mm512_storeu_si512(out + lanes, c1);
      _mm512_storeu_si512(out + 2 * lanes, c2);
      _mm512_storeu_si512(out + 3 * lanes, c3);
    }
  }

  /// The tables of `width` <= 128 entries for N samples: table of entries 4 q ... 4 q + 3, sample s at
  /// tables[(q N + s) * 16]. Returns how many q there are.
  template <unsigned N>
  [[gnu::target("avx512f")]] static index_t tables(matrix_view<const float> g, index_t sample, index_t offset,
                                                   index_t width, float* out) {
    const __mmask16 minus[4] = {0xAAAA, 0xCCCC, 0xF0F0, 0xFF00};  // bit p: entry i enters pattern p negated
    const index_t quads = (width + 3) / 4;
    for (index_t q = 0; q < quads; ++q)
      for (index_t s = 0; s < N; ++s) {
        const float* const entry = g.row(sample + s) + offset + 4 * q;
        __m512 sums = _mm512_setzero_ps();
        for (index_t i = 0; i < 4; ++i) {
          const __m512 x = _mm512_set1_ps(4 * q + i < width ? entry[i] : 0.0f);
          sums = _mm512_mask_sub_ps(_mm512_add_ps(sums, x), minus[i], sums, x);
        }
        _mm512_storeu_ps(out + (q * N + s) * lanes, sums);
      }
    return quads;
  }

  /// z(sample + s, 16 v ...) += the looked-up sums, for N samples and `count` outputs, V registers of them
  /// at a time. N V independent chains hide the adder's latency.
  template <unsigned N, unsigned V>
  [[gnu::target("avx512f")]] static void look_up(const float* tables, index_t quads, const std::uint32_t* words,
                                                 matrix_view<float> z, index_t sample) {
    for (index_t j = 0; j < z.cols(); j += V * lanes) {
      __m512 sum[N][V];
      for (index_t s = 0; s < N; ++s)
        for (index_t v = 0; v < V; ++v) sum[s][v] = _mm512_setzero_ps();
      const std::uint32_t* const here = words + 4 * j;
      for (index_t q = 0; q < quads;) {
        __m512i index[V];
        for (index_t v = 0; v < V; ++v) index[v] = _mm512_loadu_si512(here + (4 * v + q / 8) * lanes);
        for (const index_t stop = std::min(quads, q + 8); q < stop; ++q) {
          for (index_t s = 0; s < N; ++s) {
            const __m512 table = _mm512_loadu_ps(tables + (q * N + s) * lanes);
            for (index_t v = 0; v < V; ++v)
              sum[s][v] = _mm512_add_ps(sum[s][v], _mm512_permutexvar_ps(index[v], table));
          }
          for (index_t v = 0; v < V; ++v) index[v] = _mm512_srli_epi32(index[v], 4);
        }
      }
      for (index_t s = 0; s < N; ++s)
        for (index_t v = 0; v < V; ++v) {
          float* const out = z.row(sample + s) + j + v * lanes;
          _mm512_storeu_ps(out, _mm512_add_ps(_mm512_loadu_ps(out), sum[s][v]));
        }
    }
  }
};

/// AVX2: 8 outputs a register; 3 bits index a table of 8 sums, ten tables and one of two entries a word.
struct signs_avx2 {
  static constexpr index_t lanes = 8;
  static constexpr index_t per_word = 11;

  [[gnu::target("avx2")]] static void words(philox_key key, index_t row, index_t column_block, index_t first,
                                            index_t count, std::uint32_t* out) {
    const __m256i m0 = _mm256_set1_epi32(static_cast<int>(philox::multiplier_0));
    const __m256i m1 = _mm256_set1_epi32(static_cast<int>(philox::multiplier_1));
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (index_t j = 0; j < count; j += lanes, out += 4 * lanes) {
      __m256i c0 = _mm256_set1_epi32(static_cast<int>(column_block));
      __m256i c1 = _mm256_set1_epi32(static_cast<int>(row));
      __m256i c2 = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first + j)), lane);
      __m256i c3 = _mm256_setzero_si256();
      std::uint32_t k0 = key[0], k1 = key[1];
      for (int round = 0; round < philox::rounds; ++round) {
        const __m256i even0 = _mm256_mul_epu32(c0, m0), odd0 = _mm256_mul_epu32(_mm256_srli_epi64(c0, 32), m0);
        const __m256i even1 = _mm256_mul_epu32(c2, m1), odd1 = _mm256_mul_epu32(_mm256_srli_epi64(c2, 32), m1);
        const __m256i high0 = _mm256_blend_epi32(_mm256_srli_epi64(even0, 32), odd0, 0xAA);
        const __m256i high1 = _mm256_blend_epi32(_mm256_srli_epi64(even1, 32), odd1, 0xAA);
        const __m256i low0 = _mm256_blend_epi32(even0, _mm256_slli_epi64(odd0, 32), 0xAA);
        const __m256i low1 = _mm256_blend_epi32(even1, _mm256_slli_epi64(odd1, 32), 0xAA);
        c0 = _mm256_xor_si256(_mm256_xor_si256(high1, c1), _mm256_set1_epi32(static_cast<int>(k0)));
        c2 = _mm256_xor_si256(_mm256_xor_si256(high0, c3), _mm256_set1_epi32(static_cast<int>(k1)));
        c1 = low1;
        c3 = low0;
        k0 += philox::weyl_0;
        k1 += philox::weyl_1;
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), c0);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + lanes), c1);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * lanes), c2);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 3 * lanes), c3);
    }
  }

  /// Table t of word w covers entries 32 w + 3 t ..., at tables[((w * 11 + t) N + s) * 8].
  template <unsigned N>
  [[gnu::target("avx2")]] static index_t tables(matrix_view<const float> g, index_t sample, index_t offset,
                                                index_t width, float* out) {
    const __m256 sign[3] = {_mm256_setr_ps(0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f),
                            _mm256_setr_ps(0.0f, 0.0f, -0.0f, -0.0f, 0.0f, 0.0f, -0.0f, -0.0f),
                            _mm256_setr_ps(0.0f, 0.0f, 0.0f, 0.0f, -0.0f, -0.0f, -0.0f, -0.0f)};
    const index_t full = (width + 31) / 32;
    for (index_t w = 0; w < full; ++w)
      for (index_t t = 0; t < per_word; ++t)
        for (index_t s = 0; s < N; ++s) {
          const float* const entry = g.row(sample + s) + offset;
          __m256 sums = _mm256_setzero_ps();
          for (index_t i = 0; i < 3; ++i) {
            const index_t bit = 3 * t + i, column = 32 * w + bit;
            const __m256 x = _mm256_set1_ps(bit < 32 && column < width ? entry[column] : 0.0f);
            sums = _mm256_add_ps(sums, _mm256_xor_ps(x, sign[i]));
          }
          _mm256_storeu_ps(out + ((w * per_word + t) * N + s) * lanes, sums);
        }
    return full * per_word;
  }

  template <unsigned N, unsigned V>
  [[gnu::target("avx2")]] static void look_up(const float* tables, index_t count, const std::uint32_t* words,
                                              matrix_view<float> z, index_t sample) {
    for (index_t j = 0; j < z.cols(); j += V * lanes) {
      __m256 sum[N][V];
      for (index_t s = 0; s < N; ++s)
        for (index_t v = 0; v < V; ++v) sum[s][v] = _mm256_setzero_ps();
      const std::uint32_t* const here = words + 4 * j;
      for (index_t t = 0; t < count;) {
        __m256i index[V];
        for (index_t v = 0; v < V; ++v)
          index[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(here + (4 * v + t / per_word) * lanes));
        for (const index_t stop = t + per_word; t < stop; ++t) {
          for (index_t s = 0; s < N; ++s) {
            const __m256 table = _mm256_loadu_ps(tables + (t * N + s) * lanes);
            for (index_t v = 0; v < V; ++v)
              sum[s][v] = _mm256_add_ps(sum[s][v], _mm256_permutevar8x32_ps(table, index[v]));
          }
          for (index_t v = 0; v < V; ++v) index[v] = _mm256_srli_epi32(index[v], 3);
        }
      }
      for (index_t s = 0; s < N; ++s)
        for (index_t v = 0; v < V; ++v) {
          float* const out = z.row(sample + s) + j + v * lanes;
          _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), sum[s][v]));
        }
    }
  }
};

/// z(S, count) += the projection of g(S, rows cols) on outputs [first, first + count); count is a
/// multiple of 64.
template <class Isa>
void accumulate_signs(const sign_block& block, matrix_view<const float> g, index_t first, matrix_view<float> z,
                      std::uint32_t* words, float* tables) {
  for (index_t row = 0; row < block.rows; ++row)
    for (index_t column = 0; column < block.cols; column += 128) {
      Isa::words(block.key, block.first_row + row, column / 128, first, z.cols(), words);
      const index_t width = std::min<index_t>(128, block.cols - column), offset = row * block.cols + column;
      index_t s = 0;
      const auto samples = [&]<unsigned N, unsigned V>() {
        const index_t count = Isa::template tables<N>(g, s, offset, width, tables);
        Isa::template look_up<N, V>(tables, count, words, z, s);
        s += N;
      };
      while (g.rows() - s >= 8) samples.template operator()<8, 1>();
      if (g.rows() - s >= 4) samples.template operator()<4, 2>();
      if (g.rows() - s >= 2) samples.template operator()<2, 4>();
      if (g.rows() - s >= 1) samples.template operator()<1, 4>();
    }
}

/// Runs the best kernel this processor has. False when it has none: nothing was done.
inline bool accumulate_signs_x86(const sign_block& block, matrix_view<const float> g, index_t first,
                                 matrix_view<float> z, std::uint32_t* words, float* tables) {
  if (__builtin_cpu_supports("avx512f")) {
    accumulate_signs<signs_avx512>(block, g, first, z, words, tables);
    return true;
  }
  if (__builtin_cpu_supports("avx2")) {
    accumulate_signs<signs_avx2>(block, g, first, z, words, tables);
    return true;
  }
  return false;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#else

inline bool accumulate_signs_x86(const sign_block&, matrix_view<const float>, index_t, matrix_view<float>,
                                 std::uint32_t*, float*) {
  return false;
}

#endif

}  // namespace prismatic::detail
