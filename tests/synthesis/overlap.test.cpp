#include <prismatic/synthesis/overlap.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace prismatic;

namespace {

std::set<std::string> shingles(const std::string& text, index_t width) {
  const normalised_text words(text);
  std::set<std::string> out;
  if (words.words() == 0) return out;
  width = std::min(width, words.words());
  for (index_t i = 0; i + width <= words.words(); ++i) out.emplace(words.ngram(i, width));
  return out;
}

// The definition, on the shingles themselves.
double jaccard(const std::string& a, const std::string& b, index_t width) {
  const auto left = shingles(a, width), right = shingles(b, width);
  double common = 0;
  for (const std::string& s : left) common += static_cast<double>(right.count(s));
  const double all = static_cast<double>(left.size() + right.size()) - common;
  return all == 0 ? 1 : common / all;
}

// Texts in families: each is an original with some of its words replaced.
std::vector<std::string> corpus(index_t families, index_t members) {
  std::vector<std::string> out;
  const random_stream random(3, "corpus");
  std::uint64_t at = 0;
  for (index_t f = 0; f < families; ++f) {
    std::vector<index_t> original(static_cast<std::size_t>(20 + random.below(at++, 40)));
    for (index_t& word : original) word = random.below(at++, 5000);
    for (index_t m = 0; m < members; ++m) {
      std::string text;
      const double change = 0.1 * random.uniform(at++);
      for (const index_t word : original) {
        const bool replace = random.uniform(at++) < change;
        text += "w" + std::to_string(replace ? random.below(at++, 5000) : word) + ' ';
      }
      out.push_back(text);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("matches are exactly those that the definition allows", "[synthesis][overlap]") {
  const double threshold = GENERATE(0.5, 0.75, 0.9);
  const std::vector<std::string> texts = corpus(40, 6);
  overlap_index index({.threshold = threshold});
  index_t pairs = 0, met = 0, expected_best = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    double best = 0;
    for (std::size_t j = 0; j < i; ++j) best = std::max(best, jaccard(texts[i], texts[j], 3));
    const auto match = index.find(texts[i]);
    if (match) {
      const double truth = jaccard(texts[i], texts[static_cast<std::size_t>(match->id)], 3);
      CHECK(match->similarity == Approx(truth));
      CHECK(truth >= threshold);
      expected_best += truth == best;
    }
    pairs += best >= threshold;
    met += match.has_value();
    index.add(texts[i], static_cast<index_t>(i));
  }
  CAPTURE(threshold, pairs, met);
  CHECK(pairs >= 15);
  CHECK(met <= pairs);
  CHECK(met >= pairs - 1 - pairs / 50);
  CHECK(expected_best >= met - 1 - met / 50);
}

TEST_CASE("the recall at the threshold is what was asked for, crowded bands or not", "[synthesis][overlap]") {
  const double recall = GENERATE(0.5, 0.9, 0.99);
  const index_t decoys = GENERATE(0, 20);
  const overlap_options options{.threshold = 0.6, .shingle_words = 1, .recall = recall, .seed = 5};
  index_t met = 0;
  constexpr index_t trials = 300;
  for (index_t trial = 0; trial < trials; ++trial) {
    const auto words = [&](index_t begin, index_t end) {
      std::string out;
      for (index_t w = begin; w < end; ++w) out += "w" + std::to_string(trial * 1000 + w) + ' ';
      return out;
    };
    const std::string common = words(0, 30);
    overlap_index index(options);
    for (index_t d = 0; d < decoys; ++d)  // 25 of the common words and 10 others: 25 / 50, not a duplicate
      index.add(words(0, d) + words(d + 5, 30) + words(100 + 10 * d, 110 + 10 * d), d + 1);
    index.add(common + words(50, 60), 0);
    const auto match = index.find(common + words(60, 70));  // 30 / 50
    met += match.has_value();
    if (match) CHECK(match->id == 0);
  }
  const double promised = overlap_index(options).recall(0.6);
  CAPTURE(recall, promised, met);
  CHECK(promised >= recall);
  const auto n = static_cast<double>(trials);
  CHECK(std::abs(static_cast<double>(met) - n * promised) <= 5 * std::sqrt(n * promised * (1 - promised)) + 1);
}

TEST_CASE("exact duplicates are always found", "[synthesis][overlap]") {
  overlap_index index({.threshold = 1, .recall = 0.01});
  const std::vector<std::string> texts = corpus(60, 1);
  for (std::size_t i = 0; i < texts.size(); ++i)
    CHECK_FALSE(index.add_if_new(texts[i], static_cast<index_t>(i) + 100));
  CHECK(index.size() == 60);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto match = index.add_if_new("  " + texts[i] + "\n?", 0);
    REQUIRE(match);
    CHECK(match->id == static_cast<index_t>(i) + 100);
    CHECK(match->exact);
    CHECK(match->similarity == 1);
  }
  CHECK(index.size() == 60);
}

TEST_CASE("short and empty texts", "[synthesis][overlap]") {
  overlap_index index;
  CHECK_FALSE(index.find(""));
  index.add("", 1);
  CHECK(index.find(" .. ")->id == 1);
  CHECK_FALSE(index.add_if_new("Yes", 2));
  CHECK_FALSE(index.add_if_new("No", 3));
  CHECK(index.find("yes.")->id == 2);
  CHECK_FALSE(index.add_if_new("2 * (3 + 4)", 4));
  CHECK_FALSE(index.find("2 * 3 + 4"));
}

TEST_CASE("the first of equal matches is reported, the most similar of others", "[synthesis][overlap]") {
  overlap_index index({.threshold = 0.3, .shingle_words = 1});
  index.add("a b c d e f g h", 10);
  index.add("a b c d e f g x", 11);
  index.add("a b c d e f y x", 12);
  CHECK(index.find("a b c d e f g z")->id == 10);
  CHECK(index.find("a b c d e f y z")->id == 12);
  CHECK(index.find("a b c d e f g x")->exact);
  for (index_t id = 13; id < 20; ++id) index.add("k l m n o p q r", id);
  CHECK(index.find("k l m n o p q s")->id == 13);
}

TEST_CASE("results depend on the seed only through recall", "[synthesis][overlap]") {
  const std::vector<std::string> texts = corpus(20, 4);
  const auto kept = [&](std::uint64_t seed) {
    overlap_index index({.recall = 0.9999, .seed = seed});
    std::vector<bool> out;
    for (const std::string& text : texts) out.push_back(!index.add_if_new(text, 0));
    return out;
  };
  CHECK(kept(1) == kept(1));
  CHECK(kept(1) == kept(2));
}

TEST_CASE("options of the index are checked", "[synthesis][overlap]") {
  CHECK_THROWS_AS(overlap_index({.threshold = 0}), option_error);
  CHECK_THROWS_AS(overlap_index({.threshold = 1.1}), option_error);
  CHECK_THROWS_AS(overlap_index({.recall = 1}), option_error);
  CHECK_THROWS_AS(overlap_index({.recall = 0}), option_error);
  CHECK_THROWS_AS(overlap_index({.shingle_words = 0}), option_error);
  CHECK_THROWS_AS(overlap_index({.threshold = 1e-9}), option_error);
}
