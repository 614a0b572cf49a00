// The account of device memory, and its limit.
#include <prismatic/core/memory_budget.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>

using namespace prismatic;

TEST_CASE("device memory is counted and bounded", "[core][memory]") {
  REQUIRE(memory_budget::held() == 0);
  CHECK(memory_budget::has_room(std::numeric_limits<index_t>::max()));
  memory_budget::set_limit(1000);
  memory_budget::take(600);
  CHECK(memory_budget::held() == 600);
  CHECK(memory_budget::has_room(400));
  CHECK_FALSE(memory_budget::has_room(401));
  try {
    memory_budget::take(401);
    FAIL("it took more than there may be");
  } catch (const memory_error& e) {
    CHECK(std::string(e.what()) ==
          "device memory: found 401 bytes wanted beside 600 held, expected at most 1000 in all");
  }
  CHECK(memory_budget::held() == 600);
  memory_budget::take(400);
  memory_budget::set_limit(10);  // what is held stays
  CHECK_FALSE(memory_budget::has_room(1));
  memory_budget::give_back(1000);
  CHECK(memory_budget::held() == 0);
  memory_budget::set_limit(std::numeric_limits<index_t>::max());
}
