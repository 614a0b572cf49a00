#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace prismatic;

TEST_CASE("vectorised runs its loops once and gives the same numbers up to rounding", "[backend][vectorised]") {
  for (const index_t n : {0, 1, 7, 8, 15, 16, 17, 33, 100, 1000}) {
    const auto x = test::gaussian<float>(2, n, "x");
    std::vector<float> y(static_cast<std::size_t>(n)), expected(y);
    const auto loop = [&](float* out) {
      for (index_t j = 0; j < n; ++j) out[j] = exponential(x(0, j)) / (1.0f + x(1, j) * x(1, j));
    };
    loop(expected.data());
    int runs = 0;
    vectorised([&] {
      ++runs;
      loop(y.data());
    });
    CHECK(runs == 1);
    for (std::size_t j = 0; j < y.size(); ++j) CHECK(y[j] == Approx(expected[j]).epsilon(1e-6));
  }
}

TEST_CASE("sums and maxima are the same to the bit, vectorised or not", "[backend][vectorised]") {
  for (const index_t n : {0, 1, 7, 8, 9, 15, 16, 17, 31, 100, 1001}) {
    const auto x = test::gaussian<float>(2, n, "x");
    const float* const a = x.view().row(0);
    const float* const b = x.view().row(1);
    double dot = -1;
    float top = -1;
    vectorised([&] {
      dot = wide_dot(a, b, n);
      top = greatest(a, n);
    });
    CHECK(dot == wide_dot(a, b, n));  // products of floats are exact in double
    CHECK(top == greatest(a, n));
  }
}

TEST_CASE("an exception leaves vectorised loops", "[backend][vectorised]") {
  CHECK_THROWS_AS(vectorised([] { throw std::runtime_error("out"); }), std::runtime_error);
}
