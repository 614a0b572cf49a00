/// Matrix products the obvious way, in double.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/matrix.hpp>

namespace test::oracle {

using namespace prismatic;

inline matrix<double> transposed(const matrix<double>& a) {
  matrix<double> out(a.cols(), a.rows());
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  return out;
}

/// alpha op(A) op(B) + beta C.
inline matrix<double> gemm(op a_op, op b_op, double alpha, const matrix<double>& a, const matrix<double>& b,
                           double beta, const matrix<double>& c) {
  const matrix<double> left = a_op == op::none ? a.clone() : transposed(a);
  const matrix<double> right = b_op == op::none ? b.clone() : transposed(b);
  matrix<double> out(c.rows(), c.cols());
  for (index_t i = 0; i < c.rows(); ++i)
    for (index_t j = 0; j < c.cols(); ++j) {
      double sum = 0;
      for (index_t l = 0; l < left.cols(); ++l) sum += left(i, l) * right(l, j);
      out(i, j) = alpha * sum + (beta == 0 ? 0 : beta * c(i, j));
    }
  return out;
}

/// alpha op(A) op(A)' + beta C.
inline matrix<double> syrk(op a_op, double alpha, const matrix<double>& a, double beta,
                           const matrix<double>& c) {
  return gemm(a_op, a_op == op::none ? op::transpose : op::none, alpha, a, a, beta, c);
}

}  // namespace test::oracle
