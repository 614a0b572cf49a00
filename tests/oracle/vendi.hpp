/// Entropy, scores and surprisal the slow way: loops and Jacobi rotations, in double.
#pragma once

#include <prismatic/core/matrix.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace test::oracle {

using prismatic::index_t;
using prismatic::matrix;

struct spectral {
  std::vector<double> values;
  matrix<double> vectors;  // row i belongs to values[i]
};

/// Eigensystem of a symmetric matrix by cyclic Jacobi rotations.
inline spectral eigensystem(matrix<double> a) {
  const index_t n = a.rows();
  spectral out{{}, matrix<double>(n, n)};
  for (index_t i = 0; i < n; ++i) out.vectors(i, i) = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0;
    for (index_t p = 0; p < n; ++p)
      for (index_t q = p + 1; q < n; ++q) {
        off += a(p, q) * a(p, q);
        if (a(p, q) == 0) continue;
        const double angle = 0.5 * std::atan2(2 * a(p, q), a(q, q) - a(p, p));
        const double c = std::cos(angle), s = std::sin(angle);
        for (index_t k = 0; k < n; ++k) {
          const double x = a(k, p), y = a(k, q);
          a(k, p) = c * x - s * y;
          a(k, q) = s * x + c * y;
        }
        for (index_t k = 0; k < n; ++k) {
          const double x = a(p, k), y = a(q, k), u = out.vectors(p, k), v = out.vectors(q, k);
          a(p, k) = c * x - s * y;
          a(q, k) = s * x + c * y;
          out.vectors(p, k) = c * u - s * v;
          out.vectors(q, k) = s * u + c * v;
        }
      }
    if (off < 1e-30) break;
  }
  for (index_t i = 0; i < n; ++i) out.values.push_back(a(i, i));
  return out;
}

/// x with every row at unit length.
inline matrix<double> unit_rows(const matrix<double>& x) {
  matrix<double> out = x.clone();
  for (index_t i = 0; i < x.rows(); ++i) {
    double squared = 0;
    for (index_t j = 0; j < x.cols(); ++j) squared += x(i, j) * x(i, j);
    for (index_t j = 0; j < x.cols(); ++j) out(i, j) /= std::sqrt(squared);
  }
  return out;
}

/// sum w z z' / sum w over unit rows z.
inline matrix<double> covariance(const matrix<double>& x, std::span<const double> weights = {}) {
  const matrix<double> z = unit_rows(x);
  matrix<double> c(x.cols(), x.cols());
  double total = 0;
  for (index_t i = 0; i < x.rows(); ++i) {
    const double w = weights.empty() ? 1 : weights[static_cast<std::size_t>(i)];
    total += w;
    for (index_t a = 0; a < x.cols(); ++a)
      for (index_t b = 0; b < x.cols(); ++b) c(a, b) += w * z(i, a) * z(i, b);
  }
  for (index_t i = 0; i < c.size(); ++i) c.data()[i] /= total;
  return c;
}

/// Renyi entropy by its definition; eigenvalues below 1e-12 count as 0.
inline double entropy(const std::vector<double>& lambda, double order) {
  double sum = 0, largest = 0;
  for (const double l : lambda) {
    if (l < 1e-12) continue;
    largest = std::max(largest, l);
    sum += order == 1 ? -l * std::log(l) : std::pow(l, order);
  }
  if (std::isinf(order)) return -std::log(largest);
  return order == 1 ? sum : std::log(sum) / (1 - order);
}

inline double vendi(const matrix<double>& x, double order = 1, std::span<const double> weights = {}) {
  return std::exp(entropy(eigensystem(covariance(x, weights)).values, order));
}

/// x' f(a) x.
template <class F>
double quadratic_form(const spectral& a, F&& f, const double* x) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    double dot = 0;
    for (index_t j = 0; j < a.vectors.cols(); ++j) dot += a.vectors(static_cast<index_t>(i), j) * x[j];
    sum += f(a.values[i]) * dot * dot;
  }
  return sum;
}

}  // namespace test::oracle
