#include <prismatic/synthesis/task.hpp>

#include "support/catch.hpp"

#include <string>

using namespace prismatic;

TEST_CASE("problems of each task are read back", "[synthesis][task]") {
  const auto sum = read_problem(synthesis_task::mathematics, {"<think>?</think>Problem: 1 + 1\nSolution: The answer is 2."});
  REQUIRE(sum);
  CHECK(sum->question == "1 + 1");
  CHECK(sum->answer == "2");
  const auto pair = read_problem(synthesis_task::inference, {"Premise: It rains.\nHypothesis: It is wet.\nLabel: Entailment"});
  REQUIRE(pair);
  CHECK(pair->question == inference_question("It rains.", "It is wet."));
  CHECK(pair->answer == "entailment");
  const auto order = read_problem(synthesis_task::instructions, {"**Instruction:** Write a haiku.\n**Response:** Old pond"});
  REQUIRE(order);
  CHECK(order->question == "Write a haiku.");
  CHECK(order->solution == "Old pond");
  CHECK_FALSE(read_problem(synthesis_task::inference, {"Premise: It rains."}));
  CHECK_FALSE(read_problem(synthesis_task::instructions, {"Response: yes"}));
}

TEST_CASE("a text that was cut is neither a problem nor a vote", "[synthesis][task]") {
  for (const synthesis_task task : {synthesis_task::mathematics, synthesis_task::inference, synthesis_task::instructions}) {
    CHECK_FALSE(read_answer(task, {"The answer is entailment 7.", "length"}));
    CHECK_FALSE(read_answer(task, {"", "stop"}));
  }
  CHECK_FALSE(read_problem(synthesis_task::mathematics, {"Problem: 1 + 1", "length"}));
}

TEST_CASE("answers of each task are read", "[synthesis][task]") {
  CHECK(read_answer(synthesis_task::mathematics, {"so 41 + 1, the answer is 42.", "stop"}) == "42");
  CHECK(read_answer(synthesis_task::inference, {"Contradiction."}) == "contradiction");
  CHECK_FALSE(read_answer(synthesis_task::inference, {"42"}));
  CHECK(read_answer(synthesis_task::instructions, {"anything"}) == "");
  CHECK_FALSE(read_answer(synthesis_task::instructions, {"<think>for ever"}));
}
