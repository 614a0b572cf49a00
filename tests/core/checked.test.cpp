// Sizes that do not fit are refused, not wrapped.
#include <prismatic/core/checked.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>

using namespace prismatic;

namespace {
constexpr index_t most = std::numeric_limits<index_t>::max();
constexpr index_t least = std::numeric_limits<index_t>::min();
}  // namespace

TEST_CASE("checked_mul multiplies what fits", "[core][checked]") {
  CHECK(checked_mul(0, 0) == 0);
  CHECK(checked_mul(0, most) == 0);
  CHECK(checked_mul(most, 1) == most);
  CHECK(checked_mul(index_t{1} << 31, index_t{1} << 31) == index_t{1} << 62);
}

TEST_CASE("checked_mul refuses overflow and negative sizes", "[core][checked]") {
  CHECK_THROWS_AS(checked_mul(most, 2), size_error);
  CHECK_THROWS_AS(checked_mul(index_t{1} << 32, index_t{1} << 31), size_error);
  CHECK_THROWS_AS(checked_mul(-1, 3), size_error);
  CHECK_THROWS_AS(checked_mul(3, -1), size_error);
  CHECK_THROWS_AS(checked_mul(-2, -2), size_error);
  CHECK_THROWS_AS(checked_mul(-1, 0), size_error);
  CHECK_THROWS_AS(checked_mul(least, -1), size_error);
  CHECK_THROWS_WITH(checked_mul(-1, 3, "rows"), "rows: -1 x 3 is not a usable size");
}

TEST_CASE("checked_add adds what fits", "[core][checked]") {
  CHECK(checked_add(0, 0) == 0);
  CHECK(checked_add(most, 0) == most);
  CHECK(checked_add(most - 5, 5) == most);
}

TEST_CASE("checked_add refuses overflow and negative sizes", "[core][checked]") {
  CHECK_THROWS_AS(checked_add(most, 1), size_error);
  CHECK_THROWS_AS(checked_add(most, most), size_error);
  CHECK_THROWS_AS(checked_add(-1, 1), size_error);
  CHECK_THROWS_AS(checked_add(1, -1), size_error);
  CHECK_THROWS_WITH(checked_add(-1, 3, "bytes"), "bytes: -1 + 3 is not a usable size");
}

TEST_CASE("narrow keeps a value that fits, to the last one", "[core][checked]") {
  CHECK(narrow<int>(0) == 0);
  CHECK(narrow<int>(-1) == -1);
  CHECK(narrow<int>(std::numeric_limits<int>::max()) == std::numeric_limits<int>::max());
  CHECK(narrow<int>(std::numeric_limits<int>::min()) == std::numeric_limits<int>::min());
  CHECK(narrow<std::uint8_t>(255) == 255);
  CHECK(narrow<std::uint64_t>(most) == std::uint64_t{most});
}

TEST_CASE("narrow refuses one more than fits", "[core][checked]") {
  CHECK_THROWS_AS(narrow<int>(index_t{std::numeric_limits<int>::max()} + 1), size_error);
  CHECK_THROWS_AS(narrow<int>(index_t{std::numeric_limits<int>::min()} - 1), size_error);
  CHECK_THROWS_AS(narrow<std::uint8_t>(256), size_error);
  CHECK_THROWS_AS(narrow<std::uint8_t>(-1), size_error);
  CHECK_THROWS_AS(narrow<std::uint64_t>(-1), size_error);
  CHECK_THROWS_AS(narrow<std::uint32_t>(index_t{1} << 32), size_error);
  CHECK_THROWS_WITH(narrow<int>(index_t{1} << 31, "gemm rows"),
                    "gemm rows: 2147483648 does not fit an integer of 31 bits");
}

TEST_CASE("a refusal names the line that asked", "[core][checked]") {
  try {
    checked_mul(-1, 1);
    FAIL("accepted");
  } catch (const size_error& e) {
    CHECK(std::string(e.where().file).find("checked.test.cpp") != std::string::npos);
    CHECK(e.where().line > 0);
  }
}
