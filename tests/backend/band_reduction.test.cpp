#include <prismatic/backend/cpu/band_reduction.hpp>

#include "support/catch.hpp"
#include "support/eight_vectors.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;
using test::at_every_length;
using test::held_vectors;

namespace {

constexpr index_t side = 16, eight = detail::band_width;

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

TEMPLATE_TEST_CASE("reflections bring vectors to their last numbers", "[backend][band]", float, double) {
  using T = TestType;
  const index_t length = GENERATE(1, 5, 8, 16, 24, 40), groups = (length + side - 1) / side;
  CAPTURE(length);
  at_every_length([&]<int Bytes>(std::integral_constant<int, Bytes>) {
    held_vectors<T> rows(groups, "rows"), v(groups, "v");
    if (length > 20)
      for (index_t i = 0; i < length - 4; ++i) rows.view()(3, i) = rows.view()(1, i);  // nothing is left of this one
    held_vectors<T> start = rows;
    detail::make_reflections::run<Bytes>(rows.view(), length, v.view());
    for (index_t r = 0; r < eight; ++r) {
      std::vector<double> x;
      for (index_t i = 0; i < length; ++i) x.push_back(start(r, i));
      for (index_t p = 0; p <= r; ++p) {
        double along = 0, squared = 0;
        for (index_t i = 0; i < length; ++i) {
          along += v(p, i) * x[static_cast<std::size_t>(i)];
          squared += v(p, i) * v(p, i);
        }
        for (index_t i = 0; i < length; ++i) x[static_cast<std::size_t>(i)] -= along * v(p, i);
        CHECK((squared == 0 || std::abs(squared - 2) <= test::rounding_bound<T>(length, 4)));
        CHECK((squared == 0) == (length - p - 1 < 1));
      }
      for (index_t i = 0; i < length; ++i) {
        const double expected = i < length - r - 1 ? 0 : rows(r, i);  // of what is cleared nothing is written
        CHECK(std::abs(expected - x[static_cast<std::size_t>(i)]) <= test::rounding_bound<T>(8 * length, 10));
      }
      for (index_t i = std::max<index_t>(0, length - r); i < groups * side; ++i) CHECK(v(r, i) == 0);
    }
  });
}

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
