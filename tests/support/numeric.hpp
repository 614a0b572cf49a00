/// What every numeric test shares: the typed list of built backends, random inputs, tolerances.
#pragma once

#include "support/backends.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace test {

using namespace prismatic;

/// Standard normal entries, a function of (name, shape) only.
template <class T>
matrix<T> gaussian(index_t rows, index_t cols, std::string_view name, std::uint64_t seed = 1) {
  const random_stream random(seed, name);
  matrix<T> out(rows, cols);
  for (index_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<T>(random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// The same numbers in double, for an oracle.
template <class T>
matrix<double> widened(matrix_view<const T> m) {
  matrix<double> out(m.rows(), m.cols());
  for (index_t i = 0; i < m.rows(); ++i)
    for (index_t j = 0; j < m.cols(); ++j) out(i, j) = static_cast<double>(m(i, j));
  return out;
}
template <class T>
matrix<double> widened(const matrix<T>& m) {
  return widened<T>(m.view());
}

/// The nearest numbers of bfloat16, and those as floats.
inline matrix<bf16> rounded(const matrix<float>& m) {
  matrix<bf16> out(m.rows(), m.cols());
  for (index_t i = 0; i < m.size(); ++i) out.data()[i] = {to_bfloat16(m.data()[i])};
  return out;
}
inline matrix<float> as_floats(const matrix<bf16>& m) {
  matrix<float> out(m.rows(), m.cols());
  std::copy_n(m.data(), m.size(), out.data());
  return out;
}

/// Rounding to expect of a sum of `terms` products of the given magnitude: 8 sqrt(terms) epsilon(T) magnitude.
template <class T>
double rounding_bound(index_t terms, double magnitude) {
  return 8.0 * std::sqrt(static_cast<double>(std::max<index_t>(terms, 1))) *
         static_cast<double>(std::numeric_limits<T>::epsilon()) * magnitude;
}

/// The largest |a - b|, infinite when the shapes differ or a value is not finite.
template <class T>
double largest_difference(matrix_view<const T> a, matrix_view<const double> b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) {
      const double d = std::abs(static_cast<double>(a(i, j)) - b(i, j));
      if (!(d <= worst)) worst = std::isfinite(d) ? d : std::numeric_limits<double>::infinity();
    }
  return worst;
}
template <class T>
double largest_difference(const matrix<T>& a, const matrix<double>& b) {
  return largest_difference<T>(a.view(), b.view());
}

}  // namespace test
