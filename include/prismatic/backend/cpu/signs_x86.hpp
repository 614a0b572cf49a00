/// The sign projection's kernels for AVX2 and AVX-512, chosen at run time by what the processor has.
///
/// A block of 128 columns of one row takes three steps. `words` draws its random bits: one 32-bit word for
/// every output and 32 columns, kept in registers' order. `tables` turns the entries of up to 8 samples
/// into tables that one register holds: the signed sums of a few consecutive entries, one for each pattern
/// of signs. `look_up` lets the low bits of a register of words choose from such a table, for 16 (or 8)
/// outputs at once, adds what they choose, and shifts the words on.
///
/// What binds is the permutation that looks up, one 512-bit a cycle on Zen 4, where it shares its two pipes
/// with the shift and one of them with additions. Hence: a word, once shifted, serves N samples; a table,
/// once loaded, serves V registers of outputs; and every other sum is added by a multiplication with 1,
/// which rounds alike and runs on other pipes than an addition. The sums live in registers because the
/// loops over them are unrolled: g++ 12 does not unroll them at -O2 by itself.
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

// samples x tables x entries of AVX-512; AVX2's 8 * 44 * 8 fit in.
inline constexpr index_t sign_table_floats = index_t{8} * 32 * 16;

#if PRISMATIC_X86

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 takes its own intrinsics at their word (bug 105593)
#endif

/// The keys of Philox's rounds, for 64-bit lanes of which the lower half counts.
struct philox_round_keys {
  explicit philox_round_keys(philox_key key) {
    for (std::uint32_t r = 0; r < philox::rounds; ++r) {
      first[r] = key[0] + r * philox::weyl_0;
      second[r] = key[1] + r * philox::weyl_1;
    }
  }
  long long first[philox::rounds], second[philox::rounds];
};

/// AVX-512: 16 outputs a register; 4 bits index a table of 16 sums held in one register.
struct signs_avx512 {
  static constexpr index_t lanes = 16;
  static constexpr unsigned registers = 16;  // of sums

  /// Word w of outputs [first + 16 v, first + 16 v + 16) at out[(4 v + w) * 16].
  ///
  /// Philox multiplies 32-bit numbers to 64 bits, so it runs on 64-bit lanes, even outputs and odd ones
  /// apart, and the upper halves may hold anything. Four chains at a time hide the multiplier's latency.
  [[gnu::target("avx512f")]] static void words(philox_key key, index_t row, index_t column_block, index_t first,
                                               index_t count, std::uint32_t* out) {
    const philox_round_keys keys(key);
    const __m512i m0 = _mm512_set1_epi64(philox::multiplier_0), m1 = _mm512_set1_epi64(philox::multiplier_1);
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    for (index_t j = 0; j < count; j += 2 * lanes, out += 8 * lanes) {
      __m512i c[4][4];  // counter word, chain
#pragma GCC unroll 4
      for (int h = 0; h < 4; ++h) {
        c[0][h] = _mm512_set1_epi64(column_block);
        c[1][h] = _mm512_set1_epi64(row);
        c[2][h] = _mm512_add_epi64(_mm512_set1_epi64(first + j + h / 2 * lanes + h % 2), even);
        c[3][h] = _mm512_setzero_si512();
      }
#pragma GCC unroll 10
      for (int round = 0; round < philox::rounds; ++round) {
        const __m512i k0 = _mm512_set1_epi64(keys.first[round]), k1 = _mm512_set1_epi64(keys.second[round]);
#pragma GCC unroll 4
        for (int h = 0; h < 4; ++h) {
          const __m512i p0 = _mm512_mul_epu32(c[0][h], m0), p1 = _mm512_mul_epu32(c[2][h], m1);
          c[0][h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c[1][h], k0, exclusive_or);
          c[2][h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c[3][h], k1, exclusive_or);
          c[1][h] = p1;
          c[3][h] = p0;
        }
      }
#pragma GCC unroll 4
      for (int w = 0; w < 4; ++w)
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v)  // odd outputs' lower halves into the upper halves of the even ones
          _mm512_storeu_si512(out + (4 * v + w) * lanes,
                              _mm512_mask_shuffle_epi32(c[w][2 * v], 0xAAAA, c[w][2 * v + 1], _MM_PERM_CCAA));
    }
  }

  /// The tables of `width` <= 128 entries for N samples: table of entries 4 q ... 4 q + 3, sample s at
  /// tables[(q N + s) * 16]; bit i of a pattern negates entry i. Returns how many q there are.
  template <unsigned N>
  [[gnu::target("avx512f")]] static index_t tables(matrix_view<const float> g, index_t sample, index_t offset,
                                                   index_t width, float* out) {
    for (index_t s = 0; s < N; ++s) {
      const float* const entries = g.row(sample + s) + offset;
      for (index_t column = 0; column < width; column += 16) {
        const signed_sums sums(load(entries + column, width - column));
        float* const at = out + (column / 4 * N + s) * lanes;
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) _mm512_storeu_ps(at + q * index_t{N} * lanes, sums.of_four(q));
      }
    }
    return (width + 3) / 4;
  }

  /// z(sample + s, 16 v ...) += the looked-up sums, for N samples and `count` outputs, V registers of them
  /// at a time.
  template <unsigned N, unsigned V>
  [[gnu::target("avx512f")]] static void look_up(const float* tables, index_t quads, const std::uint32_t* words,
                                                 matrix_view<float> z, index_t sample) {
    __m512 one = _mm512_set1_ps(1.0f);
    pin(one);  // or a compiler sees that the product is no product
    for (index_t j = 0; j < z.cols(); j += V * lanes) {
      __m512 sum[N][V];
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s)
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v) sum[s][v] = _mm512_setzero_ps();
      const float* table = tables;
      for (index_t q = 0; q < quads;) {
        __m512i index[V];
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v) index[v] = _mm512_loadu_si512(words + 4 * j + (4 * v + q / 8) * lanes);
        for (const index_t stop = std::min(quads, q + 8); q < stop; ++q) {
          __m512i next[V];
#pragma GCC unroll 8
          for (unsigned s = 0; s < N; ++s, table += lanes) {
            __m512 entries = _mm512_loadu_ps(table);
            pin(entries);  // or it is loaded V times
#pragma GCC unroll 4
            for (unsigned v = 0; v < V; v += 2) {
              __m512 a = _mm512_permutexvar_ps(index[v], entries);
              __m512 b = _mm512_permutexvar_ps(index[v + 1], entries);
              pin(a), pin(b);  // in this order they keep four pipes busy
              sum[s][v] = _mm512_add_ps(sum[s][v], a);
              sum[s][v + 1] = _mm512_fmadd_ps(b, one, sum[s][v + 1]);
            }
            if (s == std::min(N, 4u) - 1)  // amid 8 samples: at their end it would delay the next table
#pragma GCC unroll 4
              for (unsigned v = 0; v < V; ++v) {
                __m512i shifted = _mm512_srli_epi32(index[v], 4);
                pin(shifted);
                next[v] = shifted;
              }
          }
#pragma GCC unroll 4
          for (unsigned v = 0; v < V; ++v) index[v] = next[v];
        }
      }
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s) {
        float* const out = z.row(sample + s) + j;
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v)
          _mm512_storeu_ps(out + v * lanes, _mm512_add_ps(_mm512_loadu_ps(out + v * lanes), sum[s][v]));
      }
    }
  }

 protected:
  /// The first 16 of `left` entries, zeros after them.
  [[gnu::target("avx512f"), gnu::always_inline]] static inline __m512 load(const float* entries, index_t left) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>(left >= 16 ? 0xFFFF : (1 << std::max<index_t>(left, 0)) - 1), entries);
  }

  /// The 16 signed sums of each four of 16 entries; bit i of a pattern negates entry i.
  struct signed_sums {
    [[gnu::target("avx512f"), gnu::always_inline]] explicit inline signed_sums(__m512 x)
        : pairs(_mm512_fmsubadd_ps(x, _mm512_set1_ps(1.0f), _mm512_permute_ps(x, 0xB1))),
          negated(_mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(pairs), _mm512_set1_epi32(1 << 31)))) {}

    // A pair (x, y) becomes (x + y, y - x); its four signed sums are these and their negatives (16 + lane).
    [[gnu::target("avx512f"), gnu::always_inline]] inline __m512 of_four(int q) const {
      const __m512i low = _mm512_setr_epi32(0, 1, 17, 16, 0, 1, 17, 16, 0, 1, 17, 16, 0, 1, 17, 16);
      const __m512i high = _mm512_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3, 19, 19, 19, 19, 18, 18, 18, 18);
      const __m512i pair = _mm512_set1_epi32(4 * q);
      return _mm512_add_ps(_mm512_permutex2var_ps(pairs, _mm512_add_epi32(low, pair), negated),
                           _mm512_permutex2var_ps(pairs, _mm512_add_epi32(high, pair), negated));
    }
    __m512 pairs, negated;
  };

  // x is computed here, once, and whole.
  template <class Register>
  [[gnu::target("avx512f"), gnu::always_inline]] static inline void pin(Register& x) {
    asm volatile("" : "+v"(x));
  }

 private:
  static constexpr int exclusive_or = 0x96;
};

/// AVX2: 8 outputs a register; 3 bits index a table of 8 sums, ten tables and one of two entries a word.
struct signs_avx2 {
  static constexpr index_t lanes = 8;
  static constexpr unsigned registers = 8;
  static constexpr index_t per_word = 11;

  [[gnu::target("avx2,fma")]] static void words(philox_key key, index_t row, index_t column_block, index_t first,
                                                index_t count, std::uint32_t* out) {
    const philox_round_keys keys(key);
    const __m256i m0 = _mm256_set1_epi64x(philox::multiplier_0), m1 = _mm256_set1_epi64x(philox::multiplier_1);
    const __m256i even = _mm256_setr_epi64x(0, 2, 4, 6);
    for (index_t j = 0; j < count; j += lanes, out += 4 * lanes) {
      __m256i c[4][2];
#pragma GCC unroll 2
      for (int h = 0; h < 2; ++h) {
        c[0][h] = _mm256_set1_epi64x(column_block);
        c[1][h] = _mm256_set1_epi64x(row);
        c[2][h] = _mm256_add_epi64(_mm256_set1_epi64x(first + j + h), even);
        c[3][h] = _mm256_setzero_si256();
      }
#pragma GCC unroll 10
      for (int round = 0; round < philox::rounds; ++round) {
        const __m256i k0 = _mm256_set1_epi64x(keys.first[round]), k1 = _mm256_set1_epi64x(keys.second[round]);
#pragma GCC unroll 2
        for (int h = 0; h < 2; ++h) {
          const __m256i p0 = _mm256_mul_epu32(c[0][h], m0), p1 = _mm256_mul_epu32(c[2][h], m1);
          c[0][h] = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(c[1][h], k0));
          c[2][h] = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(c[3][h], k1));
          c[1][h] = p1;
          c[3][h] = p0;
        }
      }
#pragma GCC unroll 4
      for (int w = 0; w < 4; ++w)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + w * lanes),
                            _mm256_blend_epi32(c[w][0], _mm256_slli_epi64(c[w][1], 32), 0xAA));
    }
  }

  /// Table t of word w covers entries 32 w + 3 t ..., at tables[((w * 11 + t) N + s) * 8].
  template <unsigned N>
  [[gnu::target("avx2,fma")]] static index_t tables(matrix_view<const float> g, index_t sample, index_t offset,
                                                    index_t width, float* out) {
    const __m256 sign[3] = {_mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1),
                            _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1),
                            _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1)};
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const index_t full = (width + 31) / 32;
    for (index_t s = 0; s < N; ++s)
      for (index_t w = 0; w < full; ++w) {
        float entries[3 * per_word];  // 32, zero from the width on, and a zero to fill the last table
        entries[32] = 0;
#pragma GCC unroll 4
        for (index_t i = 0; i < 32; i += lanes) {
          const __m256i left = _mm256_set1_epi32(static_cast<int>(width - 32 * w - i));
          _mm256_storeu_ps(entries + i, _mm256_maskload_ps(g.row(sample + s) + offset + 32 * w + i,
                                                           _mm256_cmpgt_epi32(left, lane)));
        }
        float* at = out + (w * per_word * N + s) * lanes;
        for (const float* x = entries; x != entries + 3 * per_word; x += 3, at += N * lanes) {
          __m256 sums = _mm256_mul_ps(_mm256_broadcast_ss(x), sign[0]);
          sums = _mm256_fmadd_ps(_mm256_broadcast_ss(x + 1), sign[1], sums);
          _mm256_storeu_ps(at, _mm256_fmadd_ps(_mm256_broadcast_ss(x + 2), sign[2], sums));
        }
      }
    return full * per_word;
  }

  template <unsigned N, unsigned V>
  [[gnu::target("avx2,fma")]] static void look_up(const float* tables, index_t count, const std::uint32_t* words,
                                                  matrix_view<float> z, index_t sample) {
    __m256 one = _mm256_set1_ps(1.0f);
    pin(one);
    for (index_t j = 0; j < z.cols(); j += V * lanes) {
      __m256 sum[N][V];
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s)
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v) sum[s][v] = _mm256_setzero_ps();
      const float* table = tables;
      for (index_t t = 0; t < count;) {
        __m256i index[V];
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v)
          index[v] = _mm256_loadu_si256(
              reinterpret_cast<const __m256i*>(words + 4 * j + (4 * v + t / per_word) * lanes));
        for (const index_t stop = t + per_word; t < stop; ++t) {
#pragma GCC unroll 8
          for (unsigned s = 0; s < N; ++s, table += lanes) {
            __m256 entries = _mm256_loadu_ps(table);
            pin(entries);
#pragma GCC unroll 4
            for (unsigned v = 0; v < V; v += 2) {
              __m256 a = _mm256_permutevar8x32_ps(entries, index[v]);
              __m256 b = _mm256_permutevar8x32_ps(entries, index[v + 1]);
              pin(a), pin(b);
              sum[s][v] = _mm256_add_ps(sum[s][v], a);
              sum[s][v + 1] = _mm256_fmadd_ps(b, one, sum[s][v + 1]);
            }
          }
#pragma GCC unroll 4
          for (unsigned v = 0; v < V; ++v) index[v] = _mm256_srli_epi32(index[v], 3);
        }
      }
#pragma GCC unroll 8
      for (unsigned s = 0; s < N; ++s) {
        float* const out = z.row(sample + s) + j;
#pragma GCC unroll 4
        for (unsigned v = 0; v < V; ++v)
          _mm256_storeu_ps(out + v * lanes, _mm256_add_ps(_mm256_loadu_ps(out + v * lanes), sum[s][v]));
      }
    }
  }

 private:
  [[gnu::target("avx2,fma"), gnu::always_inline]] static inline void pin(__m256& x) { asm volatile("" : "+x"(x)); }
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
        for (index_t i = 0; i < index_t{N}; ++i)  // the next block's entries, from memory meanwhile
          for (index_t l = 0; l < 128; l += 16) __builtin_prefetch(g.row(s + i) + offset + width + l);
        Isa::template look_up<N, V>(tables, count, words, z, s);
        s += N;
      };
      if constexpr (Isa::registers >= 16)
        while (g.rows() - s >= 8) samples.template operator()<8, 2>();
      while (g.rows() - s >= 4) samples.template operator()<4, Isa::registers / 4>();
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
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
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
