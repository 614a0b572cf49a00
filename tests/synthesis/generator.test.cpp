#include <prismatic/synthesis/generator.hpp>

#include "support/catch.hpp"

using namespace prismatic;

namespace {

struct echo {
  std::vector<generation> generate(std::span<const generation_request> requests) {
    std::vector<generation> out;
    for (const generation_request& r : requests) {
      const std::string text = write_problem("", r.examples.empty() ? "?" : r.examples[0].question, "");
      out.push_back({text, parse_problem(text)});
    }
    return out;
  }
  std::vector<solution> solve(std::span<const solve_request> requests) {
    std::vector<solution> out;
    for (const solve_request& r : requests)
      out.push_back({std::vector<attempt>(static_cast<std::size_t>(r.attempts), {r.posed->question, "1"})});
    return out;
  }
};
struct neither {
  std::vector<generation> generate(int);
};

static_assert(generator<echo> && solver<echo>);
static_assert(!generator<neither> && !solver<neither>);

}  // namespace

TEST_CASE("a generator of one's own takes a few lines", "[synthesis][generator]") {
  const few_shot example{"How many?", "One."};
  const generation_request requests[] = {{1, {}}, {2, {&example, 1}}};
  const std::vector<generation> out = echo().generate(requests);
  REQUIRE(out[1].posed);
  CHECK(out[1].posed->question == "How many?");
}

TEST_CASE("problems are read back from text", "[synthesis][generator]") {
  const auto p = parse_problem(
      "Topic: ages\nProblem: Ann is 3.\nHow old is Bob?\nSolution: Step 1: 3 + 1 = 4.\nThe answer is 4.");
  REQUIRE(p);
  CHECK(p->topic == "ages");
  CHECK(p->question == "Ann is 3.\nHow old is Bob?");
  CHECK(p->solution == "Step 1: 3 + 1 = 4.\nThe answer is 4.");
  CHECK(p->answer == "4");
}

TEST_CASE("only the problem itself is required", "[synthesis][generator]") {
  const auto bare = parse_problem("Sure, here is one.\n\nProblem:\n  What is 2 + 2?  \n");
  REQUIRE(bare);
  CHECK(bare->question == "What is 2 + 2?");
  CHECK(bare->topic.empty());
  CHECK(bare->solution.empty());
  CHECK(bare->answer.empty());
  for (const char* text : {"", "\n\n", "I cannot help with that.", "Topic: ages\n",
                           "Problem:", "Problem: \nSolution: 4", "Solution: The answer is 4."}) {
    CAPTURE(text);
    CHECK_FALSE(parse_problem(text));
  }
}

TEST_CASE("a label inside a part that has begun is text", "[synthesis][generator]") {
  const auto p = parse_problem("Problem: Solve it.\nProblem: twice\nSolution: The answer is 1.\nSolution: no");
  REQUIRE(p);
  CHECK(p->question == "Solve it.\nProblem: twice");
  CHECK(p->solution == "The answer is 1.\nSolution: no");
}

TEST_CASE("thoughts are not what a model says", "[synthesis][generator]") {
  CHECK(without_thoughts("plain") == "plain");
  CHECK(without_thoughts("<think>\na\n</think>\n\nsaid") == "\n\nsaid");
  CHECK(without_thoughts("a</think>b</think>c") == "c");
  CHECK(without_thoughts("<think>never ends").empty());
  CHECK(without_thoughts("").empty());
  const auto posed = parse_problem("<think>\nProblem: a draft\n</think>\n\nProblem: 1 + 1\nSolution: The answer is 2.");
  REQUIRE(posed);
  CHECK(posed->question == "1 + 1");
  CHECK(posed->answer == "2");
  CHECK_FALSE(parse_problem("<think>\nProblem: a draft"));
}
