#include "oracle/central_difference.hpp"
#include "oracle/cross_entropy.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

using namespace prismatic;

namespace {

std::vector<token_id> targets_of(index_t rows, index_t vocabulary) {
  std::vector<token_id> out(static_cast<std::size_t>(rows));
  for (index_t t = 0; t < rows; ++t)
    out[static_cast<std::size_t>(t)] = static_cast<token_id>(t * 5 % vocabulary);
  return out;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("cross entropy and its gradient agree with the formulas", "[backend][cross_entropy]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const index_t rows = GENERATE(0, 1, 37), vocabulary = GENERATE(1, 7, 1000);
  CAPTURE(B::name, rows, vocabulary);
  const auto z = test::gaussian<T>(rows, vocabulary, "z");
  auto targets = targets_of(rows, vocabulary);
  std::vector<T> weights(targets.size()), losses(targets.size()), again(targets.size());
  for (std::size_t t = 0; t < targets.size(); ++t) {
    weights[t] = t % 3 == 1 ? T(0) : static_cast<T>(0.5 + static_cast<double>(t % 4));
    if (weights[t] == T(0)) targets[t] = -100;  // must not be read
  }
  test::strided<T> logits(z);
  B::cross_entropy(three, logits.view(), targets, weights, vector_view<T>(losses));
  CHECK(logits.padding_untouched());

  const auto expected = test::oracle::cross_entropy<T>(test::widened(z), targets, weights);
  for (std::size_t t = 0; t < losses.size(); ++t) {
    const auto w = static_cast<double>(weights[t]);
    if (w == 0)
      CHECK(losses[t] == T(0));
    else
      CHECK(std::abs(static_cast<double>(losses[t]) - expected.losses[t]) <= test::rounding_bound<T>(1, w * (expected.log_sums[t] + 5)));
  }
  CHECK(test::largest_difference(logits.packed(), expected.gradient) <= test::rounding_bound<T>(4, 4));

  matrix<T> serial = z.clone();
  B::cross_entropy(one, serial.view(), targets, weights, vector_view<T>(again));
  CHECK(test::identical(serial, logits.packed()));
  CHECK(losses == again);
}

TEST_CASE("the gradient of cross entropy is its derivative", "[backend][cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto z = test::gaussian<double>(4, 9, "z");
  const auto targets = targets_of(4, 9);
  const std::vector<double> weights{1, 0.25, 0, 2};
  std::vector<double> losses(4);
  const auto loss = [&] {
    matrix<double> copy = z.clone();
    B::cross_entropy(cx, copy.view(), targets, weights, vector_view<double>(losses));
    return std::accumulate(losses.begin(), losses.end(), 0.0);
  };
  matrix<double> gradient = z.clone();
  B::cross_entropy(cx, gradient.view(), targets, weights, vector_view<double>(losses));
  // Truncation of order 1e-10, rounding of order 1e-11: nine digits are left.
  CHECK(test::oracle::relative_error(gradient, test::oracle::central_difference(z, loss)) <= 1e-6);
}

TEMPLATE_LIST_TEST_CASE("cross entropy is shift invariant and finite at 1e4", "[backend][cross_entropy]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  // Multiples of 1/8 stay exact when 1e4 is added.
  matrix<T> z(1, 40);
  for (index_t j = 0; j < 40; ++j) z(0, j) = static_cast<T>((j * 7 % 40)) / T(8);
  const std::vector<token_id> target{3};
  const std::vector<T> weight{T(1)};
  std::vector<T> plain(1), moved(1);
  for (const double shift : {1e4, -1e4}) {
    matrix<T> a = z.clone(), b = z.clone();
    for (index_t j = 0; j < 40; ++j) b(0, j) += static_cast<T>(shift);
    B::cross_entropy(cx, a.view(), target, weight, vector_view<T>(plain));
    B::cross_entropy(cx, b.view(), target, weight, vector_view<T>(moved));
    CHECK(test::identical(a, b));
    CHECK(plain == moved);
  }
  // A target that is hopeless costs its distance, one that is certain costs nothing.
  for (const double gap : {1e4, -1e4}) {
    matrix<T> far(1, 2);
    far(0, 0) = static_cast<T>(gap);
    B::cross_entropy(cx, far.view(), std::vector<token_id>{1}, weight, vector_view<T>(moved));
    CHECK(static_cast<double>(moved[0]) == Approx(std::max(gap, 0.0)));
    CHECK(far(0, 0) == (gap > 0 ? T(1) : T(0)));
    CHECK(far(0, 1) == (gap > 0 ? T(-1) : T(0)));
  }
}

TEMPLATE_LIST_TEST_CASE("cross entropy passes a NaN on", "[backend][cross_entropy]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> z(1, 20);
  z(0, 13) = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> loss(1);
  B::cross_entropy(cx, z.view(), std::vector<token_id>{0}, std::vector<T>{T(1)}, vector_view<T>(loss));
  CHECK(std::isnan(loss[0]));
}

TEMPLATE_LIST_TEST_CASE("a row of weight 0 is cleared whatever it holds", "[backend][cross_entropy]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> z(1, 20);
  z(0, 13) = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> loss{T(5)};
  B::cross_entropy(cx, z.view(), std::vector<token_id>{-100}, std::vector<T>{T(0)}, vector_view<T>(loss));
  CHECK(loss[0] == T(0));
  CHECK(test::identical(z, matrix<T>(1, 20)));
}
