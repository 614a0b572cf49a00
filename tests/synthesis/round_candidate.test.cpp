#include "support/catch.hpp"

#include <prismatic/synthesis/round_candidate.hpp>

#include <string>
#include <vector>

using namespace prismatic;

namespace {

std::vector<round_candidate> asking(const std::vector<std::string>& questions) {
  std::vector<round_candidate> out(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) out[i].record.question = questions[i];
  return out;
}

}  // namespace

TEST_CASE("unfit texts are dropped with what was found, and what is dropped stays so", "[synthesis][round_candidate]") {
  auto candidates = asking({"long enough", "x", "\u4f60\u597d\u4f60\u597d", "fine"});
  candidates[3].drop("duplicate");
  drop_unfit(candidates, &candidate_record::question, {2, 20}, {.scripts = {script::latin}});
  CHECK(alive(candidates) == 1);
  CHECK(candidates[1].record.verdict == "length");
  CHECK(candidates[1].record.detail == "found 1 characters, expected at least 2");
  CHECK(candidates[2].record.verdict == "script");
  CHECK(candidates[3].record.verdict == "duplicate");
  CHECK(with_verdict(candidates, "length") == 1);
  CHECK(with_verdict(candidates, "surplus") == 0);
}

TEST_CASE("another language is a verdict of its own", "[synthesis][round_candidate]") {
  auto candidates = asking({"one", "deux"});
  const text_filter_options english{.languages = {"en"}, .language_of = [](std::string_view text) { return std::optional<std::string>(text == "one" ? "en" : "fr"); }};
  drop_unfit(candidates, &candidate_record::question, {}, english);
  CHECK(candidates[0].alive);
  CHECK(candidates[1].record.verdict == "language");
  CHECK(candidates[1].record.detail == "found fr, expected en");
}

TEST_CASE("a quota keeps the first that are left", "[synthesis][round_candidate]") {
  auto candidates = asking({"a", "b", "c", "d"});
  candidates[0].drop("filtered");
  drop_surplus(candidates, 2);
  CHECK(candidates[1].alive);
  CHECK(candidates[2].alive);
  CHECK(candidates[3].record.verdict == "surplus");
  CHECK(candidates[0].record.verdict == "filtered");
}

TEST_CASE("wrong equations cost the vote, thoughts do not", "[synthesis][round_candidate]") {
  std::vector<attempt> attempts{{"1 + 1 = 2", "2"}, {"1 + 1 = 3", "3"}, {"<think>1 + 1 = 3?</think>1 + 1 = 2", "2"}, {"2 * 2 = 5", "5"}};
  const wrong_votes found = withdraw_wrong(attempts);
  CHECK(found.withdrawn == 2);
  CHECK(found.first == "1 + 1 = 3 (2)");
  CHECK(attempts[0].answer);
  CHECK_FALSE(attempts[1].answer);
  CHECK(attempts[2].answer);
  CHECK_FALSE(attempts[3].answer);
}
