#include <prismatic/io/unicode.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace prismatic;
using namespace std::string_view_literals;

TEST_CASE("UTF-8 is read one unit at a time", "[io][unicode]") {
  using enum utf8_unit::state;
  const auto reads = [](std::string_view text, utf8_unit::state state, index_t size) {
    const utf8_unit unit = read_utf8(text);
    return unit.reading == state && unit.size == size;
  };
  CHECK(reads("a", complete, 1));
  CHECK(reads("\0"sv, complete, 1));
  CHECK(reads("\xC3\xA9x", complete, 2));
  CHECK(reads("\xE4\xBD\xA0", complete, 3));
  CHECK(reads("\xF0\x9F\x98\x80", complete, 4));
  CHECK(reads("\xF4\x8F\xBF\xBF", complete, 4));
  CHECK(reads("\x80", invalid, 1));
  CHECK(reads("\xC0\xAF", invalid, 1));          // overlong
  CHECK(reads("\xE0\x80\x80", invalid, 1));      // overlong
  CHECK(reads("\xED\xA0\x80", invalid, 1));      // a surrogate
  CHECK(reads("\xF4\x90\x80\x80", invalid, 1));  // beyond U+10FFFF
  CHECK(reads("\xF5\x80", invalid, 1));
  CHECK(
      reads("\xE4\xBD"
            "a",
            invalid, 2));
  CHECK(reads("\xE4\xBD", cut, 2));
  CHECK(reads("\xF0\x9F\x98", cut, 3));
  CHECK(reads("\xC3", cut, 1));
}

TEST_CASE("every code point survives writing and reading", "[io][unicode]") {
  for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 37) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_utf8(text, c);
    const decoded_code_point back = decode_code_point(text.data());
    if (!is_valid_utf8(text) || back.value != c || back.size != static_cast<index_t>(text.size()))
      FAIL_CHECK(static_cast<std::uint32_t>(c));
    if (last_code_point(text.data(), text.data() + text.size()) != text.data())
      FAIL_CHECK(static_cast<std::uint32_t>(c));
  }
}

TEST_CASE("ill-formed parts become one replacement each", "[io][unicode]") {
  CHECK(replace_invalid_utf8("a\xFF\xE4\xBD"
                             "b\xF0\x9F") == "a\uFFFD\uFFFDb\uFFFD");
  CHECK(replace_invalid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(replace_invalid_utf8("").empty());
  CHECK_FALSE(is_valid_utf8("a\xC3"));
}

TEST_CASE("code points have the reference's classes", "[io][unicode]") {
  const code_point_classes& of = code_point_classes::instance();
  for (const char32_t c : {U'a', U'Z', U'\u00e9', U'\u4f60', U'\U00020000', U'\u1c89'})
    CHECK((of(c) == code_point_class::letter));
  for (const char32_t c : {U'0', U'\u00bd', U'\u0664', U'\u2160', U'\U0001d7ce'})
    CHECK((of(c) == code_point_class::number));
  for (const char32_t c : {U' ', U'\n', U'\u0085', U'\u3000', U'\u2028'})
    CHECK((of(c) == code_point_class::space));
  for (const char32_t c : {U'!', U'\u200b', U'\u180e', U'\u001c', U'\u0301', U'\U0010ffff'})
    CHECK((of(c) == code_point_class::other));
}

TEST_CASE("words and white space at the ends", "[io][unicode]") {
  for (const char32_t c : {U'a', U'7', U'_', U'\u0301', U'\u200d', U'\u24b6', U'\u203f'})
    CHECK(is_word_character(c));
  for (const char32_t c : {U' ', U'-', U'\u2460', U'\u20ac'}) CHECK_FALSE(is_word_character(c));
  CHECK(stripped("\t \u00a0a b\x1c\u3000") == "a b");
  CHECK(stripped(" \n ").empty());
  CHECK(stripped("").empty());
  CHECK(stripped("\u200b") == "\u200b");
}

TEST_CASE("NFC composes and reorders as the reference does", "[io][unicode]") {
  CHECK(normalized_nfc("plain") == "plain");
  CHECK(normalized_nfc("e\u0301") == "\u00e9");
  CHECK(normalized_nfc("\u212b") == "\u00c5");
  CHECK(normalized_nfc("\u1100\u1161\u11a8") == "\uac01");
  CHECK(normalized_nfc("a\u0301\u0323") == "\u1ea1\u0301");
  CHECK(normalized_nfc("\u1a79\u08cf") == "\u1a79\u08cf");  // the reference does not know the second mark
  CHECK(normalized_nfc("e\u08cf\u0301") == "e\u08cf\u0301");
  CHECK(normalized_nfc(std::string("a\0\u0301", 4)) == std::string("a\0\u0301", 4));
}
