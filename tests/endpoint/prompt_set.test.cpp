#include <prismatic/endpoint/prompt_set.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <string>
#include <vector>

using namespace prismatic;

namespace {

const std::string small =
    "# words\ntask: mathematics\n[system]\nBe brief.\n[write]\nSee:\n{{examples}}\nNow one more.\n\n[example]\nQ {{question}} A {{solution}}\n"
    "[solve]\nSolve {{question}}\n";

}  // namespace

TEST_CASE("prompts are filled in", "[endpoint][prompt_set]") {
  const prompt_set prompts(small, "dir/mine.txt");
  const std::vector<few_shot> shots{{"1+1", "2"}, {"{{solution}}", "{{examples}}"}};
  const auto write = prompts.asking_for_a_problem(shots);
  REQUIRE(write.size() == 2);
  CHECK(write[0] == message{"system", "Be brief."});
  CHECK(write[1] == message{"user", "See:\nQ 1+1 A 2\n\nQ {{solution}} A {{examples}}\nNow one more."});
  CHECK(prompts.asking_for_a_solution("x {{question}}")[1].content == "Solve x {{question}}");
  CHECK(prompts.identity() == "mine.txt " + content_hash(small));
}

TEST_CASE("the prompts that come along are sound", "[endpoint][prompt_set]") {
  const synthesis_task tasks[] = {synthesis_task::mathematics, synthesis_task::inference, synthesis_task::instructions};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto prompts = prompt_set::named(std::string(synthesis_task_names[i]));
    CHECK(prompts.task() == tasks[i]);
    const few_shot shot{"a question", "a solution"};
    const auto turns = prompts.asking_for_a_problem(std::span(&shot, 1));
    REQUIRE(turns.size() == 1);
    CHECK(turns[0].content.find("a question") != std::string::npos);
    CHECK(turns[0].content.find("{{") == std::string::npos);
  }
}

TEST_CASE("faults in a file are named with their line", "[endpoint][prompt_set]") {
  const auto refused = [](const std::string& what, const std::string& with) {
    std::string text = small;
    text.replace(text.find(what), what.size(), with);
    try {
      prompt_set(text, "f");
    } catch (const data_error& e) {
      return std::string(e.what());
    }
    return std::string("taken");
  };
  CHECK(refused("[solve]", "[answer]") == "f:12: found \"[answer]\", expected [system], [write], [example] or [solve]");
  CHECK(refused("[system]", "[solve]") == "f:12: found \"[solve] twice\", expected it once");
  CHECK(refused("task: mathematics\n", "") == "f: task: found nothing, expected task: mathematics, inference or instructions");
  CHECK(refused("task: m", "task: M").starts_with("f:2: task: found"));
  CHECK(refused("# words", "words").starts_with("f:1: found \"words\""));
  CHECK(refused("{{examples}}", "") == "f:5: [write]: found nothing, expected {{examples}} in it");
  CHECK(refused("{{solution}}", "{{answer}}") == "f:10: [example]: found \"{{answer}}\", expected {{question}}, {{solution}}");
  CHECK(refused("Solve {{question}}", "") == "f:12: [solve]: found nothing, expected a prompt");
  CHECK(refused("Be brief.", "Be {{brief}}") == "f:3: [system]: found \"{{brief}}\", expected no place");
  CHECK(refused("Be brief.", "Be brief") == "taken");
  CHECK_THROWS_AS(prompt_set::named("no/such/file"), io_error);
  const test::temporary_directory directory;
  CHECK(prompt_set::named(directory.write("p.txt", small)).task() == synthesis_task::mathematics);
  CHECK_THROWS_AS(prompt_set::named(directory.write("big.txt", small + std::string(2 << 20, 'x'))), data_error);
}
