#include <prismatic/backend/cpu/tridiagonal.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <cmath>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

template <class T>
std::pair<std::vector<T>, std::vector<T>> reduce(const matrix<T>& c, T scale, int threads) {
  thread_team team(threads);
  workspace<memory::host> scratch;
  std::vector<T> d(static_cast<std::size_t>(c.rows())), e(d.size());
  detail::reduce_to_tridiagonal<T>(team, scratch, c.view(), scale, d.data(), e.data());
  return {d, e};
}

// The upper triangle must not be read.
template <class T>
matrix<T> symmetric(index_t n) {
  auto c = test::gaussian<T>(n, n, "c");
  for (index_t i = 0; i < n; ++i)
    for (index_t j = i + 1; j < n; ++j) c(i, j) = std::numeric_limits<T>::quiet_NaN();
  return c;
}

// Traces of the matrix and of its square.
template <class T>
std::pair<double, double> moments(const matrix<T>& c) {
  double trace = 0, square = 0;
  for (index_t i = 0; i < c.rows(); ++i) {
    trace += static_cast<double>(c(i, i));
    for (index_t j = 0; j <= i; ++j)
      square += (i == j ? 1 : 2) * static_cast<double>(c(i, j)) * static_cast<double>(c(i, j));
  }
  return {trace, square};
}

}  // namespace

TEMPLATE_TEST_CASE("one pass updates and multiplies, at every vector length", "[backend][tridiagonal]", float,
                   double) {
  using T = TestType;
  constexpr index_t side = detail::triangle_blocks<T>::side, n = 3 * side;
  const auto vectors = test::gaussian<T>(3, n, "vectors"), start = test::gaussian<T>(n, n, "a");
  const T *v = vectors.view().row(0), *w = vectors.view().row(1), *x = vectors.view().row(2);
  const auto check = [&](auto&& run) {
    std::vector<T> store(static_cast<std::size_t>(detail::triangle_blocks<T>::elements(3)));
    const detail::triangle_blocks<T> a{store.data(), n};
    const auto entry = [&](index_t i, index_t j) { return start(std::max(i, j), std::min(i, j)); };
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < (i / side + 1) * side; ++j) a.row(i)[j] = entry(i, j);
    std::vector<T> y(n);
    for (index_t b = 0; b < 3; ++b) run(a.block(b), b, v, w, x, y.data());
    for (index_t i = 0; i < n; ++i) {
      double sum = 0;
      for (index_t j = 0; j < n; ++j) {
        const double e = static_cast<double>(entry(i, j)) -
                         static_cast<double>(v[i]) * static_cast<double>(w[j]) -
                         static_cast<double>(w[i]) * static_cast<double>(v[j]);
        if (j < (i / side + 1) * side)
          CHECK(std::abs(static_cast<double>(a.row(i)[j]) - e) <= test::rounding_bound<T>(3, 10));
        sum += e * static_cast<double>(x[j]);
      }
      CHECK(std::abs(static_cast<double>(y[static_cast<std::size_t>(i)]) - sum) <=
            test::rounding_bound<T>(n, 10));
    }
  };
  using kernel = detail::update_and_multiply;
  check([](auto... args) { kernel::run<16>(args...); });
  check([](auto... args) { kernel::run<32>(args...); });
  check([](auto... args) { kernel::run<64>(args...); });
}

TEMPLATE_TEST_CASE("trace and Frobenius norm survive the reduction", "[backend][tridiagonal]", float, double) {
  using T = TestType;
  const index_t n = GENERATE(1, 2, 3, 15, 16, 17, 33, 190, 209);
  CAPTURE(n);
  const auto c = symmetric<T>(n);
  const auto [trace, square] = moments(c);
  const auto [d, e] = reduce<T>(c, T(0.25), 3);
  double found = 0, found_square = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    found += static_cast<double>(d[i]);
    found_square += static_cast<double>(d[i]) * static_cast<double>(d[i]);
    if (i + 1 < d.size()) found_square += 2 * static_cast<double>(e[i]) * static_cast<double>(e[i]);
  }
  const double norm = std::sqrt(square) / 4;
  CHECK(std::abs(found - trace / 4) <= test::rounding_bound<T>(n, norm));
  CHECK(std::abs(found_square - norm * norm) <= test::rounding_bound<T>(n, norm * norm));
}

TEST_CASE("a tridiagonal matrix stays as it is, up to signs", "[backend][tridiagonal]") {
  matrix<double> c(40, 40);
  for (index_t i = 0; i < 40; ++i) {
    c(i, i) = static_cast<double>(i);
    if (i > 0) c(i, i - 1) = 0.5;
  }
  const auto [d, e] = reduce<double>(c, 1, 1);
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(d[i] == static_cast<double>(i));
    if (i > 0) CHECK(std::abs(e[i - 1]) == 0.5);
  }
}

TEST_CASE("the reduction is the same from run to run", "[backend][tridiagonal]") {
  const auto c = symmetric<double>(230);
  CHECK(reduce<double>(c, 1, 2) == reduce<double>(c, 1, 2));
}
