#include <prismatic/backend/functors/column_products.hpp>

#include "oracle/dense.hpp"
#include "support/backends.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace prismatic;

TEST_CASE("TF32 is 11 significant bits, to nearest", "[backend][column_products]") {
  const auto rounded = [](float x) { return detail::round_to_tf32(x); };
  CHECK(rounded(1.0F) == 1.0F);
  CHECK(rounded(1.0F + 0x1p-11F) == 1.0F);             // a tie: to the even one
  CHECK(rounded(1.0F + 3 * 0x1p-11F) == 1.0F + 0x1p-9F);  // another
  CHECK(rounded(1.0F + 0x1.2p-11F) == 1.0F + 0x1p-10F);
  CHECK(rounded(-1.0F - 0x1.2p-11F) == -1.0F - 0x1p-10F);
  CHECK(rounded(0.0F) == 0.0F);
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(rounded(infinity) == infinity);
  CHECK(rounded(std::numeric_limits<float>::max()) == infinity);
  CHECK(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(rounded(std::bit_cast<float>(0x7FFFFFFFu))));
  const matrix<float> some = test::gaussian<float>(1, 1000, "tf32");
  for (index_t i = 0; i < some.size(); ++i) {
    CHECK(std::abs(rounded(some(0, i)) - some(0, i)) <= 0x1p-11F * std::abs(some(0, i)));
    CHECK((std::bit_cast<std::uint32_t>(rounded(some(0, i))) & 0x1FFFu) == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("syrk_of_rows sums chosen, scaled rows in double", "[backend][column_products]", test::built) {
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

#if PRISMATIC_TEST_THRUST || PRISMATIC_TEST_CUDA
namespace {

template <class B>
constexpr bool is_device = false;
template <class B>
constexpr bool is_device<test::carried<B>> = true;

}  // namespace

TEMPLATE_LIST_TEST_CASE("of many rows TF32 is enough, and of few it is not taken", "[backend][column_products]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t n = 70'001, m = 8;
  const matrix<T> a = test::gaussian<T>(n, m, "many");
  std::vector<double> factors;
  for (index_t t = 0; t < n; ++t) factors.push_back(1 / (1 + static_cast<double>(t % 5)));
  const auto deviation = [&](index_t rows) {  // of an entry, in units of what a diagonal one is
    matrix<double> c(m, m);
    B::template syrk_of_rows<T>(cx, 1, a.view().middle_rows(0, rows), {}, std::span(factors).first(static_cast<std::size_t>(rows)), 0,
                                c.view());
    matrix<double> scaled(rows, m);
    for (index_t t = 0; t < rows; ++t)
      for (index_t j = 0; j < m; ++j) scaled(t, j) = factors[static_cast<std::size_t>(t)] * static_cast<double>(a(t, j));
    const auto expected = test::oracle::syrk(op::transpose, 1, scaled, 0, matrix<double>(m, m));
    double largest = 0;
    for (index_t i = 0; i < m; ++i) largest = std::max(largest, expected(i, i));
    return test::largest_difference(c, expected) / largest;
  };
  CAPTURE(B::name);
  const double few = deviation(65'535), many = deviation(n);
  CHECK(few <= 1e-6);
  CHECK(many <= 2e-5);  // four standard deviations of 2^-11 in a factor, by 28,000 rows' worth of weight
  if (is_device<B> && std::same_as<T, float>) CHECK(many > 2 * few);  // rounded they were
}
#endif
