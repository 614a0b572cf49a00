#include <prismatic/synthesis/words.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("the table of words", "[synthesis][words]") {
  struct row {
    const char* text;
    const char* words;
  };
  const row rows[] = {
      {"", ""},
      {" \t\r\n.,;:?\"", ""},
      {"Hello, World!", "hello world !"},
      {"a  b\n\nc", "a b c"},
      {"3.5 and 3. 5 and 1,000", "3.5 and 3 5 and 1 000"},
      {"don't DON\u2019T 'quoted'", "dont dont ' quoted '"},
      {"f'(2)", "f ' ( 2 )"},
      {"2*(3+4)=14", "2 * ( 3 + 4 ) = 14"},
      {"well-known", "well - known"},
      {"\u00c4PFEL \u00d1and\u00fa", "\u00e4pfel \u00f1and\u00fa"},
      {"\u039b\u041f\u0401", "\u03bb\u043f\u0451"},
      {"3 \u00d7 4 \u2212 5", "3 \u00d7 4 \u2212 5"},
      {"\u201cquoted\u201d \u2014 dash\u2026", "quoted dash"},
      {"\u6570\u5b66\u3002\u9898", "\u6570 \u5b66 \u9898"},
      {"\ud55c\uad6d\uc5b4 \ubb38\uc81c", "\ud55c\uad6d\uc5b4 \ubb38\uc81c"},
      {"\U0001F600", "\U0001F600"},
      {"a\xFF"
       "b\xC3",
       "a b"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    const normalised_text words(r.text);
    CHECK(words.text() == r.words);
    CHECK(normalised_text(words.text()).text() == words.text());
  }
}

TEST_CASE("n-grams are runs of words", "[synthesis][words]") {
  const normalised_text words("One two, three. FOUR");
  REQUIRE(words.words() == 4);
  CHECK(words.ngram(0, 1) == "one");
  CHECK(words.ngram(1, 2) == "two three");
  CHECK(words.ngram(2, 2) == "three four");
  CHECK(words.ngram(0, 4) == words.text());
  CHECK(normalised_text().words() == 0);
}

TEST_CASE("whatever the bytes, the words are UTF-8", "[synthesis][words]") {
  const random_stream random(1, "words");
  std::string text;
  for (std::uint64_t i = 0; i < 20000; ++i) text += static_cast<char>(random.below(i, 256));
  const normalised_text words(text);
  std::string_view rest = words.text();
  while (!rest.empty()) {
    const detail::code_point c = detail::decode(rest);
    REQUIRE(c.value != detail::not_utf8);
    rest.remove_prefix(c.bytes);
  }
  CHECK(words.words() > 1000);
}

TEST_CASE("the hash of a text is the same everywhere", "[synthesis][words]") {
  CHECK(text_hash("") == mix64(0xCBF29CE484222325u));
  CHECK(text_hash("a") == mix64(0xAF63DC4C8601EC8Cu));  // FNV-1a of "a", from its published test vectors
  CHECK(text_hash("ab") != text_hash("ba"));
}
