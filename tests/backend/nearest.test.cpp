#include "oracle/rows.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("nearest finds the greatest score", "[backend][nearest]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const index_t n = GENERATE(0, 1, 127, 129), k = GENERATE(1, 7, 512, 1100), d = 17;
  const bool biased = GENERATE(false, true);
  context<B> one({.threads = 1}), three({.threads = 3});
  CAPTURE(B::name, n, k, biased);
  const auto a = test::gaussian<T>(n, d, "a"), b = test::gaussian<T>(k, d, "b");
  const auto bias = biased ? test::gaussian<T>(1, k, "bias") : matrix<T>();
  test::strided<T> sa(a), sb(b);
  std::vector<label_t> labels(static_cast<std::size_t>(n), -1), again(labels.size(), -1);
  std::vector<T> best(labels.size()), best_again(labels.size());
  B::nearest(three, sa.view(), sb.view(), bias.flat(), vector_view<label_t>(labels), vector_view<T>(best));

  const auto wide = test::widened(bias);
  const auto scores = test::oracle::scores(test::widened(a), test::widened(b),
                                           std::vector<double>(wide.data(), wide.data() + wide.size()));
  const double bound = test::rounding_bound<T>(d, 30);
  for (index_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double most = *std::max_element(scores.view().row(i), scores.view().row(i) + k);
    REQUIRE(labels[at] >= 0);
    REQUIRE(labels[at] < k);
    CHECK(std::abs(static_cast<double>(best[at]) - most) <= bound);
    CHECK(scores(i, labels[at]) >= most - 2 * bound);
  }
  B::nearest(one, a, b, bias.flat(), vector_view<label_t>(again), vector_view<T>(best_again));
  CHECK(labels == again);
  CHECK(best == best_again);
}

TEMPLATE_LIST_TEST_CASE("nearest gives ties to the first, in and across tiles", "[backend][nearest]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t k = 1100;
  matrix<T> a(3, 2), b(k, 2);
  a(0, 0) = T(1);   // row 0 scores 1 at 5, 6, 700, 1099
  a(1, 1) = T(-1);  // row 1 scores 0 everywhere
  a(2, 0) = T(-1);  // row 2 scores 0 but at the four: first is 0
  for (const index_t j : {5, 6, 700, 1099}) b(j, 0) = T(1);
  std::vector<label_t> labels(3);
  std::vector<T> best(3);
  B::nearest(cx, a, b, {}, vector_view<label_t>(labels), vector_view<T>(best));
  CHECK(labels == std::vector<label_t>{5, 0, 0});
  CHECK(best == std::vector<T>{T(1), T(0), T(0)});
}

TEMPLATE_LIST_TEST_CASE("nearest gives a row of NaN a valid label", "[backend][nearest]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> a(1, 1), b(3, 1);
  a(0, 0) = std::numeric_limits<T>::quiet_NaN();
  std::vector<label_t> labels{-5};
  std::vector<T> best(1);
  B::nearest(cx, a, b, {}, vector_view<label_t>(labels), vector_view<T>(best));
  CHECK(labels[0] == 0);
  CHECK(best[0] == -std::numeric_limits<T>::infinity());
}
