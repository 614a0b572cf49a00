#include <prismatic/backend/cpu/band_reduction.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

constexpr index_t eight = detail::band_width;

struct held_band {
  std::vector<double> data;

  explicit held_band(index_t n) : data(static_cast<std::size_t>(detail::symmetric_band::elements(n))) {}
  [[nodiscard]] detail::symmetric_band view() { return {data.data()}; }
};

template <class T>
held_band reduce(const matrix<T>& c, T scale, int threads) {
  thread_team team(threads);
  workspace<memory::host> scratch;
  held_band band(c.rows());
  detail::reduce_to_band<T>(team, scratch, c.view(), scale, band.view());
  return band;
}

// The upper triangle must not be read.
template <class T>
matrix<T> symmetric(index_t n) {
  auto c = test::gaussian<T>(n, n, "c");
  for (index_t i = 0; i < n; ++i)
    for (index_t j = i + 1; j < n; ++j) c(i, j) = std::numeric_limits<T>::quiet_NaN();
  return c;
}

// tr C, tr C^2 and tr C^3 in double: sums of powers of the eigenvalues.
template <class Entry>
std::vector<double> moments(index_t n, Entry&& entry) {
  matrix<double> square(n, n);
  double first = 0, second = 0, third = 0;
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < n; ++j)
      for (index_t k = 0; k < n; ++k) square(i, j) += entry(i, k) * entry(k, j);
  for (index_t i = 0; i < n; ++i) {
    first += entry(i, i);
    second += square(i, i);
    for (index_t j = 0; j < n; ++j) third += square(i, j) * entry(j, i);
  }
  return {first, second, third};
}

}  // namespace

TEMPLATE_TEST_CASE("sums of powers of the eigenvalues survive the reduction to a band", "[backend][band]", float, double) {
  using T = TestType;
  const index_t n = GENERATE(1, 2, 7, 8, 9, 16, 17, 33, 130, 145);
  const int threads = GENERATE(1, 3);
  CAPTURE(n, threads);
  const auto c = symmetric<T>(n);
  auto band = reduce<T>(c, T(0.25), threads);
  const auto expected =
      moments(n, [&](index_t i, index_t j) { return static_cast<double>(c(std::max(i, j), std::min(i, j))) / 4; });
  const auto found = moments(n, [&](index_t i, index_t j) {
    return std::abs(i - j) <= eight ? *band.view().at(i, j) : 0.0;
  });
  const double norm = std::sqrt(expected[1]);
  CHECK(std::abs(found[0] - expected[0]) <= test::rounding_bound<T>(n, norm));
  CHECK(std::abs(found[1] - expected[1]) <= test::rounding_bound<T>(n, norm * norm));
  CHECK(std::abs(found[2] - expected[2]) <= test::rounding_bound<T>(n, norm * norm * norm));
  for (index_t i = 0; i < n + 2 * eight; ++i)  // and nothing lies beside it
    for (index_t j = std::max<index_t>(0, i - 15); j <= i; ++j)
      if (i >= n || i - j > eight) CHECK(*band.view().at(i, j) == 0);
}

// Rows of squares that are full, half full, and padded; and every number of rows left when float takes over.
TEST_CASE("a reduction may be handed over from double to float, without its mean, after any number of steps", "[backend][band]") {
  const index_t n = GENERATE(18, 33, 130, 145);
  const int threads = GENERATE(1, 3);
  const auto c = symmetric<double>(n);
  const auto expected = moments(n, [&](index_t i, index_t j) { return c(std::max(i, j), std::min(i, j)) / 4; });
  const double norm = std::sqrt(expected[1]);
  thread_team team(threads);
  workspace<memory::host> scratch;
  for (index_t steps = 0; steps <= n / eight; ++steps) {
    held_band held(n);
    const auto band = held.view();
    const auto finish = [&](detail::band_reduction<float> r) {
      while (r.left() > 0) r.step(band);
    };
    if (steps == 0) {
      finish({team, scratch, c.view(), 0.25, 0.1});
    } else {
      detail::band_reduction<double> exact(team, scratch, c.view(), 0.25, -0.03);
      for (index_t s = 0; s < steps; ++s) exact.step(band);
      finish({team, scratch, exact, 0.1});
    }
    const auto found = moments(n, [&](index_t i, index_t j) { return std::abs(i - j) <= eight ? *band.at(i, j) : 0.0; });
    CAPTURE(n, threads, steps);
    CHECK(std::abs(found[0] - expected[0]) <= test::rounding_bound<float>(n, norm));
    CHECK(std::abs(found[1] - expected[1]) <= test::rounding_bound<float>(n, norm * norm));
    CHECK(std::abs(found[2] - expected[2]) <= test::rounding_bound<float>(n, norm * norm * norm));
  }
}

TEST_CASE("a band stays as it is", "[backend][band]") {
  constexpr index_t n = 43;
  const auto drawn = test::gaussian<double>(n, n, "band");
  matrix<double> c(n, n);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = std::max<index_t>(0, i - eight); j <= i; ++j) c(i, j) = drawn(i, j);
  auto band = reduce<double>(c, 1, 1);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = std::max<index_t>(0, i - eight); j <= i; ++j) {
      CHECK(*band.view().at(i, j) == c(i, j));
      CHECK(*band.view().at(j, i) == c(i, j));
    }
}

TEST_CASE("the reduction is the same from run to run", "[backend][band]") {
  const auto c = symmetric<double>(230);
  CHECK(reduce<double>(c, 1, 2).data == reduce<double>(c, 1, 2).data);
}
