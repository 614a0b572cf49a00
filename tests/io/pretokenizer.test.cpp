#include <prismatic/io/pretokenizer.hpp>

#include <prismatic/core/philox.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace prismatic;

namespace {

using pieces = std::vector<std::string>;

pieces cut(std::string_view pattern, std::string_view text) {
  pretokenizer words;
  words.add_pattern(pattern, "file", "field");
  pieces out;
  words.split(text, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

pieces cut_by_pcre(std::string_view pattern, std::string_view text) {
  pieces out;
  split_pattern(pattern, "file", "field").split(text, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

}  // namespace

TEST_CASE("the known patterns cut as they say", "[io][pretokenizer]") {
  CHECK(cut(gpt2_pattern, "it's  12345 a!\n\nb") ==
        pieces{"it", "'s", " ", " 12345", " a", "!", "\n", "\n", "b"});
  CHECK(cut(qwen2_pattern, "IT'S  123 (a)!\n\nb \n c") ==
        pieces{"IT", "'S", " ", " ", "1", "2", "3", " (", "a", ")!\n\n", "b", " \n", " c"});
  CHECK(cut(llama3_pattern, "12345x\t\ty  ") == pieces{"123", "45", "x", "\t", "\ty", "  "});
  CHECK(cut(qwen2_pattern, "x'\u017fy") == pieces{"x", "'\u017f", "y"});
  CHECK(cut(gpt2_pattern, "x'\u017fy") == pieces{"x", "'", "\u017fy"});
  CHECK(cut(qwen2_pattern, "").empty());
}

TEST_CASE("scanners agree with the patterns they stand for", "[io][pretokenizer]") {
  const random_stream random(1, "pretokenizer");
  const std::vector<std::string> alphabet = {
      " ", "\n", "\r",     "\t",     "a",      "S",      "t", "l",      "e",      "r",      "'",          "!",
      "1", "22", "\u00e9", "\u4f60", "\u3000", "\u017f", "d", "\u0301", "\u0664", "\u180e", "\U0001F600", "V"};
  std::uint64_t at = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string text;
    for (index_t left = random.below(at++, 14); left > 0; --left)
      text += alphabet[static_cast<std::size_t>(random.below(at++, static_cast<index_t>(alphabet.size())))];
    for (const std::string_view pattern : {gpt2_pattern, qwen2_pattern, llama3_pattern})
      if (cut(pattern, text) != cut_by_pcre(pattern, text)) {
        CAPTURE(text, pattern);
        CHECK(cut(pattern, text) == cut_by_pcre(pattern, text));
      }
  }
}

TEST_CASE("splits chain, each inside the pieces of the one before", "[io][pretokenizer]") {
  pretokenizer words;
  words.add_pattern(R"(\p{N}+)", "file", "field");
  words.add_pattern(gpt2_pattern, "file", "field");
  pieces out;
  words.split("a 12b c", [&](std::string_view piece) { out.emplace_back(piece); });
  CHECK(out == pieces{"a", " ", "12", "b", " c"});
  pretokenizer none;
  out.clear();
  none.split("a b", [&](std::string_view piece) { out.emplace_back(piece); });
  CHECK(out == pieces{"a b"});
}
