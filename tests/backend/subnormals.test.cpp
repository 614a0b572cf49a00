#include <prismatic/backend/cpu/subnormals.hpp>

#include "support/catch.hpp"

#include <limits>

using namespace prismatic;

#if PRISMATIC_X86
TEST_CASE("subnormal numbers are 0 while that is asked for, and only then", "[backend][subnormals]") {
  volatile float tiny = 1e-30f, subnormal = std::numeric_limits<float>::denorm_min(), whole = 1;
  CHECK(subnormal * whole > 0);
  {
    const detail::subnormals_are_zero flushed;
    const float result = tiny * 1e-10f, operand = subnormal * whole;
    CHECK(result == 0);
    CHECK(operand == 0);
    CHECK(tiny * whole == 1e-30f);
  }
  CHECK(subnormal * whole > 0);
  CHECK(tiny * 1e-10f > 0);
}
#endif
