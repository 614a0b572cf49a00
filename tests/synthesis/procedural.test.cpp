#include <prismatic/synthesis/procedural.hpp>

#include "support/catch.hpp"

#include <nlohmann/json.hpp>
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/words.hpp>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

using namespace prismatic;

namespace {

std::vector<generation> generate(const procedural_generator& writer, std::uint64_t count,
                                 std::span<const few_shot> examples = {}) {
  std::vector<generation_request> requests;
  for (std::uint64_t number = 0; number < count; ++number) requests.push_back({number, examples});
  return writer.generate(requests);
}

// A share of n draws with probability p lies within 5 standard deviations.
bool is_binomial(double successes, double n, double p) {
  return std::abs(successes - n * p) <= 5 * std::sqrt(n * p * (1 - p)) + 1;
}

// The fixed words of a question, without what is drawn.
std::set<std::string> wording(const word_problem_form& form) {
  std::string fixed;
  for (std::string_view rest = form.question; !rest.empty();) {
    fixed += ascii::take_until(rest, "{");
    std::size_t depth = 1, end = 0;
    for (; end < rest.size() && depth > 0; ++end)
      depth += (rest[end] == '{' ? 1u : 0u) - (rest[end] == '}' ? 1u : 0u);
    rest.remove_prefix(end);
    fixed += " ... ";
  }
  const normalised_text words(fixed);
  std::set<std::string> out;
  for (index_t i = 0; i + 3 <= words.words(); ++i) out.emplace(words.ngram(i, 3));
  return out;
}

}  // namespace

TEST_CASE("a response depends on seed, number and examples, not on the batch", "[synthesis][procedural]") {
  const procedural_generator writer({.seed = 3});
  const std::vector<generation> all = generate(writer, 50);
  const few_shot example{all[0].posed->question, all[0].posed->solution};
  for (std::uint64_t number : {0u, 1u, 7u, 49u}) {
    const generation_request alone[] = {{number, {}}, {number, {&example, 1}}, {number, {}}};
    const std::vector<generation> again = procedural_generator({.seed = 3}).generate(alone);
    CHECK(again[0].text == all[number].text);
    CHECK(again[2].text == all[number].text);
  }
  CHECK(generate(procedural_generator({.seed = 4}), 1)[0].text != all[0].text);
  CHECK(generate(writer, 0).empty());
}

TEST_CASE("generated problems parse, and their solutions say their answers", "[synthesis][procedural]") {
  const std::vector<generation> all = generate(procedural_generator({.skew = 0, .malformed_rate = 0}), 5000);
  std::set<std::string> topics;
  std::size_t shortest = 1000, longest = 0;
  for (const generation& g : all) {
    REQUIRE(g.posed);
    const problem& p = *g.posed;
    topics.insert(p.topic);
    const std::size_t size = p.question.size() + p.solution.size();
    shortest = std::min(shortest, size);
    longest = std::max(longest, size);
    if (extract_answer(p.solution) != p.answer || canonical_answer(p.answer) != p.answer || p.answer.empty())
      FAIL(g.text);
    const std::optional<problem> again = parse_problem(write_problem(p.topic, p.question, p.solution));
    REQUIRE(again);
    if (again->question != p.question || again->solution != p.solution || again->answer != p.answer)
      FAIL(g.text);
  }
  CHECK(topics == std::set<std::string>(word_problem_topics.begin(), word_problem_topics.end()));
  CHECK(shortest >= 180);
  CHECK(longest <= 520);
}

TEST_CASE("topics follow the skew", "[synthesis][procedural]") {
  const double skew = GENERATE(0.0, 1.2, 2.0);
  constexpr int draws = 6000;
  std::map<std::string, int> counts;
  for (const generation& g :
       generate(procedural_generator({.seed = 5, .skew = skew, .malformed_rate = 0}), draws))
    ++counts[g.posed->topic];
  double sum = 0;
  for (std::size_t rank = 1; rank <= word_problem_topics.size(); ++rank) sum += std::pow(rank, -skew);
  for (std::size_t rank = 1; rank <= word_problem_topics.size(); ++rank) {
    CAPTURE(skew, rank);
    CHECK(is_binomial(counts[std::string(word_problem_topics[rank - 1])], draws, std::pow(rank, -skew) / sum));
  }
}

TEST_CASE("every topic has at least three forms, each known by its own text", "[synthesis][procedural]") {
  std::map<std::string_view, int> forms;
  for (const word_problem_form* form : word_problem_forms()) ++forms[form->topic];
  CHECK(forms.size() == word_problem_topics.size());
  for (const std::string_view topic : word_problem_topics) {
    CAPTURE(topic);
    CHECK(forms[topic] >= 3);
  }
  CHECK(recognise("What is the capital of France?") == nullptr);
  CHECK(recognise("") == nullptr);
}

TEST_CASE("forms share little wording", "[synthesis][procedural]") {
  for (const word_problem_form* a : word_problem_forms())
    for (const word_problem_form* b : word_problem_forms()) {
      if (a >= b) continue;
      const auto left = wording(*a), right = wording(*b);
      std::size_t common = 0;
      for (const std::string& shingle : left) common += right.count(shingle);
      CAPTURE(a->question, b->question);
      CHECK(static_cast<double>(common) <= 0.34 * static_cast<double>(std::min(left.size(), right.size())));
    }
}

TEST_CASE("examples draw the generator to their topic and layout", "[synthesis][procedural]") {
  const std::vector<generation> pool =
      generate(procedural_generator({.seed = 8, .skew = 0, .malformed_rate = 0}), 400);
  const auto rare = std::ranges::find_if(pool, [](const generation& g) { return g.posed->topic == "maps"; });
  REQUIRE(rare != pool.end());
  const few_shot example{rare->posed->question, rare->posed->solution};
  const double copy = GENERATE(0.0, 0.5, 1.0);
  constexpr int draws = 1500;
  const procedural_generator writer(
      {.seed = 9, .copy_probability = copy, .near_duplicate_rate = 0, .malformed_rate = 0});
  int same_topic = 0, same_layout = 0, same_question = 0;
  for (const generation& g : generate(writer, draws, {&example, 1})) {
    same_topic += g.posed->topic == "maps";
    same_layout += layout_of(g.posed->solution) == layout_of(rare->posed->solution);
    same_question += g.posed->question == rare->posed->question;
  }
  constexpr double unprompted = 0.006;  // the share of this topic without examples, about
  CAPTURE(copy);
  CHECK(same_topic >= draws * copy - 100);
  CHECK(same_topic <= draws * (copy + (1 - copy) * unprompted) + 100);
  CHECK(is_binomial(same_layout, draws, copy + (1 - copy) / 4));
  CHECK(same_question <= 10);
}

TEST_CASE("a repeated example differs in the name alone and is caught as a near duplicate",
          "[synthesis][procedural]") {
  const few_shot example{
      "Zoë has 12 apples. Zoë's brother eats 5 of them. How many apples does Zoë keep after that day?",
      "Zoë keeps 12 - 5 = 7 apples. The answer is 7."};
  const procedural_generator writer({.near_duplicate_rate = 1, .malformed_rate = 0});
  int changed = 0;
  for (const generation& g : generate(writer, 40, {&example, 1})) {
    const bool repeats = g.posed->question.find("has 12 apples.") != std::string::npos;
    if (!repeats) continue;  // the draw was the same name
    ++changed;
    CHECK(g.posed->topic.empty());
    CHECK(g.posed->answer == "7");
    CHECK(g.text.find("Zoë") == std::string::npos);
    CHECK(normalised_text(g.text).text().find("brother eats 5 of them") != std::string::npos);
  }
  CHECK(changed >= 30);

  const std::vector<generation> pool =
      generate(procedural_generator({.seed = 2, .near_duplicate_rate = 0, .malformed_rate = 0}), 300);
  overlap_index index;
  std::vector<few_shot> examples;
  for (const generation& g : pool)
    if (g.posed->topic == "shopping") {  // two of its three forms have a name
      index.add(g.posed->question, index.size());
      examples.push_back({g.posed->question, g.posed->solution});
    }
  int caught = 0;
  constexpr int draws = 300;
  for (const generation& g : generate(writer, draws, examples))
    caught += index.find(g.posed->question).has_value();
  CHECK(caught >= draws / 2);
}

TEST_CASE("malformed texts come at their rate and hold no problem", "[synthesis][procedural]") {
  constexpr int draws = 3000;
  int unreadable = 0;
  for (const generation& g : generate(procedural_generator({.malformed_rate = 0.1}), draws)) {
    unreadable += !g.posed;
    CHECK(g.posed.has_value() == parse_problem(g.text).has_value());
  }
  CHECK(is_binomial(unreadable, draws, 0.1));
}

TEST_CASE("options of the generator are checked", "[synthesis][procedural]") {
  CHECK_THROWS_AS(procedural_generator({.skew = -1}), option_error);
  CHECK_THROWS_AS(procedural_generator({.skew = std::nan("")}), option_error);
  CHECK_THROWS_AS(procedural_generator({.copy_probability = 1.5}), option_error);
  CHECK_THROWS_AS(procedural_generator({.near_duplicate_rate = -0.1}), option_error);
  CHECK_THROWS_AS(procedural_generator({.malformed_rate = std::nan("")}), option_error);
}

TEST_CASE("the shipped seed problems are sound", "[synthesis][procedural]") {
  std::ifstream file(PRISMATIC_SOURCE_DIR "/examples/data/seed_problems.jsonl");
  REQUIRE(file);
  std::set<std::string> ids;
  std::map<std::string, int> topics;
  overlap_index index;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    CAPTURE(line);
    CHECK(ids.insert(record.at("id").get<std::string>()).second);
    ++topics[record.at("topic").get<std::string>()];
    const auto question = record.at("problem").get<std::string>();
    const word_problem_form* form = recognise(question);
    REQUIRE(form != nullptr);
    CHECK(form->topic == record.at("topic").get<std::string>());
    CHECK(extract_answer(record.at("solution").get<std::string>()) == record.at("answer").get<std::string>());
    CHECK_FALSE(index.add_if_new(question, static_cast<index_t>(ids.size())));
  }
  CHECK(ids.size() == 200);
  CHECK(topics.size() >= 15);
  CHECK(topics["shopping"] >= 40);
}
