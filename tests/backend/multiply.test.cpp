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
  for (const T alpha : {T(1), T(0.5)})
    for (const T beta : {T(0), T(1), T(0.5)})
      for (const index_t n : {1, 33, 300})
        for (const index_t k : {5, 15, 16, 256, 700}) {
          CAPTURE(n, k, alpha, beta);
          const auto x = test::gaussian<T>(40, k, "x"), w = test::gaussian<T>(n, k, "w"), c = test::gaussian<T>(40, n, "c");
          matrix<T> many = c.clone(), few = c.clone();
          if (beta == 0) std::fill_n(few.data(), few.size(), std::numeric_limits<T>::quiet_NaN());  // not read
          detail::multiply<T>(op::none, op::transpose, alpha, x, w, beta, many.view());
          detail::multiply_few<T>(three, alpha, x.view().middle_rows(0, 8), w, beta, few.view().middle_rows(0, 8));
          CHECK(std::equal(many.data(), many.data() + 8 * n, few.data()));
          detail::multiply_few<T>(one, alpha, x.view().middle_rows(20, 1), w, beta, few.view().middle_rows(20, 1));
          CHECK(std::equal(many.view().row(20), many.view().row(20) + n, few.view().row(20)));
        }
}

TEST_CASE("k alone decides what multiplies", "[backend][multiply]") {
  CHECK_FALSE(detail::multiplies_on_units<double>(1024));
  CHECK_FALSE(detail::multiplies_on_units<float>(detail::least_unit_depth - 1));
  CHECK(detail::multiplies_on_units<float>(detail::least_unit_depth) == detail::has_matrix_units());
}
