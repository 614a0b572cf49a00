#include "support/catch.hpp"

#include <prismatic/synthesis/text_filter.hpp>

#include <string>
#include <vector>

using namespace prismatic;

TEST_CASE("letters of each script", "[synthesis][text_filter]") {
  struct row {
    char32_t letter;
    script of;
  };
  const row rows[] = {{U'a', script::latin},    {U'Z', script::latin},      {U'\u00e9', script::latin},
                      {U'\u1ea5', script::latin}, {U'\u03c0', script::greek}, {U'\u0416', script::cyrillic},
                      {U'\u05d0', script::hebrew}, {U'\u0639', script::arabic}, {U'\u0905', script::devanagari},
                      {U'\u0e01', script::thai}, {U'\uac00', script::hangul}, {U'\u3042', script::kana},
                      {U'\u30a2', script::kana}, {U'\u4e00', script::han},  {U'\U00020000', script::han},
                      {U'\u10d0', script::other}};
  for (const row& r : rows) {
    CAPTURE(static_cast<std::uint32_t>(r.letter));
    CHECK(script_of(r.letter) == r.of);
  }
  for (std::size_t i = 0; i < script_names.size(); ++i) CHECK(script_named(script_names[i]) == static_cast<script>(i));
  CHECK_THROWS_WITH(script_named("french"), Catch::Contains("script: found \"french\", expected one of latin, greek"));
}

TEST_CASE("the share of a script is of letters, not of characters", "[synthesis][text_filter]") {
  const std::vector<script> latin{script::latin};
  CHECK(script_share("How many?", latin) == 1);
  CHECK(script_share("12 + 5 = 17", latin) == 1);  // no letters
  CHECK(script_share("", latin) == 1);
  CHECK(script_share("\u4f60\u597d 123", latin) == 0);
  CHECK(script_share("abc\u4f60 99 \xFF", latin) == 0.75);
  CHECK(script_share("abc\u4f60", {script::latin, script::han}) == 1);
  CHECK(script_share("Combien co\u00fbte-t-elle\u00a0?", latin) == 1);  // a script is no language
}

TEST_CASE("a language that is not asked for is a fault, one that nobody can tell is none", "[synthesis][text_filter]") {
  const language_detector by_first_word = [](std::string_view text) -> std::optional<std::string> {
    return text.starts_with("Combien") ? std::optional<std::string>("fr") : text.starts_with("How") ? std::optional<std::string>("en") : std::nullopt;
  };
  const text_filter_options english{.languages = {"en", "de"}, .language_of = by_first_word};
  CHECK(language_fault("Combien ?", english).value_or("") == "found fr, expected en or de");
  CHECK_FALSE(language_fault("How many?", english));
  CHECK_FALSE(language_fault("2 + 2", english));
  CHECK_FALSE(language_fault("Combien ?", {}));
}

TEST_CASE("a fault says what was found", "[synthesis][text_filter]") {
  const text_filter_options any{}, latin{.scripts = {script::latin}};
  CHECK_FALSE(script_fault("\u4f60\u597d", any));
  CHECK_FALSE(script_fault("with one \u03c0 of it and some more words", latin));
  CHECK(script_fault("ab\u4f60\u597d", latin).value_or("") ==
        "found 50 % of its letters in the scripts asked for, expected 90 %");
  CHECK_FALSE(length_fault("", {}));
  CHECK_FALSE(length_fault("\u4f60\u597d", {2, 2}));  // characters, not bytes
  CHECK(length_fault("\u4f60\u597d", {3, 9}).value_or("") == "found 2 characters, expected at least 3");
  CHECK(length_fault("abc", {0, 2}).value_or("") == "found 3 characters, expected at most 2");
  CHECK(characters("a\xFF\xC3") == 3);  // bytes that are no character count one each
}
