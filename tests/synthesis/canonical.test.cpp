#include <prismatic/synthesis/canonical.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("the table of canonical answers", "[synthesis][canonical]") {
  struct row {
    const char* text;
    const char* canonical;
  };
  const row rows[] = {
      // numbers
      {"42", "42"},
      {" 42. ", "42"},
      {"+42", "42"},
      {"042", "42"},
      {"42.0", "42"},
      {"42.50", "42.5"},
      {"1,234,567", "1234567"},
      {"1{,}234", "1234"},
      {"-7", "-7"},
      {"\u22127", "-7"},
      {"0.50", "0.5"},
      {".5", "0.5"},
      {"1/2", "0.5"},
      {"2/4", "0.5"},
      {"4/2", "2"},
      {"22/7", "22/7"},
      {"44/14", "22/7"},
      {"2 1/2", "2.5"},
      // LaTeX
      {"$42$", "42"},
      {"\\(42\\)", "42"},
      {"\\frac{1}{2}", "0.5"},
      {"\\dfrac{6}{8}", "0.75"},
      {"\\tfrac12", "0.5"},
      {"-\\frac{1}{3}", "-1/3"},
      {"2\\frac{1}{2}", "2.5"},
      {"\\frac{1,000}{4}", "250"},
      {"\\text{42}", "42"},
      {"42\\text{ cm}", "42"},
      {"42\\,\\mathrm{km}", "42"},
      {"\\boxed{42}", "42"},
      {"\\left(3, 4\\right)", "(3,4)"},
      {"\\frac{x}{2}", "x/2"},
      {"\\frac{x+1}{2}", "(x+1)/2"},
      {"2\\sqrt{3}", "2\\sqrt{3}"},
      {"\\frac{1", "\\frac{1"},
      {"x^{2}+1", "x^2+1"},
      {"x^2+1", "x^2+1"},
      {"a_{1}", "a_1"},
      {"x^{10}", "x^{10}"},
      {"\\frac{3}{4}\\text{ cup}", "0.75"},
      {"5\\text{ cm}^{2}", "5"},
      {"5 m\u00b3", "5"},
      {"2\u00bd", "2.5"},
      {"\u00be", "0.75"},
      // equivalent rationals, scientific and spaced notation
      {"3/12", "0.25"},
      {"0.250", "0.25"},
      {"\\frac{-1}{4}", "-0.25"},
      {"2\\frac{-1}{4}", "2 (-1)/4"},
      {"-\\frac14", "-0.25"},
      {"1.5 \\times 10^3", "1500"},
      {"1.5\\times10^{3}", "1500"},
      {"1.5 \u00d7 10^{-3}", "0.0015"},
      {"2 \\cdot 10^2", "200"},
      {"1e3", "1000"},
      {"2.5E-1", "0.25"},
      {"1e99", "1e99"},
      {"12 345 678", "12345678"},
      {"1\u202f234", "1234"},
      {"12 34", "12 34"},
      // currency, percent, degrees
      {"$1,250.00", "1250"},
      {"-$3", "-3"},
      {"\\$18.50", "18.5"},
      {"\u20ac12", "12"},
      {"12 \u20ac", "12 \u20ac"},
      {"50%", "50"},
      {"50\\%", "50"},
      {"90^\\circ", "90"},
      {"90\u00b0", "90"},
      {"25\u00b0C", "25"},
      // units
      {"12 apples", "12"},
      {"12 dollars", "12"},
      {"3 square metres", "3"},
      {"60 km/h", "60"},
      {"45km", "45"},
      {"7 m^2", "7"},
      {"9 m", "9"},
      {"12 miles per hour", "12"},
      {"12 GB", "12"},
      {"6 ft^2", "6"},
      {"\u20b9500", "500"},
      {"EUR 12", "12"},
      // what looks like a unit and is not
      {"5x", "5x"},
      {"5 x", "5 x"},
      {"2 thousand", "2 thousand"},
      {"3 and a half", "3 and a half"},
      {"12 and 15", "12 and 15"},
      {"2 pi", "2 pi"},
      {"3:45", "3:45"},
      {"3 hours 20 minutes", "3 hours 20 minutes"},
      {"(3, 4)", "(3,4)"},
      {"( 3,4 )", "(3,4)"},
      {"[0, 1)", "[0,1)"},
      // equations
      {"x = 5", "5"},
      {"x=5", "5"},
      {"total = 12 apples", "12"},
      {"2x = 5", "2x = 5"},
      {"x = y = 5", "x = y = 5"},
      // choices
      {"(B)", "B"},
      {"B", "B"},
      {"B.", "B"},
      {"b)", "B"},
      {"(e)", "E"},
      {"option C", "C"},
      {"\\text{(D)}", "D"},
      {"\\textbf{A}", "A"},
      {"Answer B", "B"},
      {"b", "b"},
      {"F", "F"},
      {"(F)", "(f)"},
      // labels and words
      {"Entailment", "entailment"},
      {"CONTRADICTION.", "contradiction"},
      {"**Neutral**", "neutral"},
      {"entails", "entailment"},
      {"Contradictory", "contradiction"},
      {"not entailed", "not entailed"},
      {"Yes", "yes"},
      {"New   York", "new york"},
      {"", ""},
      {"   ", ""},
      {"...", ""},
      // beyond 64 bits
      {"99999999999999999999", "99999999999999999999"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    const std::string canonical = canonical_answer(r.text);
    CHECK(canonical == r.canonical);
    CHECK(canonical_answer(canonical) == canonical);
  }
}

TEST_CASE("bytes that are not UTF-8 and unbalanced braces do no harm", "[synthesis][canonical]") {
  for (const char* text :
       {"\xFF\xFE", "\\text{", "\\frac{}{}", "\\frac", "\\frac{1}", "{}}{", "\\boxed{\\boxed{", "$", "$$", "-$",
        "-", "\xE2\x88", "1/0", "\\text{\\text{\\text{"}) {
    CAPTURE(text);
    const std::string once = canonical_answer(text);
    CHECK(once.size() <= std::string_view(text).size() + 2);
  }
}
