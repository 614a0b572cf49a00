#include <prismatic/synthesis/decontaminate.hpp>

#include "support/catch.hpp"

using namespace prismatic;

namespace {
std::string numbered(index_t first, index_t count) {
  std::string out;
  for (index_t i = first; i < first + count; ++i) out += "w" + std::to_string(i) + ' ';
  return out;
}
}  // namespace

TEST_CASE("a shared n-gram is found with its item and its place", "[synthesis][decontaminate]") {
  decontaminator clean;
  CHECK(clean.add(numbered(0, 40), 7));
  CHECK(clean.add(numbered(100, 40), 8));
  const auto hit = clean.find("Some words before, " + numbered(110, 13) + "and after.");
  REQUIRE(hit);
  CHECK(hit->item == 8);
  CHECK(hit->at_word == 3);
  CHECK(hit->ngram + ' ' == numbered(110, 13));
}

TEST_CASE("one word less than the n-gram is clean", "[synthesis][decontaminate]") {
  const index_t n = GENERATE(1, 5, 13);
  decontaminator clean({.ngram_words = n, .shortest_item_words = 1});
  clean.add(numbered(0, 30), 1);
  CHECK(clean.find("x " + numbered(3, n) + "y"));
  CHECK_FALSE(clean.find("x " + numbered(3, n - 1) + "y " + numbered(17, n - 1)));
  CHECK_FALSE(clean.find(""));
}

TEST_CASE("case, punctuation and line breaks do not hide an overlap", "[synthesis][decontaminate]") {
  decontaminator clean({.ngram_words = 5});
  clean.add("How many apples does Maria's brother keep?", 3);
  CHECK(clean.find("HOW many,\n apples does MARIA\u2019S brother keep..."));
  CHECK_FALSE(clean.find("How many pears does Maria's brother keep?"));
}

TEST_CASE("short items count whole, very short ones not at all", "[synthesis][decontaminate]") {
  decontaminator clean;
  CHECK(clean.add("seven words make up this short item", 1));
  CHECK_FALSE(clean.add("What is 2 + 2?", 2));
  CHECK_FALSE(clean.add("Yes", 3));
  CHECK_FALSE(clean.add("", 4));
  CHECK(clean.find("here seven words make up this short item again")->item == 1);
  CHECK_FALSE(clean.find("seven words make up this short thing"));
  CHECK_FALSE(clean.find("yes"));
}

TEST_CASE("longer n-grams are reported first, and the first item of several", "[synthesis][decontaminate]") {
  decontaminator clean;
  clean.add(numbered(50, 8), 1);
  clean.add(numbered(0, 20), 2);
  clean.add(numbered(0, 20), 3);
  const auto hit = clean.find(numbered(50, 8) + numbered(0, 20));
  REQUIRE(hit);
  CHECK(hit->item == 2);
  CHECK(hit->at_word == 8);
}

TEST_CASE("agrees with a naive search", "[synthesis][decontaminate]") {
  const random_stream random(1, "decontaminate");
  std::uint64_t at = 0;
  const auto text = [&](index_t words) {
    std::string out;
    for (index_t i = 0; i < words; ++i)
      out += static_cast<char>('a' + random.below(at++, 3)) + std::string(" ");
    return out;
  };
  index_t hits = 0;
  for (int trial = 0; trial < 300; ++trial) {
    decontaminator clean({.ngram_words = 6, .shortest_item_words = 1});
    const std::string item = text(20), candidate = text(20);
    clean.add(item, 1);
    bool expected = false;
    for (std::size_t i = 0; i + 11 <= candidate.size(); i += 2)
      expected = expected || item.find(candidate.substr(i, 11)) != std::string::npos;
    CHECK(clean.find(candidate).has_value() == expected);
    hits += expected;
  }
  CHECK(hits > 30);
  CHECK(hits < 270);
}

TEST_CASE("options of the decontaminator are checked", "[synthesis][decontaminate]") {
  CHECK_THROWS_AS(decontaminator({.ngram_words = 0}), option_error);
  CHECK_THROWS_AS(decontaminator({.shortest_item_words = 0}), option_error);
}
