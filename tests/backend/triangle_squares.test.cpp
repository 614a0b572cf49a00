#include <prismatic/backend/cpu/triangle_squares.hpp>

#include "support/catch.hpp"
#include "support/eight_vectors.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace prismatic;
using test::at_every_length, test::held_vectors, test::side, test::eight;

TEMPLATE_TEST_CASE("one pass updates and multiplies, at every vector length", "[backend][band]", float, double) {
  using T = TestType;
  const index_t blocks = GENERATE(1, 2, 3, 4), n = blocks * side, live = n - GENERATE(index_t{0}, eight);
  held_vectors<T> v(blocks, "v"), w(blocks, "w"), x(blocks, "x");
  for (index_t p = 0; p < eight; ++p)
    for (index_t i = live; i < n; ++i) x.view()(p, i) = 0;
  const auto start = test::gaussian<T>(n, n, "a");
  const auto entry = [&](index_t i, index_t j) { return start(std::max(i, j), std::min(i, j)); };
  at_every_length([&]<int Bytes>(std::integral_constant<int, Bytes>) {
    std::vector<T> store(static_cast<std::size_t>(detail::triangle_squares<T>::elements(blocks)));
    const detail::triangle_squares<T> a{store.data()};
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < (i / side + 1) * side; ++j) a.row(i, j / side)[j % side] = entry(i, j);
    held_vectors<T> y(blocks);
    for (index_t b = 0; b < blocks; ++b)
      detail::update_and_multiply::run<Bytes>(a.block(b), b, std::min(side, live - b * side), v.view(), w.view(), x.view(), y.view());
    for (index_t i = live; i < n; ++i)
      for (index_t j = 0; j < n; ++j) CHECK(a.row(i, j / side)[j % side] == entry(i, j));
    for (index_t i = 0; i < live; ++i) {
      double sums[eight] = {};
      for (index_t j = 0; j < n; ++j) {
        double e = static_cast<double>(entry(i, j));
        for (index_t p = 0; p < eight; ++p) e -= v(p, i) * w(p, j) + w(p, i) * v(p, j);
        if (j < (i / side + 1) * side)
          CHECK(std::abs(static_cast<double>(a.row(i, j / side)[j % side]) - e) <= test::rounding_bound<T>(17, 40));
        for (index_t p = 0; p < eight; ++p) sums[p] += e * x(p, j);
      }
      for (index_t p = 0; p < eight; ++p) CHECK(std::abs(y(p, i) - sums[p]) <= test::rounding_bound<T>(n, 60));
    }
  });
}

TEMPLATE_TEST_CASE("rows that are reduced next are updated first", "[backend][band]", float, double) {
  using T = TestType;
  constexpr index_t blocks = 3, n = blocks * side;
  const index_t m = GENERATE(8, 16, 24, 40, 48);
  held_vectors<T> v(blocks, "v"), w(blocks, "w");
  const auto start = test::gaussian<T>(n, n, "a");
  std::vector<T> store(static_cast<std::size_t>(detail::triangle_squares<T>::elements(blocks)));
  const detail::triangle_squares<T> a{store.data()};
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < (i / side + 1) * side; ++j) a.row(i, j / side)[j % side] = start(i, j);
  at_every_length([&]<int Bytes>(std::integral_constant<int, Bytes>) {
    held_vectors<T> rows(blocks);
    detail::updated_rows::run<Bytes>(a, m, v.view(), w.view(), rows.view());
    for (index_t r = 0; r < eight; ++r)
      for (index_t j = 0; j < m; ++j) {
        const index_t i = m - 1 - r;
        double e = static_cast<double>(start(i, j));
        for (index_t p = 0; p < eight; ++p) e -= v(p, i) * w(p, j) + w(p, i) * v(p, j);
        CHECK(std::abs(rows(r, j) - e) <= test::rounding_bound<T>(17, 40));
      }
  });
}
