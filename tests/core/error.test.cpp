// The error classes and the texts they carry.
#include <prismatic/core/error.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

using namespace prismatic;

TEST_CASE("every error is a prismatic::error and a std::runtime_error", "[core][error]") {
  static_assert(std::is_base_of_v<std::runtime_error, error>);
  static_assert(std::is_base_of_v<error, shape_error> && std::is_base_of_v<error, size_error>);
  static_assert(std::is_base_of_v<error, option_error> && std::is_base_of_v<error, numeric_error>);
  static_assert(std::is_base_of_v<error, backend_error> && std::is_base_of_v<error, model_error>);
  static_assert(std::is_base_of_v<error, io_error> && std::is_base_of_v<error, data_error>);
  static_assert(std::is_nothrow_copy_constructible_v<shape_error>);  // so that rethrowing cannot fail
  SUCCEED();
}

TEST_CASE("an error knows the line that threw it", "[core][error]") {
  const int here = __LINE__ + 1;
  const error e("text");
  CHECK(e.where().line == here);
  CHECK(std::string(e.where().file).find("error.test.cpp") != std::string::npos);
  CHECK(std::string(e.what()) == "text");
}

TEST_CASE("a data error reads FILE:LINE: FIELD: found X, expected Y", "[core][error]") {
  const auto text = [](const data_error& e) { return std::string(e.what()); };
  CHECK(text({"a.jsonl", 7, "prompt", "a number", "a string"}) ==
        "a.jsonl:7: prompt: found a number, expected a string");
  CHECK(text({"a.bin", 0, "header", "12 bytes", "16 bytes"}) == "a.bin: header: found 12 bytes, expected 16 bytes");
  CHECK(text({"a.jsonl", 7, "", "nothing", "an object"}) == "a.jsonl:7: found nothing, expected an object");
  CHECK(text({"", 0, "d", "0", "at least 1"}) == "d: found 0, expected at least 1");
  CHECK(text({"", 0, "", "0", "1"}) == "found 0, expected 1");
  CHECK(text({"a", 0, "f", "x", ""}) == "a: f: found x");
}

TEST_CASE("a data error keeps its parts", "[core][error]") {
  const data_error e("a.jsonl", 7, "prompt", "a number", "a string");
  CHECK(e.file() == "a.jsonl");
  CHECK(e.line() == 7);
  CHECK(e.field() == "prompt");
}

TEST_CASE("require_equal throws a shape error with both sizes", "[core][error]") {
  CHECK_NOTHROW(require_equal(3, 3, "rows"));
  CHECK_THROWS_AS(require_equal(2, 3, "rows"), shape_error);
  CHECK_THROWS_WITH(require_equal(2, 3, "vendi: columns"), "vendi: columns: found 2, expected 3");
  try {
    require_equal(2, 3, "rows");
    FAIL("accepted");
  } catch (const error& e) {
    CHECK(std::string(e.where().file).find("error.test.cpp") != std::string::npos);  // the caller, not the header
  }
}

TEST_CASE("require_option throws an option error with the whole sentence", "[core][error]") {
  CHECK_NOTHROW(require_option(true, "never said"));
  CHECK_THROWS_AS(require_option(false, "k: found 0, expected at least 1"), option_error);
  CHECK_THROWS_WITH(require_option(false, "k: found 0, expected at least 1"), "k: found 0, expected at least 1");
}
