#include "support/catch.hpp"
#include "transformer/checkpoints.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/synthesis/model_writer.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;
using B = cpu_backend<eigen_kernels>;

namespace {

using writer = model_writer<B, float>;

const problem sum{"", "What is 2 + 3?", "", ""};

proxy<B, float> load(context<B>& cx, const std::string& name, const checkpoint_options& options = {}) {
  return load_checkpoint<float>(cx, test::checkpoint_path(name), options);
}

}  // namespace

TEST_CASE("a checkpoint writes and solves, each answer a function of its own request", "[synthesis][model_writer]") {
  static_assert(generator<writer> && solver<writer>);
  context<B> cx({.threads = 2});
  const auto model = load(cx, "qwen2");
  writer w(cx, model, {.max_tokens = 12, .temperature = 1, .seed = 3});

  const std::vector<few_shot> shots{{"1 + 1", "The answer is 2."}};
  const std::vector<generation_request> requests{{5, shots}, {6, {}}, {9, shots}};
  const auto all = w.generate(requests);
  REQUIRE(all.size() == 3);
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(w.generate(std::span(&requests[i], 1))[0].text == all[i].text);
  CHECK(all[0].text != all[2].text);  // the same prompt, another number

  const std::vector<solve_request> asked{{2, &sum, 3}, {7, &sum, 3}};
  const auto solved = w.solve(asked);
  REQUIRE(solved.size() == 2);
  std::set<std::string> texts;
  for (const solution& s : solved) {
    REQUIRE(s.attempts.size() == 3);
    for (const attempt& a : s.attempts) CHECK(texts.insert(a.text).second);  // the same prompt, streams of their own
  }
  const auto again = w.solve(std::span(&asked[1], 1));
  for (std::size_t k = 0; k < 3; ++k) CHECK(again[0].attempts[k].text == solved[1].attempts[k].text);

  writer elsewhere(cx, model, {.max_tokens = 12, .temperature = 1, .seed = 4});
  CHECK(elsewhere.generate(requests)[0].text != all[0].text);
  CHECK(w.generate({}).empty());
  CHECK(w.solve({}).empty());
}

TEST_CASE("a request's temperature counts for it alone", "[synthesis][model_writer]") {
  context<B> cx({.threads = 2});
  const auto model = load(cx, "qwen2");
  writer w(cx, model, {.max_tokens = 12, .temperature = 1, .seed = 3}), hot(cx, model, {.max_tokens = 12, .temperature = 3, .seed = 3});
  const std::vector<generation_request> own{{5, {}}, {6, {}}}, mixed{{5, {}, 3.0}, {6, {}}, {6, {}, 3.0}};
  const auto plain = w.generate(own), heated = hot.generate(own), found = w.generate(mixed);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text == heated[0].text);
  CHECK(found[1].text == plain[1].text);
  CHECK(found[2].text == heated[1].text);
  CHECK(plain[1].text != heated[1].text);
}

TEST_CASE("problems and solutions draw from streams of their own", "[synthesis][model_writer]") {
  context<B> cx({.threads = 2});
  const auto model = load(cx, "llama");
  const auto& encoder = dynamic_cast<const chat_encoder&>(*model.encoder);
  const message turn{"user", "What is 2 + 3?\n\nSolve it step by step and end with \"The answer is N.\""};
  writer w(cx, model, {.max_tokens = 10, .seed = 5});
  const solve_request asked{4, &sum, 2};
  const auto solved = w.solve(std::span(&asked, 1))[0];
  const std::vector<std::vector<token_id>> prompts(2, encoder.encode_prompt(std::span(&turn, 1)));
  const auto expected = prismatic::generate(cx, model.model, std::span(prompts),
                                            {.max_tokens = 10, .stop_tokens = encoder.ends(), .seed = 5, .purpose = "solution", .streams = {8, 9}});
  for (std::size_t k = 0; k < 2; ++k) CHECK(solved.attempts[k].text == encoder.words().decode(expected[k], {.skip_special = true}));
}

TEST_CASE("what ends an answer: the end of a turn, the end of the text, what config.json names", "[synthesis][model_writer]") {
  context<B> cx({.threads = 1});
  for (const std::string name : {"qwen2", "llama"}) {
    const auto model = load(cx, name);
    const auto& encoder = dynamic_cast<const chat_encoder&>(*model.encoder);
    std::set<token_id> ends(encoder.ends().begin(), encoder.ends().end());
    CHECK(ends.contains(*encoder.words().find(std::string(end_of_turn(encoder.style().format)))));
    for (const token_id token : read_decoder_config(test::checkpoint_path(name)).eos) CHECK(ends.contains(token));
  }
}

TEST_CASE("examples that do not fit are left out, and a problem without room gets empty attempts", "[synthesis][model_writer]") {
  context<B> cx({.threads = 2});
  const auto model = load(cx, "qwen2", {.max_context = 512});
  writer w(cx, model, {.max_tokens = 8, .seed = 1});
  const std::string long_text(4000, 'x');
  const std::vector<few_shot> shots{{"1 + 1", "The answer is 2."}, {long_text, "The answer is 3."}};
  const std::vector<generation_request> both{{1, shots}}, one{{1, std::span(shots).first(1)}};
  CHECK(w.generate(both)[0].text == w.generate(one)[0].text);
  const problem hopeless{"", long_text, "", ""};
  const std::vector<solve_request> asked{{1, &hopeless, 2}, {2, &sum, 6}};
  const auto solved = w.solve(asked);
  REQUIRE(solved[0].attempts.size() == 2);
  CHECK(solved[0].attempts[1].text.empty());
  CHECK_FALSE(solved[0].attempts[1].answer);
  CHECK(std::ranges::any_of(solved[1].attempts, [](const attempt& a) { return !a.text.empty(); }));
  const auto alone = w.solve(std::span(&asked[1], 1))[0];
  for (std::size_t k = 0; k < 6; ++k) CHECK(alone.attempts[k].text == solved[1].attempts[k].text);
}

TEST_CASE("the thought that the prompt began is part of the answer", "[synthesis][model_writer]") {
  context<B> cx({.threads = 2});
  const auto model = load(cx, "qwen3", {.template_name = "qwen3-thinking"});
  writer w(cx, model, {.max_tokens = 3, .seed = 1});
  const solve_request asked{1, &sum, 1};
  CHECK(w.solve(std::span(&asked, 1))[0].attempts[0].text.starts_with("<think>\n"));
}

TEST_CASE("only a checkpoint with a chat template can write", "[synthesis][model_writer]") {
  context<B> cx({.threads = 1});
  const auto plain = load(cx, "qwen2", {.template_name = "none"});
  CHECK_THROWS_AS(writer(cx, plain, {}), model_error);
  CHECK_THROWS_WITH(writer(cx, plain, {}), Contains("qwen2: found no chat template, expected one"));
  const proxy<B, float> bytes{decoder<B, float>(auto_proxy_config()), std::make_shared<byte_encoder>(), "auto"};
  CHECK_THROWS_WITH(writer(cx, bytes, {}), Contains("auto: found no chat template"));
  CHECK_THROWS_AS(writer(cx, load(cx, "qwen2"), {.temperature = -1}), option_error);
}
