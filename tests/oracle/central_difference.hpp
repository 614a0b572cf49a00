/// The gradient of a scalar function by central differences, in double.
#pragma once

#include <prismatic/core/matrix.hpp>

#include <algorithm>
#include <cmath>

namespace test::oracle {

using namespace prismatic;

/// d f / d x, `f()` being evaluated with each element of x moved by +-step in turn and x put back.
template <class F>
matrix<double> central_difference(matrix<double>& x, F&& f, double step = 1e-5) {
  matrix<double> out(x.rows(), x.cols());
  for (index_t i = 0; i < x.size(); ++i) {
    const double before = x.data()[i];
    x.data()[i] = before + step;
    const double above = f();
    x.data()[i] = before - step;
    const double below = f();
    x.data()[i] = before;
    out.data()[i] = (above - below) / (2 * step);
  }
  return out;
}

/// sum_ij a_ij b_ij: what makes a scalar of a matrix-valued function.
inline double inner(const matrix<double>& a, const matrix<double>& b) {
  double sum = 0;
  for (index_t i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

/// The largest |found - expected| over the largest |expected|.
inline double relative_error(const matrix<double>& found, const matrix<double>& expected) {
  double worst = 0, largest = 0;
  for (index_t i = 0; i < found.size(); ++i) {
    const double d = std::abs(found.data()[i] - expected.data()[i]);
    worst = d <= worst ? worst : d;  // NaN is kept
    largest = std::max(largest, std::abs(expected.data()[i]));
  }
  return worst == 0 ? 0 : worst / largest;
}

}  // namespace test::oracle
