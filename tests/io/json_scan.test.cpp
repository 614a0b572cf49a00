#include <prismatic/io/json_scan.hpp>

#include "support/catch.hpp"

#include <prismatic/core/philox.hpp>

#include <array>
#include <string>
#include <string_view>

using namespace prismatic;
using nlohmann::json;

namespace {

std::optional<json> scan(std::string_view text) { return detail::scan_json(text, 128); }

// What is read must be what nlohmann's parser reads, down to the kind of each number.
void require_same(const std::string& text) {
  const std::optional<json> found = scan(text);
  if (!found) return;
  CAPTURE(text);
  const json expected = json::parse(text, nullptr, false);
  REQUIRE(!expected.is_discarded());
  REQUIRE(*found == expected);
  REQUIRE(found->type() == expected.type());
  REQUIRE(found->dump() == expected.dump());
}

const std::string sample =
    R"( {"id": 17, "text": "a longer text, caf\u00e9 \ud83d\ude00 \"quoted\" \\ \/ \b\f\n\r\t end",
  "list": [1, -2, 0, -0, 2.5, -1.25e-3, 7E+2, 999999999999999999, true, false, null, {}, [], [[{"deep": ""}]]],
  "beyond": "caf)"
    "\xC3\xA9 \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x98\x80"
    R"(", "": "an empty key"} )";

}  // namespace

TEST_CASE("usual documents are read as nlohmann reads them", "[io][json_scan]") {
  for (const std::string_view text : {"1",
                                      "-1",
                                      "0",
                                      "-0",
                                      "0.0",
                                      "-0.0",
                                      "1e3",
                                      "1E-3",
                                      "0.1",
                                      "123456789012345678",
                                      "1.7976931348623157e308",
                                      "5e-324",
                                      "\"\"",
                                      "\"12345678\"",
                                      "\"1234567\\u0041\"",
                                      "\"\\u0000\"",
                                      "\"\\uFFFF\\u07ff\\u0800\"",
                                      "true",
                                      "[]",
                                      "{}",
                                      "[ ]",
                                      "{ }",
                                      " [ 1 , 2 ] ",
                                      "\"\x7F\"",
                                      "[\"\\uD800\\uDC00\",\"\\uDBFF\\uDFFF\"]"}) {
    CAPTURE(text);
    REQUIRE(scan(text));
    require_same(std::string(text));
  }
  REQUIRE(scan(sample));
  require_same(sample);
}

TEST_CASE("whatever is wrong or unusual is left to others", "[io][json_scan]") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "[,]",
                                      "1 2",
                                      "01",
                                      "-",
                                      "-01",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "+1",
                                      "NaN",
                                      "1e999",
                                      "1e-999",
                                      "1234567890123456789",
                                      "tru",
                                      "nul",
                                      "'a'",
                                      "\"",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\u+123\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"\x01\"",
                                      "\"\n\"",
                                      "\"abcdefgh\n\"",
                                      "\"\xC3\n\"",
                                      "\"\xC3\xA9\n\"",
                                      "\"\xC3\"",
                                      "\"\xC3",
                                      "\"\x80\"",
                                      "\"\xC0\x80\"",
                                      "\"\xE0\x80\x80\"",
                                      "\"\xED\xA0\x80\"",
                                      "\"\xF0\x80\x80\x80\"",
                                      "\"\xF4\x90\x80\x80\"",
                                      "\"\xF5\x80\x80\x80\"",
                                      "\"\xE2\x82\"",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "\xEF\xBB\xBF{}"}) {
    CAPTURE(text);
    CHECK(!scan(text));
  }
  CHECK(!scan(std::string_view("\"a\0b\"", 5)));
  CHECK(!scan(std::string_view("1\0", 2)));
  CHECK(scan(std::string(128, '[') + std::string(128, ']')));
  CHECK(!scan(std::string(129, '[') + std::string(129, ']')));
  CHECK(!scan(std::string(1 << 20, '[')));
}

TEST_CASE("damaged documents are never read otherwise than by nlohmann", "[io][json_scan]") {
  for (std::size_t size = 0; size < sample.size(); ++size) require_same(sample.substr(0, size));
  for (std::size_t bit = 0; bit < sample.size() * 8; ++bit) {
    std::string damaged = sample;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    require_same(damaged);
  }
  const random_stream random(1, "damage");
  constexpr std::array<std::string_view, 22> pieces{
      "\"", "\\", "\\u", "{",    "}", "[",  "]",    ",",    ":",        "0",      "1",
      "-",  ".",  "e",   "true", " ", "\n", "\xC3", "\xA9", "\xED\xA0", "\"a\":", "d83d"};
  std::uint64_t at = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::string text;
    if (trial % 2 == 0) {
      text = sample;
      for (int edit = 0; edit < 2; ++edit) {
        const auto where = static_cast<std::size_t>(random.below(at++, static_cast<index_t>(text.size())));
        const auto length = static_cast<std::size_t>(random.below(at++, 4));
        text.replace(where, length,
                     pieces[static_cast<std::size_t>(random.below(at++, index_t{pieces.size()}))]);
      }
    } else {
      for (index_t left = 1 + random.below(at++, 12); left > 0; --left)
        text += pieces[static_cast<std::size_t>(random.below(at++, index_t{pieces.size()}))];
    }
    require_same(text);
  }
}
