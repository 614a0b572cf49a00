#include <prismatic/synthesis/labelled_text.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <vector>

using namespace prismatic;

namespace {

constexpr std::array<std::string_view, 2> labels{"Problem", "Solution"};

std::vector<std::string> parts(std::string_view text) { return labelled_parts(text, labels); }

}  // namespace

TEST_CASE("labels are found however they are dressed", "[synthesis][labelled_text]") {
  const std::vector<std::string> expected{"Add 1\nand 2.", "It is 3."};
  for (const char* text :
       {"Problem: Add 1\nand 2.\nSolution: It is 3.", "**Problem:** Add 1\nand 2.\n\n**Solution:** It is 3.\n",
        "Sure!\n\n### Problem\nAdd 1\nand 2.\n### Solution\nIt is 3.", "PROBLEM 4: Add 1\nand 2.\nsolution: It is 3.",
        "```\nProblem: Add 1\nand 2.\nSolution: It is 3.\n```", "1. **Problem**: Add 1\nand 2.\n2. **Solution**: It is 3.",
        "Problem:\r\nAdd 1\nand 2.\nSolution :\nIt is 3.", "```markdown\n> Problem: Add 1\nand 2.\n> Solution: It is 3.\n```"}) {
    CAPTURE(text);
    CHECK(parts(text) == expected);
  }
}

TEST_CASE("what only looks like a label is text", "[synthesis][labelled_text]") {
  CHECK(parts("Problem: The problem: is it\nProblems: many\nSolutions vary\nThe solution: x") ==
        std::vector<std::string>{"The problem: is it\nProblems: many\nSolutions vary\nThe solution: x", ""});
  CHECK(parts("Problem solving is hard") == std::vector<std::string>{"", ""});
  CHECK(parts("Problem\nsolution") == std::vector<std::string>{"", ""});
  CHECK(parts("") == std::vector<std::string>{"", ""});
  CHECK(parts("``````") == std::vector<std::string>{"", ""});
  CHECK(parts("Problem: **2** x 3\nSolution: *6*") == std::vector<std::string>{"**2** x 3", "*6*"});
}
