/// What a covariance needs beside its products: scaled rows as matrix units multiply them, and sums of products in double.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <bit>
#include <concepts>
#include <cstdint>

namespace prismatic::detail {

/// x rounded to 11 significant bits, TF32's, to nearest, ties to even. What is not finite stays so; a number beyond the
/// largest of these becomes infinite.
[[nodiscard]] PRISMATIC_HOST_DEVICE inline float round_to_tf32(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7F800000u) == 0x7F800000u) return x;
  return std::bit_cast<float>((bits + 0xFFFu + (bits >> 13 & 1u)) & 0xFFFFE000u);
}

/// c_tj = factors[t] x_(rows[t])j: without rows row first + t, without factors once. Floats may be rounded to TF32.
template <class T>
struct scaled_element {
  strided_rows<const T> x;
  index_t first;
  const index_t* rows;    // or null
  const double* factors;  // or null
  bool rounded;
  strided_rows<T> c;

  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const {
    T value = x[rows == nullptr ? first + t : rows[t]][j];
    if (factors != nullptr) value *= static_cast<T>(factors[t]);
    if constexpr (std::same_as<T, float>)
      if (rounded) value = round_to_tf32(value);
    c[t][j] = value;
  }
};

/// sum_ij += the (i, j) of every one of `parts` square products that lie below one another, in order; the lower triangle.
template <class T>
struct add_products {
  index_t parts;
  const T* products;
  strided_rows<double> sum;
  index_t order;

  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const {
    if (j > i) return;
    double s = sum[i][j];
    for (index_t p = 0; p < parts; ++p) s += static_cast<double>(products[(p * order + i) * order + j]);
    sum[i][j] = s;
  }
};

}  // namespace prismatic::detail
