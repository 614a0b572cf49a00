#include <prismatic/io/tokenizer.hpp>

#include <prismatic/core/philox.hpp>
#include <prismatic/io/json.hpp>

#include "golden/golden.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace prismatic;
using test::golden_json;
using test::golden_text;

namespace {

const std::array<std::string, 4> names = {"gpt2", "qwen2", "llama3", "unusual"};

const tokenizer& golden_tokenizer(const std::string& name) {
  static std::map<std::string, tokenizer> loaded;
  const auto found = loaded.find(name);
  if (found != loaded.end()) return found->second;
  return loaded.emplace(name, tokenizer::parse(golden_text(name + ".tokenizer.json.gz"), name)).first->second;
}

const json& golden() {
  static const json document = golden_json("tokenizers.golden.json.gz");
  return document;
}

std::vector<std::string> strings(const std::string& field) {
  return golden()[field].get<std::vector<std::string>>();
}

// The invalid strings are kept one code point a byte.
std::vector<std::string> invalid_strings() {
  std::vector<std::string> out;
  for (const std::string& spelled : strings("invalid")) {
    std::string bytes;
    for (const char *p = spelled.data(), *end = p + spelled.size(); p < end; p += decode_code_point(p).size)
      bytes += static_cast<char>(static_cast<unsigned char>(decode_code_point(p).value));
    out.push_back(bytes);
  }
  return out;
}

using ids = std::vector<token_id>;

// How many of `texts` get other ids than the reference gives them; says which was the first.
index_t disagreements(const tokenizer& t, const std::vector<std::string>& texts, const json& expected,
                      encode_options options = {}) {
  REQUIRE(expected.size() <= texts.size());
  index_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ids found = t.encode(texts[i], options);
    if (found == expected[i].get<ids>()) continue;
    if (wrong++ == 0) {
      INFO("string " << i << ": " << json(replace_invalid_utf8(texts[i])).dump());
      CHECK(found == expected[i].get<ids>());
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("token ids equal the reference's", "[io][tokenizer]") {
  REQUIRE(strings("strings").size() >= 3000);
  for (const std::string& name : names) {
    CAPTURE(name);
    const tokenizer& t = golden_tokenizer(name);
    const json& expected = golden()["tokenizers"][name];
    CHECK(disagreements(t, strings("strings"), expected["ids"]) == 0);
    CHECK(disagreements(t, strings("strings"), expected["with_special"], {.add_special_tokens = true}) == 0);
    CHECK(disagreements(t, invalid_strings(), expected["invalid"]) == 0);
    // \p{L} of characters younger than PCRE2's tables is the one thing a general pattern may see differently.
    if (name != "unusual") CHECK(disagreements(t, strings("modern"), expected["modern"]) == 0);
  }
}

TEST_CASE("decoding equals the reference's, at once and token by token", "[io][tokenizer]") {
  const auto texts = strings("strings");
  for (const std::string& name : names) {
    CAPTURE(name);
    const tokenizer& t = golden_tokenizer(name);
    const json& expected = golden()["tokenizers"][name];
    index_t wrong = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const ids encoded = t.encode(texts[i]);
      const auto changed = expected["changed"].find(std::to_string(i));  // by NFC or by an added token's spaces
      const std::string back = changed == expected["changed"].end() ? texts[i] : changed->get<std::string>();
      if (t.decode(encoded) != back) ++wrong;
      text_stream stream(t);
      std::string streamed;
      for (const token_id id : encoded) {
        const std::string part = stream.push(id);
        if (!is_valid_utf8(part)) ++wrong;
        streamed += part;
      }
      if (streamed + stream.finish() != back) ++wrong;
    }
    CHECK(wrong == 0);
    for (const json& row : expected["decoded"]) {
      const auto sequence = row[0].get<ids>();
      CHECK(t.decode(sequence) == row[1].get<std::string>());
      CHECK(t.decode(sequence, {.skip_special = true}) == row[2].get<std::string>());
      text_stream stream(t, {.skip_special = true});
      std::string streamed;
      for (const token_id id : sequence) streamed += stream.push(id);
      CHECK(streamed + stream.finish() == row[2].get<std::string>());
    }
  }
}

TEST_CASE("special tokens are added only when asked for, and twice is noticed", "[io][tokenizer]") {
  const tokenizer& t = golden_tokenizer("llama3");
  const token_id bos = t.find("<|begin_of_text|>").value();
  CHECK(ids(t.prefix().begin(), t.prefix().end()) == ids{bos});
  CHECK(t.encode("").empty());
  CHECK(t.encode("", {.add_special_tokens = true}) == ids{bos});
  CHECK(t.encode("<|begin_of_text|>x").front() == bos);
  const std::string rendered = "<|begin_of_text|>Hi";
  CHECK_FALSE(t.begins_with_double_prefix(t.encode(rendered)));
  CHECK(t.begins_with_double_prefix(t.encode(rendered, {.add_special_tokens = true})));
  CHECK_FALSE(t.begins_with_double_prefix(ids{bos}));
  CHECK_FALSE(golden_tokenizer("gpt2").begins_with_double_prefix(ids{bos, bos}));  // it has no prefix
  CHECK(t.is_special(bos));
  CHECK_FALSE(t.is_special(t.find("<think>").value()));
  CHECK_FALSE(t.is_special(-1));
}

TEST_CASE("ids without a token decode to nothing", "[io][tokenizer]") {
  const tokenizer& t = golden_tokenizer("gpt2");
  const auto beyond = static_cast<token_id>(t.vocabulary_size());
  CHECK(t.decode(ids{-1, beyond, beyond + 1000}).empty());
  CHECK(t.bytes(-1).empty());
  CHECK(t.bytes(beyond).empty());
  CHECK(t.find("no such token in a vocabulary of two thousand") == std::nullopt);
}

TEST_CASE("streamed text holds back what is incomplete", "[io][tokenizer]") {
  const tokenizer& t = golden_tokenizer("unusual");  // most Chinese characters are three tokens there
  const ids encoded = t.encode("\xF0\x9F\xAB\xA0");
  REQUIRE(encoded.size() > 1);
  text_stream stream(t);
  for (std::size_t i = 0; i + 1 < encoded.size(); ++i) CHECK(stream.push(encoded[i]).empty());
  CHECK(stream.push(encoded.back()) == "\xF0\x9F\xAB\xA0");
  CHECK(stream.finish().empty());
  CHECK(stream.push(encoded.front()).empty());
  CHECK(stream.finish() == "\xEF\xBF\xBD");
  CHECK(stream.finish().empty());
}

TEST_CASE("threads that share a tokenizer agree with one alone", "[io][tokenizer]") {
  const tokenizer shared = tokenizer::parse(golden_text("qwen2.tokenizer.json.gz"));
  const auto texts = strings("strings");
  const json& expected = golden()["tokenizers"]["qwen2"]["ids"];
  std::array<index_t, 4> wrong{};
  std::vector<std::thread> threads;
  for (index_t& mine : wrong)
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < texts.size(); i += 3)
        if (shared.encode(texts[i]) != expected[i].get<ids>()) ++mine;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::array<index_t, 4>{});
}

TEST_CASE("any bytes encode, and come back as their repaired text", "[io][tokenizer]") {
  const random_stream random(1, "tokenizer fuzz");
  std::uint64_t at = 0;
  for (const char* name : {"gpt2", "llama3", "unusual"}) {  // no normaliser
    const tokenizer& t = golden_tokenizer(name);
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (index_t left = random.below(at++, 40); left > 0; --left)
        text += random.below(at++, 3) == 0 ? static_cast<char>(random.bits(at++))
                                           : " a'\n<1[s"[random.below(at++, 8)];
      CHECK(t.decode(t.encode(text)) == replace_invalid_utf8(text));
    }
  }
}

TEST_CASE("a long word takes no more than n log n", "[io][tokenizer]") {
  const tokenizer& t = golden_tokenizer("qwen2");
  const std::string word(1 << 20, 'e');  // quadratic would take minutes
  CHECK(t.decode(t.encode(word)) == word);
}

TEST_CASE("a tokenizer is read from a file", "[io][tokenizer]") {
  CHECK_THROWS_AS(tokenizer::load("/no/such/tokenizer.json"), io_error);
  const tokenizer moved = [] { return tokenizer::parse(golden_text("gpt2.tokenizer.json.gz")); }();
  CHECK(moved.decode(moved.encode("moved")) == "moved");
}
