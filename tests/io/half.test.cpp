#include <prismatic/io/half.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace prismatic;

namespace {
// value of a binary16 pattern from its definition
double half_value(unsigned bits) {
  const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> 10 & 31u), fraction = static_cast<int>(bits & 1023u);
  if (exponent == 31) return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  return exponent == 0 ? sign * std::ldexp(fraction, -24) : sign * std::ldexp(1024 + fraction, exponent - 25);
}
}  // namespace

TEST_CASE("every half widens exactly and narrows back", "[io][half]") {
  int wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float widened = from_half(static_cast<std::uint16_t>(bits));
    const double expected = half_value(bits);
    if (std::isnan(expected)) {
      wrong += !std::isnan(widened) || !std::isnan(from_half(to_half(widened)));
      continue;
    }
    wrong += static_cast<double>(widened) != expected || std::signbit(widened) != std::signbit(expected);
    wrong += to_half(widened) != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("floats between two halves go to the nearer, ties to even", "[io][half]") {
  int wrong = 0;
  for (unsigned bits = 0; bits < 0x7BFFu; ++bits) {  // finite, positive, not the largest
    const double low = half_value(bits), high = half_value(bits + 1), middle = (low + high) / 2;
    const auto even = static_cast<std::uint16_t>(bits % 2 == 0 ? bits : bits + 1);
    const auto tie = static_cast<float>(middle);
    wrong += to_half(tie) != even;
    wrong += to_half(std::nextafter(tie, 0.0f)) != bits;
    wrong += to_half(std::nextafter(tie, 1e9f)) != bits + 1;
  }
  CHECK(wrong == 0);
  CHECK(to_half(65519.0f) == 0x7BFF);
  CHECK(to_half(65520.0f) == 0x7C00);
  CHECK(to_half(-1e30f) == 0xFC00);
  CHECK(to_half(-1e-30f) == 0x8000);
}
