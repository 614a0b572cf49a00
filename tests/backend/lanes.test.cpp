#include "support/catch.hpp"

#include <prismatic/backend/cpu/lanes.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {
constexpr float infinite = std::numeric_limits<float>::infinity();
}

TEST_CASE("sums and maxima cover every element once", "[lanes]") {
  for (index_t n = 0; n < 40; ++n) {
    std::vector<float> x(static_cast<std::size_t>(n)), ones(x.size(), 1.0f);
    for (index_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i + 1);
    CAPTURE(n);
    CHECK(wide_dot(x.data(), ones.data(), n) == static_cast<double>(n * (n + 1) / 2));
    CHECK(greatest(x.data(), n) == (n == 0 ? -infinite : static_cast<float>(n)));
    for (float& value : x) value = -value;
    CHECK(greatest(x.data(), n) == (n == 0 ? -infinite : -1.0f));
  }
}

TEST_CASE("wide sums keep what float sums lose", "[lanes]") {
  const std::vector<float> x{1e30f, 1.0f, 1e30f};
  CHECK(wide_dot(x.data(), x.data(), 3) == Approx(2e60));
  const std::vector<float> small(10'000, 1e-4f), one(10'000, 1.0f);
  CHECK(wide_dot(small.data(), one.data(), 10'000) == Approx(1.0).epsilon(1e-7));
}

TEST_CASE("the exponential of a float is within two units in the last place", "[lanes]") {
  double worst = 0;
  for (double v = -87.3; v < 88.7; v += 1e-3) {
    const auto x = static_cast<float>(v);
    const double exact = std::exp(static_cast<double>(x));
    const auto nearest = static_cast<float>(exact);
    const double unit = static_cast<double>(std::nextafter(nearest, infinite)) - static_cast<double>(nearest);
    worst = std::max(worst, std::abs(static_cast<double>(exponential(x)) - exact) / unit);
  }
  CHECK(worst <= 2.0);
}

TEST_CASE("the exponential at the ends of the numbers", "[lanes]") {
  CHECK(exponential(0.0f) == 1.0f);
  CHECK(exponential(-infinite) == 0.0f);
  CHECK(exponential(-1e30f) == 0.0f);
  CHECK(exponential(-104.0f) == 0.0f);
  CHECK(exponential(-100.0f) > 0.0f);  // subnormal
  CHECK(exponential(89.0f) == infinite);
  CHECK(exponential(1e30f) == infinite);
  CHECK(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
  CHECK(exponential(1.0) == std::exp(1.0));
}
