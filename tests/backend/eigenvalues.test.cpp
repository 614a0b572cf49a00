#include <prismatic/backend/cpu/eigenvalues.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace prismatic;

namespace {

// A matrix of known spectrum: H diag(lambda) H, H = I - 2 u u' / u'u.
template <class T>
matrix<T> with_spectrum(const std::vector<double>& lambda) {
  const auto n = static_cast<index_t>(lambda.size());
  const auto u = test::gaussian<double>(1, n, "direction");
  double uu = 0, ulu = 0;
  for (index_t i = 0; i < n; ++i) {
    uu += u(0, i) * u(0, i);
    ulu += u(0, i) * u(0, i) * lambda[static_cast<std::size_t>(i)];
  }
  matrix<T> out(n, n);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < n; ++j) {
      const double li = lambda[static_cast<std::size_t>(i)], lj = lambda[static_cast<std::size_t>(j)];
      const double uiuj = u(0, i) * u(0, j) / uu;
      out(i, j) = static_cast<T>((i == j ? li : 0) - 2 * uiuj * (li + lj) + 4 * uiuj * ulu / uu);
    }
  return out;
}

std::vector<double> decaying(index_t n, double ratio) {
  std::vector<double> lambda;
  for (index_t i = 0; i < n; ++i) lambda.push_back(std::pow(ratio, static_cast<double>(i)));
  return lambda;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a known spectrum comes back", "[backend][eigen]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t n = GENERATE(1, 2, 3, 15, 16, 17, 31, 32, 33, 101, 256);
  const auto count = static_cast<std::size_t>(n);
  std::vector<double> few(count, 0.0), clusters(count, 1.0), both(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i < 3) few[i] = 1;
    clusters[i] += static_cast<double>(i % 3) + 1e-9 * static_cast<double>(i);
    both[i] = static_cast<double>(i) - static_cast<double>(n) / 2;
  }
  for (auto lambda : {decaying(n, 0.9), decaying(n, 0.5), few, clusters, both, std::vector<double>(count, 1.0),
                      std::vector<double>(count, 0.0)})
    for (const double unit : {1.0, 1e-25, 1e25}) {
      for (double& l : lambda) l *= unit;
      auto c = test::strided<T>(with_spectrum<T>(lambda));
      std::vector<T> w(count);
      B::eigenvalues(cx, c.view(), vector_view<T>(w));
      std::ranges::sort(lambda);
      const double norm = std::max(std::abs(lambda.front()), std::abs(lambda.back()));
      double worst = 0;
      for (std::size_t i = 0; i < count; ++i)
        worst = std::max(worst, std::abs(static_cast<double>(w[i]) - lambda[i]));
      CAPTURE(B::name, n, unit);
      CHECK(worst <= test::rounding_bound<T>(n, norm));
      CHECK(std::ranges::is_sorted(w));
      CHECK(c.padding_untouched());
      for (double& l : lambda) l /= unit;
    }
}

TEMPLATE_LIST_TEST_CASE("errors may be allowed, in units of the mean", "[backend][eigen]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t n = GENERATE(1, 7, 9, 65, 255, 256);
  const auto count = static_cast<std::size_t>(n);
  std::vector<double> flat(count), dominated, few(count, 0.0), twice(count), indefinite(count);
  for (std::size_t i = 0; i < count; ++i) {
    flat[i] = 1 + 0.3 * std::sin(static_cast<double>(i));
    if (i < 3) few[i] = 1;
    twice[i] = i < count / 2 ? 1 : 1e-6;
    indefinite[i] = static_cast<double>(i) - 0.7 * static_cast<double>(n);
  }
  dominated = flat;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, 12); ++i) dominated[i] = 1e4;
  for (auto lambda : {flat, dominated, few, twice, indefinite, decaying(n, 0.9), decaying(n, 0.5), std::vector<double>(count, 0.0)})
    for (const double unit : {1.0, 1e-25, 1e25}) {
      for (double& l : lambda) l *= unit;
      auto c = test::strided<T>(with_spectrum<T>(lambda));
      std::vector<T> w(count);
      constexpr double allowed = 1e-6;
      B::eigenvalues(cx, c.view(), vector_view<T>(w), allowed);
      std::ranges::sort(lambda);
      const double mean = std::accumulate(lambda.begin(), lambda.end(), 0.0) / static_cast<double>(n);
      const double exact = test::rounding_bound<T>(n, std::max(std::abs(lambda.front()), std::abs(lambda.back())));
      double most = 0, squared = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double wrong = std::abs(static_cast<double>(w[i]) - lambda[i]);
        most = std::max(most, wrong);
        squared += wrong * wrong;
      }
      const double slack = 2 * allowed * std::max(mean, 0.0), root = std::sqrt(static_cast<double>(n));
      CAPTURE(B::name, n, unit);
      CHECK(most <= exact + root * slack);
      CHECK(std::sqrt(squared) <= root * (exact + slack));
      CHECK(std::ranges::is_sorted(w));
      for (double& l : lambda) l /= unit;
    }
}

// What is allowed is used where it helps, and only there.
TEST_CASE("the reduction goes on in float once what is left is small beside the mean", "[backend][eigen]") {
  thread_team team(GENERATE(1, 2));
  workspace<memory::host> scratch;
  const index_t n = GENERATE(64, 145, 256);
  const auto count = static_cast<std::size_t>(n);
  std::vector<double> flat(count), dominated, indefinite;
  for (std::size_t i = 0; i < count; ++i) flat[i] = 1 + 0.3 * std::sin(static_cast<double>(i));
  dominated = indefinite = flat;
  for (std::size_t i = 0; i < 12; ++i) dominated[i] = 1e4;
  for (std::size_t i = 0; i < 12; ++i) indefinite[i] = -1e4;
  const auto worst = [&](std::vector<double> lambda, double allowed) {
    const auto c = with_spectrum<double>(lambda);
    std::vector<double> w(count);
    detail::symmetric_eigenvalues<double>(team, scratch, c.view(), vector_view<double>(w), allowed);
    std::ranges::sort(lambda);
    double most = 0;
    for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::abs(w[i] - lambda[i]));
    return most;
  };
  const double exact = test::rounding_bound<double>(n, 1);
  CAPTURE(n);
  CHECK(worst(flat, 0) <= exact);
  CHECK(worst(flat, 1e-6) > 100 * exact);
  CHECK(worst(flat, 1e-9) <= 1e-9);          // float would err by more than this
  CHECK(worst(dominated, 0) <= 1e4 * exact);
  CHECK(worst(dominated, 1e-8) <= 1e-6);     // float throughout: 1e-3
  CHECK(worst(dominated, 1e-8) > 1e-9);
  CHECK(worst(indefinite, 1e-6) <= 1e4 * exact);  // the mean is negative
  std::vector<double> tiny = dominated, huge = dominated;  // the sums of squares are 0 and infinite
  for (double& l : tiny) l *= 1e-200;
  for (double& l : huge) l *= 1e200;
  CHECK(worst(tiny, 1e-6) <= 1e-196 * exact);
  CHECK(worst(huge, 1e-6) <= 1e204 * exact);
}

TEMPLATE_LIST_TEST_CASE("values alone agree with those of the eigenvectors", "[backend][eigen]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t n = GENERATE(64, 255, 300);
  const auto rows = test::gaussian<T>(n / 2, n, "rows");
  matrix<T> c(n, n);
  B::syrk(cx, op::transpose, T(1) / static_cast<T>(n), rows, T(0), c.view());
  auto vectors = c.clone();
  matrix<double> exact = test::widened(c);
  std::vector<T> alone(static_cast<std::size_t>(n)), with(alone.size());
  std::vector<double> expected(alone.size());
  B::eigensystem(cx, exact.view(), vector_view<double>(expected));
  B::eigenvalues(cx, c.view(), vector_view<T>(alone));
  B::eigensystem(cx, vectors.view(), vector_view<T>(with));
  // The largest is below 3. Vectors are made by QR steps, whose rotations, some n a value, each add a rounding: n epsilon
  // times the norm, and in float Eigen's come to more than half of that. Values alone are not made so.
  const double by_rotations = static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon()) * 3;
  for (std::size_t i = 0; i < with.size(); ++i) {
    CHECK(std::abs(static_cast<double>(alone[i]) - expected[i]) <= std::min(by_rotations, test::rounding_bound<T>(n, 3)));
    CHECK(std::abs(static_cast<double>(with[i]) - expected[i]) <= by_rotations);
  }
}

TEMPLATE_TEST_CASE("one entry that is not finite is refused wherever it lies", "[backend][eigen]", float,
                   double) {
  using T = TestType;
  thread_team team(1);
  workspace<memory::host> scratch;
  const index_t n = GENERATE(1, 2, 3, 16, 40);
  const T bad = GENERATE(std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity());
  std::vector<T> w(static_cast<std::size_t>(n));
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j <= i; ++j) {
      auto c = test::gaussian<T>(n, n, "c");
      c(i, j) = bad;
      CAPTURE(n, i, j);
      CHECK_THROWS_AS(detail::symmetric_eigenvalues<T>(team, scratch, c.view(), vector_view<T>(w)),
                      numeric_error);
    }
}
