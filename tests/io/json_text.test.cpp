#include <prismatic/io/json_text.hpp>

#include "support/catch.hpp"

using namespace prismatic;

namespace {
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (const json_element& e : split_array(text, {.file = "a.json", .line = 1}))
    out.push_back(std::to_string(e.line) + ' ' + std::string(e.text));
  return out;
}
}  // namespace

TEST_CASE("an array falls into its elements", "[io][json_text]") {
  using all = std::vector<std::string>;
  CHECK(split("[]") == all{});
  CHECK(split(" [ \n ] \n") == all{});
  CHECK(split("[1]") == all{"1 1"});
  CHECK(split("[{\"a\":[1,2]},\n {\"b\" : \"],{\\\"\"} \n ,3]") ==
        all{"1 {\"a\":[1,2]}", "2 {\"b\" : \"],{\\\"\"}", "3 3"});
  CHECK(split("[\n\n{\n}\n]") == all{"3 {\n}"});
  CHECK(split("[1,]") == all{"1 1", "1 "});  // the empty element is refused when it is parsed
  CHECK(split("[1 2]") == all{"1 1 2"});
}

TEST_CASE("what is not one closed array is refused", "[io][json_text]") {
  CHECK_THROWS_WITH(split("[{\"a\":1}\n"), "a.json:2: found an array that is not closed, expected ']'");
  CHECK_THROWS_AS(split("["), data_error);
  CHECK_THROWS_AS(split("[1,"), data_error);
  CHECK_THROWS_AS(split("[1}"), data_error);
  CHECK_THROWS_AS(split("[\"abc"), data_error);
  CHECK_THROWS_AS(split("[\"abc\\"), data_error);
  CHECK_THROWS_WITH(split("[1]\n[2]"), Catch::Contains("text behind the array"));
  CHECK_THROWS_AS(split("{}"), data_error);
  CHECK_THROWS_AS(split(""), data_error);
}

TEST_CASE("members are added at the end and replaced in place", "[io][json_text]") {
  const auto with = [](std::string_view raw, std::string_view extra) {
    return with_members(raw, ordered_json::parse(extra));
  };
  CHECK(with("{}", R"({"x":1})") == R"({"x": 1})");
  CHECK(with(" { } ", R"({"x":1})") == R"( { "x": 1} )");
  CHECK(with(R"({"n":1e+2,"u":12345678901234567890123, "x" : {"a":[1,"}"]} ,"z":-0.0})",
             R"({"x":[2],"y":"q\"\n"})") ==
        R"({"n":1e+2,"u":12345678901234567890123, "x" : [2],"z":-0.0, "y": "q\"\n"})");
  CHECK(with(R"({"\u0078":1})", R"({"x":2})") == R"({"\u0078":2})");
  CHECK(with(R"({"a":{"x":1},"s":"\"x\":5"})", R"({"x":2})") == R"({"a":{"x":1},"s":"\"x\":5", "x": 2})");
  CHECK(with(R"({"x":1})", "{}") == R"({"x":1})");
  const std::string once = with(R"({"a":1})", R"({"b":{"c":2}})");
  CHECK_THROWS_WITH(with_members("{}", {{"x", "\xFF"}}), "\"x\": found text that is not UTF-8, expected UTF-8");
  CHECK(with(once, R"({"b":{"c":2}})") == R"({"a":1, "b": {"c":2}})");
}
