#include <prismatic/io/chat_format.hpp>

#include <prismatic/io/chat_template.hpp>

#include "golden/golden.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace prismatic;

namespace {

using conversation = std::vector<message>;

const json& golden() {
  static const json document = test::golden_json("chat_templates.golden.json");
  return document;
}

conversation conversation_of(const json& turns) {
  conversation out;
  for (const json& turn : turns)
    out.push_back({turn["role"].get<std::string>(), turn["content"].get<std::string>()});
  return out;
}

std::vector<chat_segment> render(std::string_view name, const conversation& messages,
                                 const chat_options& options = {}) {
  return render_chat(named_template(name), messages, options);
}

}  // namespace

TEST_CASE("prompts equal what transformers renders", "[io][chat_format]") {
  for (const auto& [name, expected] : golden()["templates"].items()) {
    const auto style = recognised_template(test::golden_template(name));
    REQUIRE(style);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(name, i);
      const conversation messages = conversation_of(golden()["conversations"][i]);
      CHECK(text_of(render_chat(*style, messages)) == expected[i][0].get<std::string>());
      CHECK(text_of(render_chat(*style, messages, {.add_generation_prompt = true})) ==
            expected[i][1].get<std::string>());
    }
  }
}

TEST_CASE("only what the assistant writes carries loss", "[io][chat_format]") {
  const conversation two = {{"user", "a"}, {"assistant", "b"}, {"user", "c"}, {"assistant", "d"}};
  CHECK(render("chatml", two) ==
        std::vector<chat_segment>{{"<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n", false},
                                  {"b<|im_end|>", true},
                                  {"\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n", false},
                                  {"d<|im_end|>", true},
                                  {"\n", false}});
  CHECK(render("llama3", {{"user", "a"}, {"assistant", " b "}}).back() == chat_segment{"b<|eot_id|>", true});
  CHECK(render("qwen3", {{"user", "a"}, {"assistant", "b"}})[1] ==
        chat_segment{"<think>\n\n</think>\n\nb<|im_end|>", true});
  CHECK(render("qwen3-thinking", {{"user", "a"}, {"assistant", "<think>t</think>b"}}) ==
        std::vector<chat_segment>{{"<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n<think>\n", false},
                                  {"t\n</think>\n\nb<|im_end|>", true},
                                  {"\n", false}});
  CHECK(render("none", two) == std::vector<chat_segment>{{"a", false}, {"b", true}, {"c", false}, {"d", true}});
}

TEST_CASE("turns that were given as context carry no loss", "[io][chat_format]") {
  const conversation two = {{"user", "a"}, {"assistant", "b"}, {"user", "c"}, {"assistant", "d"}};
  const auto segments = render("qwen2.5", two, {.context_messages = 3});
  REQUIRE(segments.size() == 3);
  CHECK(segments[1] == chat_segment{"d<|im_end|>", true});
  CHECK(text_of(segments) == text_of(render("qwen2.5", two)));
}

TEST_CASE("what stands before the last answer is the prompt it answers", "[io][chat_format]") {
  for (const char* name : {"chatml", "qwen2.5", "qwen3", "qwen3-instruct", "qwen3-thinking", "llama3", "llama3.1"})
    for (std::size_t turns : {2u, 4u, 6u}) {
      CAPTURE(name, turns);
      conversation messages;
      for (std::size_t i = 0; i < turns; ++i)
        messages.push_back({i % 2 == 0 ? "user" : "assistant", "turn " + std::to_string(i)});
      const auto segments = render(name, messages);
      std::size_t last = segments.size() - 1;
      while (!segments[last].carries_loss) --last;
      messages.pop_back();
      CHECK(text_of(std::span(segments).first(last)) ==
            text_of(render(name, messages, {.add_generation_prompt = true})));
    }
}

TEST_CASE("an answer is what the prompt began and the model went on with, to the end of its turn", "[io][chat_format]") {
  for (const std::string_view name : chat_format_names) {
    CAPTURE(name);
    const chat_format format = named_template(name).format;
    const std::string whole = text_of(render(name, {{"user", "a"}, {"assistant", "<think>\nt\n</think>\n\nb"}}));
    const std::string prompt = text_of(render(name, {{"user", "a"}}, {.add_generation_prompt = true}));
    CHECK(prompt.ends_with(begun_answer(format)));
    REQUIRE(whole.starts_with(prompt));
    const std::string answer = std::string(begun_answer(format)) + whole.substr(prompt.size());
    CHECK(answer.starts_with("<think>\nt\n</think>\n\nb" + std::string(end_of_turn(format))));
  }
}

TEST_CASE("a plain text is taken as it is", "[io][chat_format]") {
  CHECK(render("qwen2.5", {{"text", "document"}}) == std::vector<chat_segment>{{"document", true}});
}

TEST_CASE("invalid UTF-8 is repaired, and its neighbours kept", "[io][chat_format]") {
  CHECK(text_of(render("none", {{"user", "a\xFF"}, {"assistant", "b"}})) == "a\uFFFDb");
  CHECK(text_of(render("llama3", {{"user", " a\xE4 "}})) ==
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\na\uFFFD<|eot_id|>");
}

TEST_CASE("the date of Llama-3.1 is the caller's", "[io][chat_format]") {
  const std::string text = text_of(render("llama3.1", {{"user", "a"}}, {.date = "01 Jan 2030"}));
  CHECK(text.find("Today Date: 01 Jan 2030\n") != std::string::npos);
}

TEST_CASE("conversations no template knows are refused", "[io][chat_format]") {
  CHECK_THROWS_WITH(render("chatml", {}), "messages: found none, expected at least one");
  CHECK_THROWS_WITH(render("chatml", {{"user", "a"}, {"critic", "b"}}),
                    "role: found \"critic\", expected system, user, assistant or tool");
  CHECK_THROWS_AS(render("llama3", {{"user", "a"}, {"text", "b"}}), data_error);
}
