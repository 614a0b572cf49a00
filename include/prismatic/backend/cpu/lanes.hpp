/// Reductions and exponentials over contiguous numbers, in loops that compilers turn into vector code
/// without leave to reorder floating-point sums.
#pragma once

#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace prismatic {

/// A register's worth of numbers, as g++ and clang++ know it on every processor.
typedef double double_lanes __attribute__((vector_size(64)));
typedef float float_lanes __attribute__((vector_size(64)));

/// sum_i term(i) for i in [0, n), in double, in eight interleaved partial sums.
/// Determinism: bitwise, the order of summation depends on n only.
template <class F>
[[nodiscard]] double wide_sum(index_t n, F&& term) {
  constexpr index_t lanes = 8;
  double_lanes sum{};
  const index_t whole = n - n % lanes;
  for (index_t i = 0; i < whole; i += lanes)
    sum += double_lanes{term(i),     term(i + 1), term(i + 2), term(i + 3),
                        term(i + 4), term(i + 5), term(i + 6), term(i + 7)};
  std::array<double, lanes> sums;
  std::memcpy(sums.data(), &sum, sizeof(sum));
  for (index_t i = whole; i < n; ++i) sums[static_cast<std::size_t>(i - whole)] += term(i);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// <a, b> in double: exact products of floats, no overflow for any float.
template <real T>
[[nodiscard]] double wide_dot(const T* a, const T* b, index_t n) {
  return wide_sum(n, [=](index_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

/// The largest of x[0 ... n), minus infinity for none. NaN is passed over.
template <real T>
[[nodiscard]] T greatest(const T* x, index_t n) {
  using lanes_of = std::conditional_t<std::same_as<T, float>, float_lanes, double_lanes>;
  constexpr index_t lanes = sizeof(lanes_of) / sizeof(T);
  lanes_of most{};
  most -= std::numeric_limits<T>::infinity();  // nvcc 13.0 crashes on `lanes_of{} -` that
  const index_t whole = n - n % lanes;
  for (index_t i = 0; i < whole; i += lanes) {
    lanes_of next;
    std::memcpy(&next, x + i, sizeof(next));
    most = next > most ? next : most;
  }
  std::array<T, static_cast<std::size_t>(lanes)> each;
  std::memcpy(each.data(), &most, sizeof(most));
  for (index_t i = whole; i < n; ++i) each[0] = x[i] > each[0] ? x[i] : each[0];
  return *std::max_element(each.begin(), each.end());
}

/// out[j] += the sum of term(t, j) over the rows t, for columns j in [begin, end); in double, in order of t.
/// A strip of columns at a time keeps its sums in cache while the rows go by.
template <real T, class F>
void add_column_sums(row_range rows, index_t begin, index_t end, F&& term, T* out) {
  constexpr index_t strip = 64;
  for (index_t first = begin; first < end; first += strip) {
    const index_t width = std::min(strip, end - first);
    std::array<double, strip> sums{};
    for (index_t t = rows.begin; t < rows.end; ++t)
      for (index_t j = 0; j < width; ++j) sums[static_cast<std::size_t>(j)] += term(t, first + j);
    for (index_t j = 0; j < width; ++j) out[first + j] += static_cast<T>(sums[static_cast<std::size_t>(j)]);
  }
}

/// 2^n, |n| <= 126.
[[nodiscard]] inline float power_of_two(std::int32_t n) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(n + 127) << 23);
}

/// exp(x). For float without branches, within 2 units in the last place.
///
///   x = n ln 2 + r, |r| <= ln 2 / 2,   exp(x) = 2^n (1 + r + ... + r^7 / 7!)
///
/// The remainder of the series is below 5.3e-9, a tenth of a unit.
template <real T>
[[nodiscard]] inline T exponential(T x) noexcept {
  if constexpr (std::same_as<T, double>) {
    return std::exp(x);
  } else {
    // One comparison for both ends: with two, compilers branch and leave the loop scalar.
    constexpr float end = 104.0f;  // exp(-104) rounds to 0, exp(104) to infinity
    const float size = std::abs(x);
    x = std::copysign(size > end ? end : size, x);
    constexpr float to_integer = 0x1.8p23f;  // pushes the fraction out of the significand
    const float shifted = x * 0x1.715476p0f + to_integer;
    const std::int32_t n = std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(to_integer);
    const auto whole = static_cast<float>(n);
    const float r = (x - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f;  // ln 2 in two parts, the first exact
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r + 1.0f;
    series = series * r + 1.0f;
    const std::int32_t half = n >> 1;  // 2^n in two factors: neither over- nor underflows
    return series * power_of_two(half) * power_of_two(n - half);
  }
}

}  // namespace prismatic
