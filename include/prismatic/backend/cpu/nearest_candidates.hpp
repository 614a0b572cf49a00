/// The best-matching rows of B by products of bfloat16, which are several times as fast, and by exact scores of the few rows
/// that rounding leaves in question.
///
/// With a' for a rounded, <a, b> - <a', b'> = <a - a', b> + <a', b - b'> is at most |a - a'| |b| + |a'| |b - b'|, and a row is
/// some 0.0012 of its length away from itself rounded. So a row of B whose rounded score is further than twice that bound below
/// the best rounded score is not the best. As a rule one or two of thousands are left, and the answer is that of exact
/// scores, to the bit: they have the bits of `multiply_by_vectors`.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/gemv.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/multiply.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/parallel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

namespace prismatic::detail {

/// Bounds of a row's length, and of its distance from itself rounded to bfloat16.
struct rounded_length {
  float whole = 0, off = 0;

  static rounded_length of(const float* x, index_t n) {
    constexpr index_t lanes = 16;
    std::array<float, lanes> whole{}, off{};
    vectorised([&] {
      const auto add = [&](index_t i, std::size_t lane) {
        const float lost = x[i] - from_bfloat16(to_bfloat16(x[i]));
        whole[lane] += x[i] * x[i];
        off[lane] += lost * lost;
      };
      index_t i = 0;
      for (; i + lanes <= n; i += lanes)
        for (index_t l = 0; l < lanes; ++l) add(i + l, static_cast<std::size_t>(l));
      for (; i < n; ++i) add(i, 0);
    });
    for (std::size_t l = 1; l < lanes; ++l) whole[0] += whole[l], off[0] += off[l];
    constexpr float slack = 1.001F;  // for the rounding of these sums
    return {slack * std::sqrt(whole[0]), slack * std::sqrt(off[0])};
  }

  /// The largest of each bound among the rows; those of a row that is not finite where there is one.
  static rounded_length furthest(thread_team& team, matrix_view<const float> rows) {
    std::vector<rounded_length> each(static_cast<std::size_t>(rows.rows()));
    team.for_range(rows.rows(), 64, [&](index_t begin, index_t end, int) {
      for (index_t j = begin; j < end; ++j) each[static_cast<std::size_t>(j)] = of(rows.row(j), rows.cols());
    });
    rounded_length most;
    for (const rounded_length& one : each) {
      if (!std::isfinite(one.whole)) return one;
      most = {std::max(most.whole, one.whole), std::max(most.off, one.off)};
    }
    return most;
  }

  /// What rounding both of two rows, and summing products of n numbers in float twice, can make of a score at the most.
  [[nodiscard]] float reach(const rounded_length& other, index_t n) const {
    const float sums = 4 * static_cast<float>(n + 16) * std::numeric_limits<float>::epsilon() * whole * other.whole;
    return off * other.whole + (whole + off) * other.off + sums;
  }
};

/// out[p] = <a[p], b[p]> for eight pairs of rows of n numbers, with the bits of `multiply_by_vectors`.
#if PRISMATIC_X86
[[gnu::target("avx2,fma")]] inline void pair_products(const float* const* a, const float* const* b, index_t n, float* out) {
  const index_t runs = std::max<index_t>(1, (n + last_rows<float>::depth - 1) / last_rows<float>::depth);
  for (index_t run = 0; run < runs; ++run) {
    __m128 sum[8];
#pragma GCC unroll 8
    for (auto& s : sum) s = _mm_setzero_ps();
    for (index_t l = n * run / runs; l < n * (run + 1) / runs; ++l)
#pragma GCC unroll 8
      for (int p = 0; p < 8; ++p) sum[p] += _mm_load_ss(a[p] + l) * _mm_load_ss(b[p] + l);  // one rounding if theirs is one
    for (int p = 0; p < 8; ++p) out[p] = run == 0 ? _mm_cvtss_f32(sum[p]) : out[p] + _mm_cvtss_f32(sum[p]);
  }
}
#endif

/// Whether products of bfloat16 over n numbers are so much faster than those of floats.
inline bool rounds_for_candidates([[maybe_unused]] index_t n) {
#if PRISMATIC_X86
  return n >= 64 && (multiplies_bf16() || multiplies_on_units<float>(n));
#else
  return false;
#endif
}

/// labels[i] = the first argmax_j <a_i, b_j> + bias[j], best[i] = the maximum, for the rows of one tile of A. False where
/// rounding leaves too much in question, or bounds would be of no use: then nothing of it is to be used.
///
/// @param furthest  of B's rows, both bounds
/// @param scores    scratch, (rows of A, some columns)
[[nodiscard]] inline bool nearest_by_candidates(matrix_view<const float> a, matrix_view<const float> b,
                                                [[maybe_unused]] vector_view<const float> bias, rounded_length furthest,
                                                matrix_view<float> scores, label_t* labels, float* best) {
#if PRISMATIC_X86
  struct candidate {
    std::int32_t row;
    label_t column;
    float score;
  };
  const index_t rows = a.rows(), k = b.rows(), n = a.cols();
  float largest_bias = 0;
  for (index_t j = 0; j < bias.size(); ++j) largest_bias = std::max(largest_bias, std::abs(bias[j]));
  std::vector<float> top(static_cast<std::size_t>(rows), -std::numeric_limits<float>::infinity()), gap(top.size());
  for (index_t i = 0; i < rows; ++i) {
    const rounded_length own = rounded_length::of(a.row(i), n);
    const float size = own.whole * furthest.whole;
    // Zero, not finite, or so small that squares of what rounding takes away are subnormal.
    if (!(std::min(own.whole, furthest.whole) > 1e-10F && size + largest_bias < 1e30F)) return false;
    gap[static_cast<std::size_t>(i)] =
        2 * own.reach(furthest, n) + 8 * std::numeric_limits<float>::epsilon() * (size + largest_bias);
  }

  const std::size_t most = static_cast<std::size_t>(16 * rows + k);
  std::vector<candidate> found;
  std::array<std::int32_t, 512> places;
  const index_t step = std::min<index_t>(scores.cols(), 512);
  for (index_t j = 0; j < k; j += step) {
    const index_t cols = std::min(step, k - j);
    const matrix_view<float> part(scores.data(), rows, cols, scores.stride());
    multiply_bf16(op::none, op::transpose, 1.0F, a, b.middle_rows(j, cols), 0.0F, part);
    for (index_t i = 0; i < rows; ++i) {
      float* const row = part.row(i);
      float& most_here = top[static_cast<std::size_t>(i)];
      std::size_t count = 0;
      vectorised([&] {
        if (!bias.empty())
          for (index_t c = 0; c < cols; ++c) row[c] += bias[j + c];
        most_here = std::max(most_here, greatest(row, cols));
        const float least = most_here - gap[static_cast<std::size_t>(i)];
        for (index_t c = 0; c < cols; c += 64) {
          const index_t end = std::min(cols, c + 64);
          int any = 0;
          for (index_t l = c; l < end; ++l) any |= row[l] >= least ? 1 : 0;
          if (any == 0) continue;
          for (index_t l = c; l < end; ++l)
            if (row[l] >= least) places[count++] = static_cast<std::int32_t>(l);
        }
      });
      for (std::size_t p = 0; p < count; ++p)
        found.push_back({static_cast<std::int32_t>(i), static_cast<label_t>(j + places[p]), row[places[p]]});
    }
    if (found.size() > most) return false;
  }
  std::erase_if(found, [&](const candidate& c) {
    const auto i = static_cast<std::size_t>(c.row);
    return c.score < top[i] - gap[i];
  });

  std::fill_n(labels, rows, label_t{0});
  std::fill_n(best, rows, -std::numeric_limits<float>::infinity());
  for (std::size_t first = 0; first < found.size(); first += 8) {
    const float *left[8], *right[8];
    float products[8];
    for (std::size_t p = 0; p < 8; ++p) {
      const candidate& c = found[std::min(first + p, found.size() - 1)];
      left[p] = a.row(c.row);
      right[p] = b.row(c.column);
    }
    pair_products(left, right, n, products);
    for (std::size_t p = 0; p < std::min<std::size_t>(8, found.size() - first); ++p) {
      const candidate& c = found[first + p];
      const float score = bias.empty() ? products[p] : products[p] + bias[c.column];
      if (score > best[c.row]) best[c.row] = score, labels[c.row] = c.column;  // columns ascend
    }
  }
  return true;
#else
  return false;
#endif
}

}  // namespace prismatic::detail
