/// Row-wise operations the obvious way, in double.
#pragma once

#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix.hpp>

#include <span>
#include <vector>

namespace test::oracle {

using namespace prismatic;

inline double dot(const matrix<double>& a, index_t i, const matrix<double>& b, index_t j) {
  double sum = 0;
  for (index_t c = 0; c < a.cols(); ++c) sum += a(i, c) * b(j, c);
  return sum;
}

/// C with row s increased by the sum of X's rows in sequence s.
inline matrix<double> segment_sum(const matrix<double>& x, const layout& sequences, const matrix<double>& c) {
  matrix<double> out = c.clone();
  for (index_t s = 0; s < sequences.sequences(); ++s)
    for (index_t t = sequences[s].begin; t < sequences[s].end; ++t)
      for (index_t j = 0; j < x.cols(); ++j) out(s, j) += x(t, j);
  return out;
}

/// C with row ids[t] increased by row t of X.
inline matrix<double> scatter_rows(const matrix<double>& x, std::span<const token_id> ids,
                                   const matrix<double>& c) {
  matrix<double> out = c.clone();
  for (index_t t = 0; t < x.rows(); ++t)
    for (index_t j = 0; j < x.cols(); ++j) out(ids[static_cast<std::size_t>(t)], j) += x(t, j);
  return out;
}

/// All scores <a_i, b_j> + bias_j.
inline matrix<double> scores(const matrix<double>& a, const matrix<double>& b,
                             const std::vector<double>& bias) {
  matrix<double> out(a.rows(), b.rows());
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < b.rows(); ++j)
      out(i, j) = dot(a, i, b, j) + (bias.empty() ? 0 : bias[static_cast<std::size_t>(j)]);
  return out;
}

}  // namespace test::oracle
