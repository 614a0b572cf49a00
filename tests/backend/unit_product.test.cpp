#include <prismatic/backend/cpu/unit_product.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace prismatic;

#if PRISMATIC_X86 && defined(__linux__)

namespace {

double squared_error(matrix_view<const float> found, matrix_view<const double> expected) {
  double sum = 0;
  for (index_t i = 0; i < found.rows(); ++i)
    for (index_t j = 0; j < found.cols(); ++j) {
      const double e = static_cast<double>(found(i, j)) - expected(i, j);
      sum += e * e;
    }
  return sum;
}

}  // namespace

// One block and two, rows and columns left over, odd depths, sums cut into runs, and more columns than a block holds.
TEST_CASE("products on matrix units agree with the oracle", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  constexpr index_t shapes[][3] = {{1, 1, 1},   {2, 3, 5},     {16, 16, 32}, {17, 15, 33},  {32, 32, 64}, {33, 48, 16},
                                   {64, 80, 31}, {5, 40, 300}, {47, 97, 257}, {3, 1060, 40}, {4, 5, 0}};
  for (const auto& [m, n, k] : shapes)
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose})
        for (const float alpha : {1.0f, 0.5f})
          for (const float beta : {0.0f, 1.0f, -2.0f}) {
            CAPTURE(m, n, k, a_op, b_op, alpha, beta);
            const auto a = a_op == op::none ? test::gaussian<float>(m, k, "a") : test::gaussian<float>(k, m, "a");
            const auto b = b_op == op::none ? test::gaussian<float>(k, n, "b") : test::gaussian<float>(n, k, "b");
            auto c = test::gaussian<float>(m, n, "c");
            const auto expected = test::oracle::gemm(a_op, b_op, static_cast<double>(alpha), test::widened(a), test::widened(b),
                                                     static_cast<double>(beta), test::widened(c));
            if (beta == 0) std::fill_n(c.data(), c.size(), std::numeric_limits<float>::quiet_NaN());  // not read
            test::strided<float> sa(a), sb(b), sc(c);
            detail::multiply_on_units<3>(a_op, b_op, alpha, sa.view(), sb.view(), beta, sc.view());
            CHECK(test::largest_difference(sc.packed(), expected) <=
                  test::rounding_bound<float>(k, 16 + 4 * std::sqrt(static_cast<double>(k))));
            CHECK(sc.padding_untouched());
          }
}

TEST_CASE("floats multiplied in parts are as exact as multiply-adds one after the other", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  for (const index_t k : {16, 64, 200, 1000}) {
    CAPTURE(k);
    // All of one sign too: what the left-out products add up to would show.
    for (const bool positive : {false, true}) {
      auto a = test::gaussian<float>(64, k, "a"), b = test::gaussian<float>(k, 64, "b");
      if (positive)
        for (auto* x : {&a, &b})
          for (index_t i = 0; i < x->size(); ++i) x->data()[i] = std::abs(x->data()[i]);
      const auto exact = test::oracle::gemm(op::none, op::none, 1, test::widened(a), test::widened(b), 0, matrix<double>(64, 64));
      matrix<float> parts(64, 64), plain(64, 64);
      detail::multiply_on_units<3>(op::none, op::none, 1, a, b, 0, parts.view());
      for (index_t i = 0; i < 64; ++i)
        for (index_t j = 0; j < 64; ++j) {
          plain(i, j) = 0;
          for (index_t l = 0; l < k; ++l) plain(i, j) = std::fma(a(i, l), b(l, j), plain(i, j));
        }
      CHECK(squared_error(parts, exact.view()) <= squared_error(plain, exact.view()));
    }
  }
}

TEST_CASE("an element of a product on matrix units does not depend on the others", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  const index_t m = 61, n = 75, k = 700;
  const auto a = test::gaussian<float>(m, k, "a"), b = test::gaussian<float>(k, n, "b"), c = test::gaussian<float>(m, n, "c");
  for (const float alpha : {1.0f, 0.5f})
    for (const float beta : {0.0f, 1.0f, 0.25f}) {
      CAPTURE(alpha, beta);
      matrix<float> whole = c.clone(), part(5, 3);
      for (index_t i = 0; i < 5; ++i)
        for (index_t j = 0; j < 3; ++j) part(i, j) = c(17 + i, 40 + j);
      detail::multiply_on_units<3>(op::none, op::none, alpha, a, b, beta, whole.view());
      detail::multiply_on_units<3>(op::none, op::none, alpha, a.view().middle_rows(17, 5), b.view().middle_cols(40, 3), beta,
                                   part.view());
      for (index_t i = 0; i < 5; ++i)
        for (index_t j = 0; j < 3; ++j) CHECK(part(i, j) == whole(17 + i, 40 + j));
    }
}

#endif
