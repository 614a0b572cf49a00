#include <prismatic/synthesis/ascii.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("ends are trimmed and case is lowered in ASCII only", "[synthesis][ascii]") {
  CHECK(ascii::trimmed(" \t a b \n") == "a b");
  CHECK(ascii::trimmed("  ").empty());
  CHECK(ascii::lower_case("AbZ\u00c4[@") == "abz\u00c4[@");
}

TEST_CASE("a text is taken apart at separators", "[synthesis][ascii]") {
  std::string_view text = "a, b,, c";
  CHECK(ascii::take_until(text, ",") == "a");
  CHECK(ascii::take_until(text, ",") == " b");
  CHECK(ascii::take_until(text, ",").empty());
  CHECK(ascii::take_until(text, ",") == " c");
  CHECK(text.empty());
  CHECK(ascii::take_until(text, ",").empty());
}

TEST_CASE("braces are matched", "[synthesis][ascii]") {
  CHECK(ascii::braced("{a{b}c}d", 0) == "a{b}c");
  CHECK(ascii::braced("x{}", 1) == "");
  CHECK_FALSE(ascii::braced("{a{b}", 0));
  CHECK_FALSE(ascii::braced("", 0));
}

TEST_CASE("replacing goes on behind what was put in", "[synthesis][ascii]") {
  std::string text = "aaa";
  ascii::replace_all(text, "a", "aa");
  CHECK(text == "aaaaaa");
}

TEST_CASE("whole words and numbers are told from parts of others", "[synthesis][ascii]") {
  struct row {
    const char *text, *what, *out;
  };
  const row rows[] = {{"Mei met Mei.", "Mei", "X met X."},
                      {"Meissen", "Mei", "Meissen"},
                      {"AMei Mei\u00e9 Mei2", "Mei", "AMei Mei\u00e9 Mei2"},
                      {"Mei's (Mei)", "Mei", "X's (X)"},
                      {"Zo\u00eb, Zo\u00ebs", "Zo\u00eb", "X, Zo\u00ebs"},
                      {"5 + 5.5 + 0.5 + 55 + 1,5 = 5.", "5", "X + 5.5 + 0.5 + 55 + 1,5 = X."},
                      {"$12, 12", "12", "$X, X"},
                      {"", "a", ""}};
  for (const row& r : rows) {
    std::string text = r.text;
    const bool replaced = ascii::replace_whole(text, r.what, "X");
    CHECK(replaced == (text != r.text));
    CHECK(text == r.out);
  }
}
