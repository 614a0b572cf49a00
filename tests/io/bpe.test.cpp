#include <prismatic/io/bpe.hpp>

#include <prismatic/core/philox.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

using ids = std::vector<token_id>;
using rules = std::map<std::pair<token_id, token_id>, merge_rule>;

// The definition: of all pairs of neighbours the one of lowest rank merges, the leftmost of equals.
ids merged_by_definition(ids word, const rules& merges) {
  while (true) {
    std::size_t best = word.size();
    std::uint32_t rank = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      const auto found = merges.find({word[i], word[i + 1]});
      if (found != merges.end() && found->second.rank < rank) best = i, rank = found->second.rank;
    }
    if (best == word.size()) return word;
    word[best] = merges.at({word[best], word[best + 1]}).merged;
    word.erase(word.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

ids encoded(const bpe_model& model, const std::string& word) {
  bpe_model::scratch work;
  ids out;
  model.encode(word, out, work);
  return out;
}

bpe_model bytes_only() {
  bpe_model model;
  for (int byte = 0; byte < 256; ++byte) model.add_token(std::string(1, static_cast<char>(byte)), byte);
  return model;
}

}  // namespace

TEST_CASE("the byte alphabet is a bijection", "[io][bpe]") {
  const byte_alphabet& alphabet = byte_alphabet::instance();
  std::string all, spelled;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
    append_utf8(spelled, alphabet.symbol(static_cast<unsigned char>(byte)));
  }
  CHECK(alphabet.bytes(spelled) == all);
  CHECK((alphabet.symbol(' ') == 0x120));
  CHECK((alphabet.symbol('\n') == 0x10A));
  CHECK((alphabet.symbol(0xAD) == 0x143));
  CHECK(alphabet.bytes(" ") == std::nullopt);
  CHECK(alphabet.bytes("\u4f60") == std::nullopt);
}

TEST_CASE("merging equals its definition on random rules", "[io][bpe]") {
  const random_stream random(1, "bpe");
  std::uint64_t at = 0;
  for (int round = 0; round < 60; ++round) {
    bpe_model model = bytes_only();
    rules merges;
    model.reserve(40, false);
    token_id tokens = 256;
    for (std::uint32_t rank = 0; rank < 40; ++rank) {
      const auto pick = [&] {
        const index_t made = tokens - 256;
        const index_t i = random.below(at++, 3 + made);
        return static_cast<token_id>(i < 3 ? 'a' + i : 253 + i);
      };
      const token_id left = pick(), right = pick(), merged = tokens++;
      model.add_merge(left, right, {rank, merged});
      merges[{left, right}] = {rank, merged};
    }
    for (int word = 0; word < 20; ++word) {
      std::string text;
      for (index_t left = random.below(at++, 40); left > 0; --left)
        text += static_cast<char>('a' + random.below(at++, 3));
      CHECK(encoded(model, text) == merged_by_definition(ids(text.begin(), text.end()), merges));
    }
  }
}

TEST_CASE("a model says which byte it lacks", "[io][bpe]") {
  bpe_model model;
  CHECK(model.missing_byte() == 0);
  CHECK(bytes_only().missing_byte() == -1);
  for (int byte = 0; byte < 255; ++byte) model.add_token(std::string(1, static_cast<char>(byte)), byte);
  CHECK(model.missing_byte() == 255);
}

TEST_CASE("a word of the vocabulary may skip the merges", "[io][bpe]") {
  bpe_model model = bytes_only();
  model.add_token("abc", 300);
  CHECK(encoded(model, "abc") == ids{'a', 'b', 'c'});
  model.reserve(0, true);
  CHECK(encoded(model, "abc") == ids{300});
  CHECK(encoded(model, "abcd") == ids{'a', 'b', 'c', 'd'});
  CHECK(encoded(model, "").empty());
}

TEST_CASE("the merge table finds what was added and nothing else", "[io][bpe]") {
  merge_table table(1000);
  for (token_id i = 0; i < 1000; ++i) table.add(i, 2 * i, {static_cast<std::uint32_t>(i), i + 1});
  table.add(7, 14, {5, 9});
  for (token_id i = 0; i < 1000; ++i) {
    REQUIRE(table.find(i, 2 * i) != nullptr);
    CHECK(table.find(i, 2 * i)->merged == (i == 7 ? 9 : i + 1));
    CHECK(table.find(i, 2 * i + 1) == nullptr);
  }
  CHECK(merge_table().find(0, 0) == nullptr);
}
