#include <prismatic/synthesis/answer.hpp>

#include "support/catch.hpp"

using namespace prismatic;

namespace {
std::string found(std::string_view text, answer_options opt = {}) {
  return extract_answer(text, opt).value_or("nothing");
}
}  // namespace

TEST_CASE("the table of extracted answers", "[synthesis][answer]") {
  struct row {
    const char* text;
    const char* answer;
  };
  const row rows[] = {
      {"So we get \\boxed{42}.", "42"},
      {"First \\boxed{1}, then \\boxed{\\frac{1}{2}}", "0.5"},
      {"$\\boxed{\\text{(C)}}$", "C"},
      {"\\boxed{x^{2}+1}", "x^2+1"},
      {"The answer is 3, hence \\boxed{4}", "4"},
      {"\\boxed{42", "nothing"},
      {"6 * 7 = 42\n#### 42", "42"},
      {"#### 1,234\nThanks for reading 99 lines", "1234"},
      {"####", "nothing"},
      {"The answer is 12.", "12"},
      {"The answer is 3.5.", "3.5"},
      {"The answer is $1,250.00.", "1250"},
      {"The answer is: -3/4. That was easy, 100 percent.", "-0.75"},
      {"the final answer is **17**", "17"},
      {"Answer: 17 apples", "17"},
      {"ANSWER = 5", "5"},
      {"The answer is 2. Wait. The answer is 7.", "7"},
      {"The answer is (B) because of 3 reasons.", "B"},
      {"The answer is B.", "B"},
      {"The answer is B) 12 apples", "B"},
      {"The answer is B: 12 apples", "B"},
      {"The answer is option B, 12 apples", "B"},
      {"The correct option is (C).", "C"},
      {"The answer is $\\boxed{\\frac{-3}{4}}$", "-0.75"},
      {"The answer is 1.2 \\times 10^{4}.", "12000"},
      {"The answer is \\(\\dfrac{10}{4}\\) km.", "2.5"},
      {"The answer is entailment.", "entailment"},
      {"The answer is Neutral, since nothing follows.", "neutral"},
      {"The answer is that he has 42 of them left over.", "42"},
      {"The answer is 12 apples and 3 pears.", "12 apples and 3 pears"},
      {"The answer is x = 9.", "9"},
      {"The answer is \u22124.", "-4"},
      {"The answer is Paris.", "paris"},
      {"The answer is", "nothing"},
      {"5 + 5 = 10. The answer is ", "nothing"},
      {"5 + 5 = 10 and then some", "10"},
      {"we owe $1,250.50!", "1250.5"},
      {"it fell to -12 degrees", "-12"},
      {"10-3", "3"},
      {"x-3", "3"},
      {"in all 3/4 of it", "0.75"},
      {"no number here", "nothing"},
      {"", "nothing"},
      {"99999999999999999999999", "99999999999999999999999"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    CHECK(found(r.text) == r.answer);
  }
}

TEST_CASE("without guessing, only marked answers count", "[synthesis][answer]") {
  CHECK(found("5 + 5 = 10", {.guess = false}) == "nothing");
  CHECK(found("It must be (B)", {.kind = answer_kind::choice, .guess = false}) == "nothing");
  CHECK(found("The answer is 10", {.guess = false}) == "10");
}

TEST_CASE("a kind that is asked for is all that is accepted", "[synthesis][answer]") {
  const answer_options number{.kind = answer_kind::number}, choice{.kind = answer_kind::choice},
      label{.kind = answer_kind::label};
  CHECK(found("\\boxed{\\pi}", number) == "nothing");
  CHECK(found("The answer is Paris.", number) == "nothing");
  CHECK(found("The answer is Paris. I counted 3.", number) == "nothing");
  CHECK(found("Of (A), (B) and (C) only (b) fits", choice) == "B");
  CHECK(found("The answer is option D: 12", choice) == "D");
  CHECK(found("The correct choice is b) 12", choice) == "B");
  CHECK(found("The label is neutral.", label) == "neutral");
  CHECK(found("Label: Entailment", label) == "entailment");
  CHECK(found("The answer is contradicts.", label) == "contradiction");
  CHECK(found("The label is 12.", number) == "12");  // the last number, by a guess
  CHECK(found("The label is 12, so it says.", {.kind = answer_kind::number, .guess = false}) == "nothing");
  CHECK(found("The answer is D: 12", choice) == "D");
  CHECK(found("The answer is (D): 12", choice) == "D");
  CHECK(found("no parentheses", choice) == "nothing");
  CHECK(found("Entailment would need more; neutral it is", label) == "neutral");
  CHECK(found("The answer is: contradiction", label) == "contradiction");
  CHECK(found("The answer is maybe", label) == "nothing");
}

TEST_CASE("any bytes can be searched", "[synthesis][answer]") {
  std::string text = "a\xFF(\\boxed{#### answer is $-1,2/0.\\frac{}{{\n";
  for (std::size_t begin = 0; begin < text.size(); ++begin)
    for (std::size_t end = begin; end <= text.size(); ++end)
      for (const answer_kind kind :
           {answer_kind::any, answer_kind::number, answer_kind::choice, answer_kind::label})
        (void)extract_answer(std::string_view(text).substr(begin, end - begin), {.kind = kind});
}
