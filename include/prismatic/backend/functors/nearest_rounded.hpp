/// The best-matching row of B for each row of A by products of rounded rows, and exact scores of the few that rounding leaves in
/// question: what a row's lanes do. backend/cpu/nearest_candidates.hpp has the bound and why it holds.
#pragma once

#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/backend/functors/row_walk.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/types.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

namespace prismatic::detail {

/// A score and the row of B it belongs to.
struct match {
  float score;
  index_t place;  // -1: none

  /// The greater score stays, of equal ones the first. A NaN is never greater.
  PRISMATIC_HOST_DEVICE void offer(float other, index_t at) {
    if (other > score || (other == score && at >= 0 && (place < 0 || at < place))) *this = {other, at};
  }
};

/// Bounds of a row's length, and of its distance from itself rounded to bf16.
struct rounded_row {
  float whole, off;
};

/// Bounds for every row of B, and for what is added to its scores. What is not finite counts as more than any number.
struct rounded_extent {
  rounded_row row;
  float bias;
};

/// The fold that writes a row rounded, and adds up the squares of what it is and of what it loses.
struct round_row {
  using value = rounded_row;
  strided_rows<const float> x;
  strided_rows<bf16> rounded;

  PRISMATIC_HOST_DEVICE value start() const { return {0, 0}; }
  PRISMATIC_HOST_DEVICE void step(value& v, index_t i, index_t j) const {
    const float whole = x[i][j];
    const std::uint32_t bits = bf16_parts<1>(whole).bits[0];
    rounded[i][j] = bf16{static_cast<std::uint16_t>(bits)};
    const float lost = whole - std::bit_cast<float>(bits << 16);
    v.whole += whole * whole;
    v.off += lost * lost;
  }
  PRISMATIC_HOST_DEVICE void merge(value& v, const value& other) const {
    v.whole += other.whole;
    v.off += other.off;
  }
};

/// Lengths of the sums of round_row over `cols` columns.
struct keep_lengths {
  index_t cols;
  rounded_row* out;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, const rounded_row& squares) const {
    const float slack = 1.001F + 1e-7F * static_cast<float>(cols);  // for the rounding of these sums
    out[i] = {slack * std::sqrt(squares.whole), slack * std::sqrt(squares.off)};
  }
};

/// The fold over all rows of B that finds their extent.
struct greatest_extent {
  using value = rounded_extent;
  const rounded_row* rows;
  const float* bias;  // or null
  float largest;      // finite
  float infinity;

  PRISMATIC_HOST_DEVICE value start() const { return {{0, 0}, 0}; }
  PRISMATIC_HOST_DEVICE void step(value& v, index_t, index_t j) const {
    merge(v, {rows[j], bias == nullptr ? 0.0F : std::fabs(bias[j])});
  }
  PRISMATIC_HOST_DEVICE void merge(value& v, const value& other) const {
    v = {{greater(v.row.whole, other.row.whole), greater(v.row.off, other.row.off)}, greater(v.bias, other.bias)};
  }

 private:
  [[nodiscard]] PRISMATIC_HOST_DEVICE float greater(float a, float b) const {
    return !(a <= largest && b <= largest) ? infinity : a > b ? a : b;
  }
};

/// Keeps the extent of the one fold.
struct keep_extent {
  rounded_extent* out;
  PRISMATIC_HOST_DEVICE void operator()(index_t, const rounded_extent& v) const { *out = v; }
};

/// Rows of A whose products with B are known as rounded rows have them: 32 lanes find a row's greatest score, then every exact
/// score that could be it. The lanes of a row agree on the greatest before `least`, and on a sum of `part`s before `score`.
struct match_rows {
  static constexpr int lanes = 32;
  static constexpr int most = 32;  ///< exact scores a row; with more in question all of them have to be found
  static constexpr int at_once = 4 * lanes;  ///< columns that the lanes look at together, four neighbours each

  strided_rows<const float> a, b, products;
  index_t cols, rows_of_b;
  const float* bias;  // or null
  const rounded_row* own;
  const rounded_extent* of_b;
  float epsilon, infinity;
  label_t* labels;
  float* best;
  int* undecided;

  [[nodiscard]] PRISMATIC_HOST_DEVICE float greatest(int lane, index_t i) const {
    float found = -infinity;
    const float* const row = products[i];
    if (bias == nullptr)
      walk_row<float>(lane, lanes, rows_of_b, [&](float x) { found = x > found ? x : found; }, row);
    else
      walk_row<float>(lane, lanes, rows_of_b, [&](float x, float y) { found = x + y > found ? x + y : found; }, row, bias);
    return found;
  }
  /// What a score must be to be in question beside `top`. No number, which no score reaches, where the bounds are of no use:
  /// not finite, or so small that squares of what rounding takes away are subnormal.
  [[nodiscard]] PRISMATIC_HOST_DEVICE float least(index_t i, float top) const {
    const rounded_row x = own[i], y = of_b->row;
    const float size = x.whole * y.whole;
    if (!(x.whole > 1e-10F && y.whole > 1e-10F && size + of_b->bias < 1e30F)) return infinity - infinity;
    const float sums = 4 * static_cast<float>(cols + 16) * epsilon * size;  // of products of `cols` numbers, twice
    const float reach = x.off * y.whole + (x.whole + x.off) * y.off + sums;
    return top - 2 * reach - 8 * epsilon * (size + of_b->bias);
  }
  /// A bit for each of a lane's four columns from `first` + 4 lane on. Rows of products begin at multiples of 16 bytes.
  [[nodiscard]] PRISMATIC_HOST_DEVICE unsigned in_question(int lane, index_t i, index_t first, float least) const {
    const index_t j = first + 4 * lane;
    if (j >= rows_of_b) return 0;
    const four_of<float> four = *reinterpret_cast<const four_of<float>*>(products[i] + j);  // rows are that long
    unsigned found = 0;
    PRISMATIC_UNROLL
    for (int e = 0; e < 4; ++e)
      if (j + e < rows_of_b && score(four.x[e], j + e) >= least) found |= 1u << e;
    return found;
  }
  /// A lane's part of <a_i, b_j>.
  [[nodiscard]] PRISMATIC_HOST_DEVICE float part(int lane, index_t i, index_t j) const {
    float sum = 0;
    walk_row<float>(lane, lanes, cols, [&](float x, float y) { sum += x * y; }, a[i], b[j]);
    return sum;
  }
  [[nodiscard]] PRISMATIC_HOST_DEVICE float score(float product, index_t j) const {
    return bias == nullptr ? product : product + bias[j];
  }
  /// Keeps the best of the `found` rows in question. False where there were none or too many: the label is -1 then.
  PRISMATIC_HOST_DEVICE bool keep(index_t i, int found, const match& of_these) const {
    const bool decides = found > 0 && found <= most && of_these.place >= 0;
    labels[i] = decides ? static_cast<label_t>(of_these.place) : label_t{-1};
    best[i] = of_these.score;
    return decides;
  }
};

/// Takes over what was found for chosen rows.
struct put_matches {
  const token_id* rows;
  const label_t* found;
  const float* scores;
  label_t* labels;
  float* best;
  PRISMATIC_HOST_DEVICE void operator()(index_t t) const {
    labels[rows[t]] = found[t];
    best[rows[t]] = scores[t];
  }
};

}  // namespace prismatic::detail
