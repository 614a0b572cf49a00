// The checks that every table of word problems must pass.
#pragma once

#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/grammar.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/worked_text.hpp>

#include "oracle/equations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test {

using namespace prismatic;

struct written_problem {
  std::string question, steps, answer;
};

inline written_problem write_once(const word_problem_form& form, std::uint64_t number) {
  dice random(11, "test", number);
  template_writer writer(form.variables, random);
  written_problem out;
  out.question = writer.write(form.question);
  out.steps = writer.write(form.steps);
  out.answer = writer.write(form.answer);
  return out;
}

/// What is wrong with the problem, or "".
inline std::string complaint(const word_problem_form& form, const written_problem& p) {
  if (p.question.find_first_of("{}@|") != std::string::npos) return "leftovers of the template";
  if (p.question.find_first_of("?") == std::string::npos &&
      p.question.find("Give the exact value.") == std::string::npos)
    return "no question is asked";
  const auto found = oracle::equations(p.steps);
  if (found.empty() && form.topic != "grids") return "no equation in the steps";
  for (const oracle::equation& e : found) {
    const double left = oracle::plain_arithmetic::value(e.left),
                 right = oracle::plain_arithmetic::value(e.right);
    if (!(std::abs(left - right) <= 1e-9 * (1 + std::abs(right)))) return "untrue: " + e.left + " = " + e.right;
  }
  const std::string canonical = canonical_answer(p.answer);
  if (!parse_rational(canonical)) return "answer is no number: " + p.answer;
  const std::string last_line = p.steps.substr(p.steps.rfind('\n') + 1);
  bool is_derived = false;
  for (const double value : oracle::numbers(last_line + " ")) {
    const auto answer = parse_rational(canonical);
    const double wanted = static_cast<double>(answer->numerator()) / static_cast<double>(answer->denominator());
    is_derived = is_derived || std::abs(std::abs(value) - std::abs(wanted)) < 1e-9;
  }
  if (!is_derived && last_line.find(p.answer) == std::string::npos)
    return "the last step does not arrive at " + p.answer;
  if (recognise(p.question) != &form) return "not recognised";
  std::vector<std::string> steps;
  for (std::string_view rest = p.steps; !rest.empty();) steps.emplace_back(ascii::take_until(rest, "\n"));
  for (const solution_layout layout : solution_layouts) {
    const std::string text = lay_out(steps, p.answer, layout);
    if (extract_answer(text, {.guess = false}) != canonical) return "the answer is not found again in " + text;
    if (steps_of(text) != steps) return "the steps are not found again in " + text;
  }
  return "";
}

/// Writes each form of the table many times and checks what comes out.
inline void check_table(std::span<const word_problem_form> table) {
  constexpr std::uint64_t draws = 150;
  for (const word_problem_form& form : table) {
    std::set<std::string> questions;
    for (std::uint64_t number = 0; number < draws; ++number) {
      const written_problem p = write_once(form, number);
      const std::string wrong = complaint(form, p);
      if (!wrong.empty()) {
        CAPTURE(p.question, p.steps, p.answer);
        FAIL(wrong);
      }
      questions.insert(p.question);
    }
    CAPTURE(form.question);
    CHECK(questions.size() > draws * 3 / 10);
  }
}

/// Solves a form's problems by another route: `solve` sees only the numbers in the question.
template <class Solve>
void check_answers(std::span<const word_problem_form> table, std::string_view topic, std::size_t which,
                   Solve solve) {
  for (const word_problem_form& form : table) {
    if (form.topic != topic || which-- != 0) continue;
    for (std::uint64_t number = 0; number < 60; ++number) {
      const written_problem p = write_once(form, number);
      const auto answer = parse_rational(canonical_answer(p.answer));
      CAPTURE(p.question, p.answer);
      REQUIRE(answer);
      CHECK(static_cast<double>(answer->numerator()) / static_cast<double>(answer->denominator()) ==
            Approx(solve(oracle::numbers(p.question))));
    }
    return;
  }
  FAIL("no such form");
}

}  // namespace test
