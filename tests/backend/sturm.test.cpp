#include <prismatic/backend/cpu/sturm.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

using namespace prismatic;

namespace {

std::vector<double> spectrum(const std::vector<double>& d, const std::vector<double>& e, int threads = 2,
                             double scale = 1) {
  thread_team team(threads);
  workspace<memory::host> scratch;
  std::vector<double> w(d.size());
  detail::tridiagonal_eigenvalues<double>(team, scratch, d.data(), e.data(), {0x1p-53}, scale,
                                          vector_view<double>(w));
  return w;
}

// How many eigenvalues lie below x, by the quotients of determinants that the kernel avoids.
index_t count(const std::vector<double>& d, const std::vector<double>& e, double x) {
  index_t found = 0;
  double q = 1;
  for (std::size_t i = 0; i < d.size(); ++i) {
    q = d[i] - x - (i > 0 ? e[i - 1] * e[i - 1] / q : 0);
    if (q == 0) q = 1e-300;
    if (q < 0) ++found;
  }
  return found;
}

template <int Bytes>
void check_counts(const std::vector<double>& d, const std::vector<double>& e) {
  constexpr index_t shifts = detail::count_below::shifts;
  std::vector<double> squared(d.size(), 1), x(shifts);
  for (std::size_t i = 1; i < d.size(); ++i) squared[i] = e[i - 1] * e[i - 1];
  for (index_t k = 0; k < shifts; ++k) x[static_cast<std::size_t>(k)] = -1.51 + 0.1 * static_cast<double>(k);
  std::vector<std::int64_t> below(shifts);
  detail::count_below::run<Bytes>(d.data(), squared.data(), static_cast<index_t>(d.size()), x.data(),
                                  below.data());
  for (std::size_t k = 0; k < x.size(); ++k) {
    CAPTURE(Bytes, x[k]);
    CHECK(below[k] == count(d, e, x[k]));
  }
}

}  // namespace

TEST_CASE("counts agree with the quotients at every vector length", "[backend][sturm]") {
  const index_t n = GENERATE(1, 15, 16, 17, 31, 32, 33, 64, 101);
  const auto random = test::gaussian<double>(2, n, "tridiagonal");
  std::vector<double> d, e;
  for (index_t i = 0; i < n; ++i) {
    d.push_back(0.3 * random(0, i));
    e.push_back(0.3 * random(1, i));
  }
  check_counts<16>(d, e);
  check_counts<32>(d, e);
  check_counts<64>(d, e);
}

TEST_CASE("sixteen steps with the least numbers allowed stay within double", "[backend][sturm]") {
  const index_t n = GENERATE(16, 17, 64, 101);
  const std::vector<double> d(static_cast<std::size_t>(n), 0), squared(d.size(), 0x1p-120), x(detail::count_below::shifts, 0);
  std::vector<std::int64_t> below(x.size());
  detail::count_below::run<64>(d.data(), squared.data(), n, x.data(), below.data());
  CHECK(below == std::vector<std::int64_t>(x.size(), n / 2));  // eigenvalues are +-2^-59 cos(...), and 0 where n is odd
}

TEST_CASE("the one-dimensional Laplacian", "[backend][sturm]") {
  const index_t n = GENERATE(1, 2, 3, 31, 32, 33, 500);
  const double unit = GENERATE(1.0, 1e-200, 3e150);
  const auto size = static_cast<std::size_t>(n);
  const auto w = spectrum(std::vector<double>(size, 2 * unit), std::vector<double>(size, -unit));
  for (index_t k = 0; k < n; ++k) {
    const double half = std::numbers::pi * static_cast<double>(k + 1) / static_cast<double>(2 * (n + 1));
    CHECK(std::abs(w[static_cast<std::size_t>(k)] / unit - 4 * std::sin(half) * std::sin(half)) <= 4e-15);
  }
}

TEST_CASE("Wilkinson's matrix has pairs that agree to the last digit", "[backend][sturm]") {
  std::vector<double> d, e(20, 1);
  for (int i = -10; i <= 10; ++i) d.push_back(std::abs(i));
  const auto w = spectrum(d, e);
  CHECK(w[20] == Approx(10.746194182903393).epsilon(1e-14));  // Wilkinson 1965, p. 309
  CHECK(w[19] == Approx(10.746194182903322).epsilon(1e-14));
  CHECK(w[0] == Approx(-1.125441522119984).epsilon(1e-14));
}

TEST_CASE("a diagonal matrix, zeros, equal values, blocks and a scale", "[backend][sturm]") {
  CHECK(spectrum({0, 0, 0}, {0, 0}) == std::vector<double>{0, 0, 0});
  const auto equal = spectrum(std::vector<double>(300, 1), std::vector<double>(300, 0));
  for (const double l : equal) CHECK(std::abs(l - 1) <= 4e-16);
  const auto sorted = spectrum({3, -1, 2}, {0, 0});
  CHECK(sorted[0] == Approx(-1));
  CHECK(sorted[1] == Approx(2));
  CHECK(sorted[2] == Approx(3));
  const auto blocks = spectrum({1, 1, 5, 5}, {1, 0, 2}, 1, 0.5);  // 0 2 and 3 7, over 1/2
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(blocks[i] - std::vector<double>{0, 4, 6, 14}[i]) <= 1e-14);
}

TEST_CASE("eigenvalues do not depend on the number of threads", "[backend][sturm]") {
  std::vector<double> d, e;
  for (int i = 0; i < 200; ++i) {
    d.push_back(std::pow(0.9, i));
    e.push_back(0.3 * std::pow(0.9, i));
  }
  const auto w = spectrum(d, e, 1);
  CHECK(w == spectrum(d, e, 3));
  double trace = 0, sum = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    trace += d[i];
    sum += w[i];
    if (i > 0) CHECK(w[i] >= w[i - 1]);
  }
  CHECK(sum == Approx(trace).epsilon(1e-14));
}

TEST_CASE("a number that is not finite is refused", "[backend][sturm]") {
  CHECK_THROWS_AS(spectrum({1, std::numeric_limits<double>::quiet_NaN()}, {0}), numeric_error);
  CHECK_THROWS_AS(spectrum({1, 1}, {std::numeric_limits<double>::infinity()}), numeric_error);
}

TEST_CASE("an eigenvalue that may be 0 is 0, at any tolerance", "[backend][sturm]") {
  thread_team team(1);
  workspace<memory::host> scratch;
  const std::vector<double> d{0.9, 0, 1, 0, -0.8, 0, 0}, e(d.size() - 1);
  std::vector<double> w(d.size());
  const double tolerance = GENERATE(1e-2, 1e-3, 1e-7);
  detail::tridiagonal_eigenvalues<double>(team, scratch, d.data(), e.data(), {0x1p-53, tolerance}, 0.5, vector_view<double>(w));
  const std::vector<double> expected{-1.6, 0, 0, 0, 0, 1.8, 2};
  for (std::size_t i = 0; i < w.size(); ++i) CHECK(std::abs(w[i] - expected[i]) <= (expected[i] == 0 ? 0 : 2 * tolerance));
}
