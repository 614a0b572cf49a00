#include <prismatic/backend/cpu/syrk.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

template <int Bytes, class T>
void check_tile() {
  constexpr index_t side = detail::product_tile::side, k = 37;
  CAPTURE(Bytes, sizeof(T));
  const auto left = test::gaussian<T>(k, side, "left"), right = test::gaussian<T>(k, side, "right");
  const auto expected = test::oracle::gemm(op::transpose, op::none, 2, test::widened(left),
                                           test::widened(right), 0, matrix<double>(side, side));
  for (const index_t cols : {side, index_t{7}}) {
    matrix<double> c(side, side);
    std::fill_n(c.data(), c.size(), std::numeric_limits<double>::quiet_NaN());
    detail::product_tile::run<Bytes>(left.data(), right.data(), k, 2.0, 0.0, c.data(), side, index_t{5}, cols);
    detail::product_tile::run<Bytes>(left.data(), right.data(), k, 2.0, 1.0, c.data(), side, index_t{5}, cols);
    for (index_t i = 0; i < side; ++i)
      for (index_t j = 0; j < side; ++j)
        if (i < 5 && j < cols)
          CHECK(std::abs(c(i, j) - 2 * expected(i, j)) <= test::rounding_bound<T>(k, 8));
        else
          CHECK(std::isnan(c(i, j)));
  }
}

}  // namespace

TEST_CASE("a tile is the same at every vector length", "[backend][syrk]") {
  check_tile<16, float>();
  check_tile<16, double>();
  check_tile<32, float>();
  check_tile<32, double>();
  check_tile<64, float>();
  check_tile<64, double>();
}

TEST_CASE("float products over many rows keep the accuracy of a thousand", "[backend][syrk]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 2});
  const auto a = test::gaussian<float>(20'000, 33, "a");
  matrix<double> sum(33, 33);
  B::syrk_of_rows<float>(cx, 1, a.view(), {}, {}, 1, sum.view());
  const auto exact = test::oracle::syrk(op::transpose, 1, test::widened(a), 0, matrix<double>(33, 33));
  CHECK(test::largest_difference(sum, exact) <= 1e-6 * 20'000);  // summed in float throughout: some 5e-6
}
