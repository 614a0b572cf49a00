#include <prismatic/core/bfloat16.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace prismatic;

TEST_CASE("bfloat16 keeps the upper half of a float, rounded", "[core][bfloat16]") {
  int wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float widened = from_bfloat16(static_cast<std::uint16_t>(bits));
    if (std::isnan(widened))
      wrong += !std::isnan(from_bfloat16(to_bfloat16(widened)));
    else
      wrong += to_bfloat16(widened) != bits;
  }
  CHECK(wrong == 0);
  CHECK(from_bfloat16(to_bfloat16(1.00390625f)) == 1.0f);       // a tie, 1 + 2^-8: to even
  CHECK(from_bfloat16(to_bfloat16(1.01171875f)) == 1.015625f);  // 1 + 3 * 2^-8: to even, upwards
  static_assert(sizeof(bf16) == 2 && bf16{to_bfloat16(-1.5f)} * 2.0f == -3.0f);
  CHECK(std::isinf(from_bfloat16(to_bfloat16(std::numeric_limits<float>::max()))));
}
