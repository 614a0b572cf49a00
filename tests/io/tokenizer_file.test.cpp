#include <prismatic/io/tokenizer_file.hpp>

#include <prismatic/core/philox.hpp>
#include <prismatic/io/tokenizer.hpp>

#include "golden/golden.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

using ids = std::vector<token_id>;

// The byte alphabet, three merges and one special token.
json small_file() {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) {
    std::string spelled;
    append_utf8(spelled, byte_alphabet::instance().symbol(static_cast<unsigned char>(byte)));
    vocabulary[spelled] = byte;
  }
  vocabulary["ab"] = 256;
  vocabulary["abc"] = 257;
  vocabulary["bc"] = 258;
  return {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"b c", "a b", "ab c"}}}},
          {"added_tokens", {{{"id", 259}, {"content", "<end>"}, {"special", true}}}},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}},
          {"decoder", {{"type", "ByteLevel"}}}};
}

tokenizer parsed(const json& file) { return tokenizer::parse(file.dump()); }

// The file after `change`, which is a JSON patch.
json changed(const json& patch) { return small_file().patch(patch); }

json replaced(const std::string& path, const json& value) {
  return changed({{{"op", "add"}, {"path", path}, {"value", value}}});
}

std::string message_of(const json& file) {
  try {
    parsed(file);
  } catch (const error& failure) {
    return failure.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a small tokenizer by hand", "[io][tokenizer_file]") {
  const tokenizer t = parsed(small_file());
  CHECK(t.vocabulary_size() == 260);
  CHECK(t.encode("abc") == ids{'a', 258});  // "b c" ranks before "a b"
  CHECK(t.encode("ab<end>c") == ids{256, 259, 'c'});
  CHECK(t.decode(ids{'a', 258, 259}) == "abc<end>");
  CHECK(t.decode(ids{'a', 258, 259}, {.skip_special = true}) == "abc");
}

TEST_CASE("both spellings of merges, and the fields that may be absent", "[io][tokenizer_file]") {
  const json pairs = json::array({json::array({"b", "c"}), json::array({"a", "b"}), json::array({"ab", "c"})});
  CHECK(parsed(replaced("/model/merges", pairs)).encode("abc") == ids{'a', 258});
  CHECK(parsed(changed({{{"op", "remove"}, {"path", "/model/type"}}})).encode("abc") == ids{'a', 258});
  CHECK(parsed(changed({{{"op", "remove"}, {"path", "/added_tokens"}}})).encode("<end>").size() == 5);
  CHECK(parsed(replaced("/model/ignore_merges", true)).encode("abc") == ids{257});
  CHECK(parsed(replaced("/model/dropout", 0.0)).encode("abc") == ids{'a', 258});
  CHECK(parsed(replaced("/model/merges", {"a b", "b c", "ab c", "a b"})).encode("abc") ==
        ids{'a', 258});  // last counts
}

TEST_CASE("pre-tokenizers chain", "[io][tokenizer_file]") {
  const json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const json split = {
      {"type", "Split"}, {"pattern", {{"Regex", "b"}}}, {"behavior", "Isolated"}, {"invert", false}};
  const json chain = {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
  CHECK(parsed(replaced("/pre_tokenizer", chain)).encode("abc") == ids{'a', 'b', 'c'});
  const json digits = {{"type", "Sequence"},
                       {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, bytes}}};
  CHECK(parsed(replaced("/pre_tokenizer", digits)).encode("ab1ab") == ids{256, '1', 256});
}

TEST_CASE("faults of a tokenizer.json are refused in one line that names the field", "[io][tokenizer_file]") {
  struct fault {
    json file;
    std::string_view words;
  };
  const auto remove = [](const std::string& path) { return changed({{{"op", "remove"}, {"path", path}}}); };
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", "(unclosed"}}}, {"behavior", "Isolated"}};
  const auto with = [](json object, const std::string& key, const json& value) {
    object[key] = value;
    return object;
  };
  const json bos_template = {{"type", "TemplateProcessing"},
                             {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                             {"special_tokens", {{"<s>", {{"ids", {999}}}}}}};
  const std::vector<fault> faults = {
      {json::array(), "found array, expected an object"},
      {remove("/model"), "model: found nothing, expected an object"},
      {replaced("/model/type", "Unigram"), "model.type: found \"Unigram\", expected BPE"},
      {replaced("/model/type", 7), "model.type: found number 7, expected a string"},
      {remove("/model/vocab"), "model.vocab: found nothing, expected an object"},
      {replaced("/model/vocab/ab", "x"), "model.vocab[\"ab\"]: found string \"x\", expected an integer"},
      {replaced("/model/vocab/ab", 7), "found id 7 again, expected every id once"},
      {replaced("/model/vocab/ab", -1), "model.vocab[\"ab\"]: found id -1, expected 0 ... "},
      {replaced("/model/vocab/ab", 1'000'000'000), "model.vocab[\"ab\"]: found id 1000000000, expected 0 ... "},
      {replaced("/model/vocab/ab", 256.5), "expected an integer"},
      {remove("/model/vocab/a"), "model.merges[1]: found \"a\", which is not in model.vocab"},
      {remove("/model/vocab/z"), "model.vocab: found no token for the byte 122, expected all 256 bytes"},
      {remove("/model/merges"), "model.merges: found nothing, expected an array"},
      {replaced("/model/merges/0", "bc"), "model.merges[0]: found string \"bc\", expected \"left right\""},
      {replaced("/model/merges/0", "b c d"), "model.merges[0]: found string \"b c d\""},
      {replaced("/model/merges/0", json::array({"b"})), "model.merges[0]: found array"},
      {replaced("/model/merges/0", json::array({"b", 1})),
       "model.merges[0]: found number 1, expected a string"},
      {replaced("/model/merges/1", "c a"), "model.merges[1]: found \"ca\", which is not in model.vocab"},
      {replaced("/model/merges/1", "\u4e00 a"),
       "model.merges[1]: found \"\u4e00\", which is not in model.vocab"},
      {replaced("/model/dropout", 0.1), "model.dropout: found number 0.1, expected null"},
      {replaced("/model/byte_fallback", true), "model.byte_fallback: found true, expected false"},
      {replaced("/model/continuing_subword_prefix", "##"),
       "model.continuing_subword_prefix: found string \"##\""},
      {replaced("/model/end_of_word_suffix", "</w>"), "model.end_of_word_suffix: found string"},
      {replaced("/model/ignore_merges", "yes"),
       "model.ignore_merges: found string \"yes\", expected true or false"},
      {replaced("/normalizer", {{"type", "Lowercase"}}), "normalizer.type: found \"Lowercase\", expected NFC"},
      {replaced("/normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "NFKC"}}}}}),
       "normalizer.normalizers[0].type: found \"NFKC\", expected NFC"},
      {remove("/pre_tokenizer"), "pre_tokenizer: found no ByteLevel, expected ByteLevel last"},
      {replaced("/pre_tokenizer/type", "Metaspace"), "pre_tokenizer.type: found \"Metaspace\""},
      {replaced("/pre_tokenizer/add_prefix_space", true),
       "pre_tokenizer.add_prefix_space: found true, expected false"},
      {replaced("/pre_tokenizer", split), "pre_tokenizer.pattern: found a pattern that does not compile"},
      {replaced("/pre_tokenizer", with(split, "behavior", "Removed")),
       "pre_tokenizer.behavior: found \"Removed\""},
      {replaced("/pre_tokenizer", with(split, "pattern", {{"String", " "}})),
       "pre_tokenizer.pattern.Regex: found nothing"},
      {remove("/decoder"), "decoder.type: found \"null\", expected ByteLevel"},
      {replaced("/decoder/type", "WordPiece"), "decoder.type: found \"WordPiece\", expected ByteLevel"},
      {replaced("/post_processor", {{"type", "BertProcessing"}}),
       "post_processor.type: found \"BertProcessing\""},
      {replaced("/post_processor", bos_template),
       "post_processor.special_tokens: found id 999, expected the id of a token"},
      {replaced("/added_tokens", "x"), "added_tokens: found string \"x\", expected an array"},
      {replaced("/added_tokens/0/id", 5), "added_tokens[0].id: found 5, which is another token of model.vocab"},
      {replaced("/added_tokens/0/id", 2'000'000'000), "added_tokens[0].id: found 2000000000, expected 0 ... "},
      {replaced("/added_tokens/0/content", ""),
       "added_tokens[0].content: found an empty string, expected a text"},
      {replaced("/added_tokens/0/content", "ab"),
       "added_tokens[0].id: found 259, expected 256, its id in model.vocab"},
      {replaced("/added_tokens/1", {{"id", 259}, {"content", "x2"}}), "added_tokens[1].id: found 259 again"},
      {replaced("/added_tokens/1", {{"id", 260}, {"content", "<end>"}}),
       "added_tokens[1].content: found \"<end>\" again"},
      {replaced("/added_tokens/0/special", 1),
       "added_tokens[0].special: found number 1, expected true or false"},
  };
  for (const fault& each : faults) {
    const std::string message = message_of(each.file);
    CHECK_THAT(message, Contains(std::string(each.words)));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("a tokenizer.json cut short or damaged never does harm", "[io][tokenizer_file]") {
  const std::string whole = small_file().dump();
  const random_stream random(1, "tokenizer_file damage");
  for (std::size_t size = 0; size < whole.size(); size += 13)
    CHECK_THROWS_AS(tokenizer::parse(std::string_view(whole).substr(0, size)), data_error);
  index_t refused = 0;
  for (std::uint64_t round = 0; round < 150; ++round) {
    std::string text = whole;
    const index_t at = random.below(2 * round, static_cast<index_t>(text.size()));
    text[static_cast<std::size_t>(at)] = static_cast<char>(random.bits(2 * round + 1));
    try {
      const tokenizer t = tokenizer::parse(text);
      CHECK(is_valid_utf8(t.decode(t.encode("abc <end> \xFF"))));
    } catch (const error&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
}
