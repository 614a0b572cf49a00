#include <prismatic/backend/cpu.hpp>
#include <prismatic/backend/cpu/multiply.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <limits>

using namespace prismatic;

// Whatever multiplies here: k below what matrix units are for, and above.
TEMPLATE_TEST_CASE("a few rows give the bits that many rows give, on any threads", "[backend][multiply]", float, double) {
  using T = TestType;
  thread_team one(1), three(3);
  workspace<memory::host> scratch;
  for (const T alpha : {T(1), T(0.5)})
    for (const T beta : {T(0), T(1), T(0.5)})
      for (const index_t n : {1, 33, 300})
        for (const index_t k : {5, 15, 16, 256, 700}) {
          CAPTURE(n, k, alpha, beta);
          const auto x = test::gaussian<T>(40, k, "x"), w = test::gaussian<T>(n, k, "w"), c = test::gaussian<T>(40, n, "c");
          matrix<T> many = c.clone(), few = c.clone();
          if (beta == 0) std::fill_n(few.data(), few.size(), std::numeric_limits<T>::quiet_NaN());  // not read
          detail::multiply<T>(op::none, op::transpose, alpha, x, w, beta, many.view());
          detail::multiply_few<T>(three, scratch, alpha, x.view().middle_rows(0, 8), w, beta, few.view().middle_rows(0, 8));
          CHECK(std::equal(many.data(), many.data() + 8 * n, few.data()));
          detail::multiply_few<T>(one, scratch, alpha, x.view().middle_rows(20, 1), w, beta, few.view().middle_rows(20, 1));
          CHECK(std::equal(many.view().row(20), many.view().row(20) + n, few.view().row(20)));
        }
}

TEST_CASE("k alone decides what multiplies", "[backend][multiply]") {
  CHECK_FALSE(detail::multiplies_on_units<double>(1024));
  CHECK_FALSE(detail::multiplies_on_units<float>(detail::least_unit_depth - 1));
  CHECK(detail::multiplies_on_units<float>(detail::least_unit_depth) == detail::has_matrix_units());
}

TEST_CASE("without matrix units products are multiply-adds, few rows and many alike", "[backend][multiply]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 2});
  const auto x = test::gaussian<float>(40, 300, "x"), w = test::gaussian<float>(50, 300, "w");
  matrix<float> expected(40, 50), many(40, 50), few(8, 50), again(40, 50), as_ever(40, 50);
  detail::multiply_by_vectors<float>(op::none, op::transpose, 1, x, w, 0, expected.view());
  detail::multiply<float>(op::none, op::transpose, 1, x, w, 0, as_ever.view());
  {
    const without_matrix_units<B> vectors(cx);
    B::gemm(cx, op::none, op::transpose, 1.0f, x, w, 0.0f, many.view());
    B::gemm(cx, op::none, op::transpose, 1.0f, x.view().middle_rows(0, 8), w, 0.0f, few.view());
  }
  B::gemm(cx, op::none, op::transpose, 1.0f, x, w, 0.0f, again.view());
  CHECK(std::equal(expected.data(), expected.data() + expected.size(), many.data()));
  CHECK(std::equal(few.data(), few.data() + few.size(), many.data()));
  CHECK(std::equal(as_ever.data(), as_ever.data() + as_ever.size(), again.data()));
}
