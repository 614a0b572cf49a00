#include <prismatic/backend/cpu/reflections.hpp>

#include "support/catch.hpp"
#include "support/eight_vectors.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

using namespace prismatic;
using test::at_every_length, test::held_vectors, test::side, test::eight;

TEMPLATE_TEST_CASE("vectors are added", "[backend][band]", float, double) {
  using T = TestType;
  at_every_length([&]<int Bytes>(std::integral_constant<int, Bytes>) {
    held_vectors<T> y(3, "y"), w(3, "w");
    held_vectors<T> start = w;
    detail::added_vectors::run<Bytes>(y.view(), 2, w.view());
    for (index_t p = 0; p < eight; ++p)
      for (index_t i = 0; i < 3 * side; ++i)
        CHECK(w.view()(p, i) == (i < 2 * side ? start.view()(p, i) + y.view()(p, i) : start.view()(p, i)));
  });
}

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
