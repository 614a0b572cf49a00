#include <prismatic/io/json.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

namespace {
constexpr json_place place{.file = "data.jsonl", .line = 7};
json parse(std::string_view text) { return parse_json(text, place); }
}  // namespace

TEST_CASE("documents arrive as they are written", "[io][json]") {
  const std::string text = R"({"a":[1,-2,2.5,"x\u00e9",true,false,null,{},[]],"b":{"c":{"d":[[1],[2,3]]}}})";
  CHECK(parse(text) == json::parse(text));
  CHECK(parse("3") == 3);
  CHECK(parse(" \"s\" ") == "s");
  CHECK(parse("[]") == json::array());
  CHECK(parse("[[],[[]],{\"a\":[]}]").dump() == "[[],[[]],{\"a\":[]}]");
}

TEST_CASE("malformed text is refused with file, line and byte", "[io][json]") {
  CHECK_THROWS_WITH(parse("{\"a\": 1,}"), Catch::StartsWith("data.jsonl:7: byte 8: found syntax error"));
  CHECK_THROWS_WITH(parse("{\n\"a\":\n x}"), Catch::StartsWith("data.jsonl:9: byte "));
  CHECK_THROWS_AS(parse(""), data_error);
  CHECK_THROWS_AS(parse("{\"a\": NaN}"), data_error);
  CHECK_THROWS_AS(parse("{} {}"), data_error);
  CHECK_THROWS_AS(parse("{'a': 1}"), data_error);
  CHECK_THROWS_AS(parse(std::string_view("\"a\0b\"", 5)), data_error);
  CHECK_THROWS_WITH(parse("[1e999]"), Catch::Contains("a number that no double can hold"));
}

TEST_CASE("every prefix of a document is refused in one line", "[io][json]") {
  const std::string text = R"({"a": [1, -2.5e3, "x\u00e9\n"], "b": {"c": null, "d": true}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    try {
      (void)parse(text.substr(0, size));
      FAIL("accepted");
    } catch (const data_error& refusal) {
      CHECK(std::string_view(refusal.what()).find('\n') == std::string_view::npos);
    }
  }
}

TEST_CASE("invalid UTF-8 is refused at its byte", "[io][json]") {
  const std::string bad =
      GENERATE(as<std::string>{}, "\xFF", "\xC3(", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82");
  CHECK_THROWS_WITH(
      parse("{\"abc\": \"" + bad + "\"}"),
      Catch::StartsWith("data.jsonl:7: byte ") && Catch::EndsWith("found invalid UTF-8, expected UTF-8"));
  CHECK_THROWS_WITH(parse("{\"a\": \"\xFF\"}"), Catch::Contains("byte 7:"));
  CHECK_THROWS_AS(parse("{\"a\": \"\\ud800\"}"), data_error);
}

TEST_CASE("a key that occurs twice is refused", "[io][json]") {
  CHECK_THROWS_WITH(parse(R"({"a":1,"b":{"a":1},"a":2})"),
                    "data.jsonl:7: found the key \"a\" twice, expected every key once");
  CHECK_THROWS_AS(parse(R"([{"a":{"x":1,"\u0078":2}}])"), data_error);
}

TEST_CASE("deep nesting is refused before it can hurt", "[io][json]") {
  const std::size_t depth = static_cast<std::size_t>(max_json_depth);
  CHECK_NOTHROW(parse(std::string(depth, '[') + std::string(depth, ']')));
  CHECK_THROWS_WITH(parse(std::string(depth + 1, '[') + std::string(depth + 1, ']')),
                    Catch::Contains("nested deeper"));
  CHECK_THROWS_WITH(parse(std::string(std::size_t{1} << 22, '[')), Catch::Contains("nested deeper"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK_THROWS_WITH(parse(objects), Catch::Contains("nested deeper"));
}

TEST_CASE("fields are read by type", "[io][json]") {
  const json object =
      parse(R"({"s":"x","i":-3,"d":2.5,"b":true,"n":null,"big":18446744073709551615,"a":[1],"o":{}})");
  CHECK(require<std::string>(object, "s", place) == "x");
  CHECK(require<index_t>(object, "i", place) == -3);
  CHECK(require<double>(object, "d", place) == 2.5);
  CHECK(require<double>(object, "i", place) == -3.0);
  CHECK(require<bool>(object, "b", place));
  CHECK(value_or<index_t>(object, "missing", 5, place) == 5);
  CHECK(value_or<std::string>(object, "n", "none", place) == "none");
  CHECK(require_array(object, "a", place).size() == 1);
  CHECK(require_object(object, "o", place).empty());

  CHECK_THROWS_WITH(require<index_t>(object, "d", place),
                    "data.jsonl:7: d: found number 2.5, expected an integer of 64 bits");
  CHECK_THROWS_AS(require<index_t>(object, "big", place), data_error);
  CHECK_THROWS_WITH(require<std::string>(object, "i", place),
                    "data.jsonl:7: i: found number -3, expected a string");
  CHECK_THROWS_WITH(require<bool>(object, "n", place), "data.jsonl:7: n: found nothing, expected a value");
  CHECK_THROWS_WITH(require_array(object, "o", json_place{.file = "config.json", .inside = "rope"}),
                    "config.json: rope.o: found object, expected an array");
  CHECK_THROWS_WITH(value_or<bool>(object, "s", false, place),
                    Catch::Contains("found string \"x\", expected true or false"));
  CHECK_THROWS_AS(require<bool>(json::array(), "s", place), data_error);
}

TEST_CASE("foreign text is fit for an error message", "[io][json]") {
  CHECK(in_quotes("a\nb\x01") == "\"a?b?\"");
  CHECK(in_quotes("abcdef", 3) == "\"abc...\"");
  CHECK(in_quotes("ab\xC3\xA9", 3) == "\"ab...\"");
  CHECK(in_quotes("\x80\x80\x80", 2) == "\"...\"");
}

TEST_CASE("a file is read whole, its lines counted", "[io][json]") {
  const test::temporary_directory directory;
  CHECK(read_json(directory.write("good", "{\"a\":\n1}")) == json{{"a", 1}});
  CHECK_THROWS_WITH(read_json(directory.write("bad", "{\"a\":\n,}")),
                    Catch::StartsWith(directory / "bad:2: byte 6:"));
  CHECK_THROWS_WITH(read_json(directory.write("empty", "")), Catch::Contains("found an empty file"));
}
