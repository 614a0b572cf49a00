#include "support/catch.hpp"
#include "transformer/checkpoints.hpp"

#include <prismatic/core/error.hpp>
#include <prismatic/transformer/chat_encoder.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

std::shared_ptr<const chat_encoder> load(const std::string& directory, std::string_view name = {}) {
  return load_chat_encoder(directory, read_decoder_config(directory), name);
}

std::shared_ptr<const chat_encoder> golden(const std::string& name, std::string_view style = {}) { return load(test::checkpoint_path(name), style); }

// The text of the tokens that carry loss.
std::string answer(const chat_encoder& encoder, const token_sequence& s) {
  std::vector<token_id> tokens;
  for (std::size_t t = 0; t < s.tokens.size(); ++t)
    if (s.carries_loss[t]) tokens.push_back(s.tokens[t]);
  return encoder.words().decode(tokens);
}

sample text_sample(std::string text) {
  sample s;
  s.id = "t";
  s.messages = {{std::string(roles::text), std::move(text)}};
  return s;
}

}  // namespace

TEST_CASE("tokens and loss flags are those of transformers", "[transformer][checkpoint]") {
  const auto samples = test::golden_samples();
  for (const std::string& name : test::checkpoint_names) {
    const auto encoder = golden(name);
    const json& expected = test::checkpoint_golden()["checkpoints"][name]["samples"];
    REQUIRE(expected.size() == samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      CAPTURE(name, i);
      const token_sequence found = encoder->encode(samples[i]);
      CHECK(found.tokens == expected[i]["tokens"].get<std::vector<token_id>>());
      CHECK(found.carries_loss == expected[i]["carries_loss"].get<std::vector<bool>>());
    }
  }
}

TEST_CASE("only what the assistant says carries loss, the end of its turn included", "[transformer][checkpoint]") {
  const auto encoder = golden("qwen2");
  sample s = make_sample("a", "question", "answer");
  s.messages.push_back({"user", "more"});
  s.messages.push_back({"assistant", "another"});
  CHECK(answer(*encoder, encoder->encode(s)) == "answer<|im_end|>another<|im_end|>");
  s.context_messages = 2;
  CHECK(answer(*encoder, encoder->encode(s)) == "another<|im_end|>");
  const auto llama = golden("llama");
  CHECK(answer(*llama, llama->encode(make_sample("a", "q", "padded \n"))) == "padded<|eot_id|>");
}

TEST_CASE("a token across the border of a turn carries loss when it has a byte of the answer", "[transformer][checkpoint]") {
  const auto encoder = golden("qwen2");
  const std::string before = "<|im_start|>assistant\n";
  for (const std::string content : {"\n\n\nx", "\n", " x", "\r\n x", "x"}) {
    CAPTURE(content);
    const token_sequence s = encoder->encode(make_sample("a", "q", content));
    const std::string with_loss = answer(*encoder, s), plain = content + "<|im_end|>";
    // Whole tokens: perhaps the newline of the header, never less than the answer, never the newline after it.
    CHECK(with_loss.ends_with(plain));
    CHECK((with_loss == plain || with_loss == "\n" + plain));
    CHECK_THAT(encoder->words().decode(s.tokens), Contains(before + content + "<|im_end|>\n"));
  }
}

TEST_CASE("an answer that normalisation changes keeps its borders", "[transformer][checkpoint]") {
  const auto encoder = golden("qwen2");
  sample s = make_sample("a", "cafe\xCC\x81 cafe\xCC\x81 cafe\xCC\x81", "e\xCC\x81 is e\xCC\x81");
  s.messages.push_back({"user", "e\xCC\x81"});
  s.messages.push_back({"assistant", "o\xCC\x88"});
  CHECK(answer(*encoder, encoder->encode(s)) == "\xC3\xA9 is \xC3\xA9<|im_end|>\xC3\xB6<|im_end|>");
}

TEST_CASE("invalid UTF-8 is replaced", "[transformer][checkpoint]") {
  const auto encoder = golden("llama");
  CHECK(answer(*encoder, encoder->encode(make_sample("a", "q\xFF", "a\xC3"))) == "a\xEF\xBF\xBD<|eot_id|>");
}

TEST_CASE("a text has the tokenizer's beginning and no template", "[transformer][checkpoint]") {
  const auto llama = golden("llama"), qwen = golden("qwen2");
  const token_sequence s = llama->encode(text_sample("Some text."));
  CHECK(llama->words().decode(s.tokens) == "<|begin_of_text|>Some text.");
  CHECK(answer(*llama, s) == "Some text.");
  CHECK(qwen->words().decode(qwen->encode(text_sample("Some text.")).tokens) == "Some text.");
  CHECK(qwen->encode(text_sample("")).tokens.empty());
}

TEST_CASE("format none puts prompt and answer end to end and closes the answer", "[transformer][checkpoint]") {
  const auto llama = golden("llama", "none"), qwen = golden("qwen2", "none");
  const sample s = make_sample("a", "2 + 2 =", " 4");
  CHECK(llama->words().decode(llama->encode(s).tokens) == "<|begin_of_text|>2 + 2 = 4<|eot_id|>");
  CHECK(answer(*llama, llama->encode(s)) == " 4<|eot_id|>");
  CHECK(answer(*qwen, qwen->encode(s)) == " 4<|im_end|>");
  CHECK(answer(*qwen, qwen->encode(make_sample("a", "q", "closed<|im_end|>"))) == "closed<|im_end|>");
  sample open = s;
  open.messages.push_back({"user", " and"});
  CHECK(qwen->words().decode(qwen->encode(open).tokens) == "2 + 2 = 4 and");
  CHECK(answer(*qwen, qwen->encode(open)) == " 4");
  CHECK(golden("llama", "none")->encode_prompt(s.messages).front() == 368);
}

TEST_CASE("the beginning of text twice is refused", "[transformer][checkpoint]") {
  const auto llama = golden("llama"), plain = golden("llama", "none");
  CHECK_THROWS_AS(llama->encode(text_sample("<|begin_of_text|>x")), data_error);
  CHECK_THROWS_AS(plain->encode(make_sample("a", "<|begin_of_text|>x", "y")), data_error);
  CHECK_THAT(test::message_of([&] { (void)llama->encode(text_sample("<|begin_of_text|>x")); }),
             Contains("found the token \"<|begin_of_text|>\" twice at the beginning, expected it once"));
  CHECK_NOTHROW(llama->encode(make_sample("a", "x", "y")));
}

TEST_CASE("a prompt ends where the answer begins", "[transformer][checkpoint]") {
  const auto samples = test::golden_samples();
  for (const std::string& name : test::checkpoint_names) {
    const auto encoder = golden(name);
    const std::span<const message> all = samples[0].messages;
    CHECK(encoder->encode_prompt(all.first(all.size() - 1)) ==
          test::checkpoint_golden()["checkpoints"][name]["greedy"][0]["prompt"].get<std::vector<token_id>>());
  }
}

TEST_CASE("a fingerprint names the template and the tokenizer", "[transformer][checkpoint]") {
  const std::string qwen2 = golden("qwen2")->fingerprint();
  CHECK_THAT(qwen2, Contains("qwen2.5"));
  CHECK(qwen2 == golden("qwen2")->fingerprint());
  CHECK(qwen2 != golden("qwen2", "chatml")->fingerprint());
  CHECK(qwen2 != golden("qwen2", "qwen3")->fingerprint());
  const test::damaged_checkpoint other("qwen2");
  other.write("tokenizer.json", other.read("tokenizer.json") + " ");
  CHECK(qwen2 != load(other.path())->fingerprint());
}

TEST_CASE("templates and tokenizers that cannot be used are refused", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen2");
  SECTION("an unknown template") {
    checkpoint.write("chat_template.jinja", "{{ messages }}");
    CHECK_THROWS_AS(load(checkpoint.path()), model_error);
    CHECK_THAT(test::message_of([&] { load(checkpoint.path()); }), Contains("unknown template") && Contains("--template"));
    CHECK_NOTHROW(load(checkpoint.path(), "chatml"));
  }
  SECTION("no template") {
    checkpoint.remove("chat_template.jinja");
    CHECK_THROWS_AS(load(checkpoint.path()), model_error);
    CHECK_NOTHROW(load(checkpoint.path(), "none"));
  }
  SECTION("an unknown name") { CHECK_THROWS_AS(load(checkpoint.path(), "alpaca"), option_error); }
  SECTION("no end of text for none") {
    checkpoint.edit("tokenizer_config.json", [](json& c) { c.erase("eos_token"); });
    CHECK(answer(*load(checkpoint.path(), "none"), load(checkpoint.path(), "none")->encode(make_sample("a", "q", "a"))) == "a<|im_end|>");
    checkpoint.edit("config.json", [](json& c) { c["eos_token_id"] = {370, 368}; });
    CHECK_THROWS_AS(load(checkpoint.path(), "none"), model_error);
    CHECK_NOTHROW(load(checkpoint.path()));
  }
  SECTION("more tokens than the model has") {
    checkpoint.edit("config.json", [](json& c) { c["vocab_size"] = 371; });
    CHECK_NOTHROW(load(checkpoint.path()));
    checkpoint.edit("config.json", [](json& c) { c["vocab_size"] = 370, c["eos_token_id"] = nullptr; });
    CHECK_THROWS_AS(load(checkpoint.path()), model_error);
    CHECK_THAT(test::message_of([&] { load(checkpoint.path()); }), Contains("found 371 tokens, expected at most the 370"));
  }
  SECTION("no merges") {
    checkpoint.edit("tokenizer.json", [](json& c) { c["model"].erase("merges"); });
    CHECK_THROWS_AS(load(checkpoint.path()), data_error);
  }
}
