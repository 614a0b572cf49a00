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

TEMPLATE_LIST_TEST_CASE("syrk_of_rows sums chosen, scaled rows in double", "[backend][syrk]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const index_t m = GENERATE(1, 31, 32, 33, 70), k = GENERATE(0, 1, 40, 2050);
  CAPTURE(B::name, m, k);
  test::strided<T> a(test::gaussian<T>(k + 3, m, "a"));
  std::vector<index_t> rows;
  std::vector<double> factors;
  matrix<double> chosen(k, m);
  for (index_t t = 0; t < k; ++t) {
    rows.push_back((7 * t + 2) % (k + 3));
    factors.push_back(0.5 + static_cast<double>(t % 3));
    for (index_t j = 0; j < m; ++j)
      chosen(t, j) = factors.back() * static_cast<double>(a.view()(rows.back(), j));
  }
  // A diagonal entry is at most some 3 k, and at most 1024 of its terms are added in T.
  const double bound = test::rounding_bound<T>(std::min<index_t>(k, 1024), static_cast<double>(k + 10) / 2);
  matrix<double> c(m, m), again(m, m);
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < m; ++j) c(i, j) = again(i, j) = static_cast<double>(i + j);
  const auto expected = test::oracle::syrk(op::transpose, -1, chosen, 1, c);
  if (k > 0) {
    B::template syrk_of_rows<T>(three, -1, a.view(), rows, factors, 1, c.view());
    CHECK(test::largest_difference(c, expected) <= bound);
    B::template syrk_of_rows<T>(one, -1, a.view(), rows, factors, 1, again.view());
    CHECK(test::identical(c, again));
  }

  const auto all = test::oracle::syrk(op::transpose, 1, test::widened(a.packed()), 0, c);
  matrix<double> sum(m, m);
  std::fill_n(sum.data(), sum.size(), std::numeric_limits<double>::quiet_NaN());  // not read
  B::template syrk_of_rows<T>(three, 1, a.view(), {}, {}, 0, sum.view());
  CHECK(test::largest_difference(sum, all) <= bound);
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
