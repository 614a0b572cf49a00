#include "support/catch.hpp"

#include <prismatic/diversity/monotone_log.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace prismatic;

TEST_CASE("the sum of resolvents is a logarithm within 0.02 over its range", "[diversity][monotone_log]") {
  const double least = GENERATE(1e-4, 1.0 / 1024, 0.5);
  const double ratio = GENERATE(1.0, 10.0, 1e4, 1e7);
  const monotone_log f(least, least * ratio);
  double low = 1e9, high = -1e9;
  for (int i = 0; i <= 1000; ++i) {
    const double x = least * std::pow(ratio, i / 1000.0);
    low = std::min(low, f(x) - std::log(x));
    high = std::max(high, f(x) - std::log(x));
  }
  CAPTURE(least, ratio, f.size(), low, high);
  CHECK(high - low < 0.02 * 1.05);
  for (index_t k = 0; k < f.size(); ++k) CHECK(f.weight(k) > 0);
  CHECK(f.size() <= 6 + static_cast<index_t>(std::log(ratio) / 2));
}

TEST_CASE("a range that is none is refused", "[diversity][monotone_log]") {
  CHECK_THROWS_AS(monotone_log(0, 1), option_error);
  CHECK_THROWS_AS(monotone_log(2, 1), option_error);
  CHECK_THROWS_AS(monotone_log(1, std::numeric_limits<double>::infinity()), option_error);
}
