/// The transformer's element-wise operations the obvious way, in double. Their adjoints are checked
/// against central differences of these.
#pragma once

#include <prismatic/core/matrix.hpp>

#include <cmath>
#include <complex>
#include <vector>

namespace test::oracle {

using namespace prismatic;

inline matrix<double> rms_norm(const matrix<double>& x, const matrix<double>& gain, double epsilon) {
  matrix<double> y(x.rows(), x.cols());
  for (index_t t = 0; t < x.rows(); ++t) {
    double mean = 0;
    for (index_t j = 0; j < x.cols(); ++j) mean += x(t, j) * x(t, j) / static_cast<double>(x.cols());
    for (index_t j = 0; j < x.cols(); ++j) y(t, j) = x(t, j) / std::sqrt(mean + epsilon) * gain(0, j);
  }
  return y;
}

/// Coordinates i and i + head_dim / 2 of a head are one complex number, turned by angles(position, i).
inline matrix<double> rope(index_t head_dim, const std::vector<std::int32_t>& positions,
                           const matrix<double>& angles, const matrix<double>& x) {
  matrix<double> y(x.rows(), x.cols());
  const index_t half = head_dim / 2;
  for (index_t t = 0; t < x.rows(); ++t)
    for (index_t first = 0; first < x.cols(); first += head_dim)
      for (index_t i = 0; i < half; ++i) {
        const std::complex<double> pair(x(t, first + i), x(t, first + i + half));
        const auto turned = pair * std::polar(1.0, angles(positions[static_cast<std::size_t>(t)], i));
        y(t, first + i) = turned.real();
        y(t, first + i + half) = turned.imag();
      }
  return y;
}

inline matrix<double> swiglu(const matrix<double>& gate, const matrix<double>& up) {
  matrix<double> y(gate.rows(), gate.cols());
  for (index_t i = 0; i < y.size(); ++i)
    y.data()[i] = gate.data()[i] / (1 + std::exp(-gate.data()[i])) * up.data()[i];
  return y;
}

}  // namespace test::oracle
