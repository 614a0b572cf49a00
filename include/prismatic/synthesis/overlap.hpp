/// Exact and near duplicates among texts, found as the texts stream by.
///
/// Near duplicates are met through MinHash with banding (Broder 1997; Leskovec, Rajaraman & Ullman, "Mining
/// of Massive Datasets", chapter 3) and then verified, so that none is reported below the threshold.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/words.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prismatic {

struct overlap_options {
  /// Jaccard similarity of shingle sets from which two texts are near duplicates, in (0, 1].
  double threshold = 0.75;
  /// Words in a shingle, at least 1.
  index_t shingle_words = 3;
  /// The least probability that a pair exactly at the threshold is met, in (0, 1). See overlap_index::recall.
  double recall = 0.99;
  /// Seed of the hash functions.
  std::uint64_t seed = 0;
};

/// An earlier text that a text repeats.
struct overlap_match {
  index_t id;
  /// |A and B| / |A or B| of their shingle sets, at least the threshold; 1 for an exact duplicate.
  double similarity;
  /// The same words in the same order.
  bool exact;
};

/// A growing index of texts. Texts compare by their words (see normalised_text); a text shorter than a
/// shingle is one shingle. Exact duplicates are always found. A near duplicate of similarity s >= threshold
/// is found with probability recall(s), and what is found is verified on the shingle sets themselves, held
/// as 64-bit hashes. Results do not depend on threads or machine.
class overlap_index {
 public:
  /// @throws option_error  an option outside its range
  explicit overlap_index(overlap_options opt = {}) : opt_(opt) {
    require_option(opt.threshold > 0 && opt.threshold <= 1, "overlap_index: threshold must lie in (0, 1]");
    require_option(opt.recall > 0 && opt.recall < 1, "overlap_index: recall must lie in (0, 1)");
    require_option(opt.shingle_words >= 1, "overlap_index: shingle_words must be at least 1");
    choose_bands();
    const random_stream random(opt.seed, "overlap index");
    for (std::size_t i = 0; i < hashes(); ++i) multipliers_.push_back(random.bits(i) | 1);
  }

  /// The best match of `text`: an exact duplicate if there is one, else the most similar near duplicate met,
  /// the earliest among equals. Cost: about hashes x words operations, and one comparison a candidate.
  [[nodiscard]] std::optional<overlap_match> find(std::string_view text) const { return find(prepare(text)); }

  /// Adds a text whether or not it repeats another.
  void add(std::string_view text, index_t id) { add(prepare(text), id); }

  /// Adds a text unless it repeats an earlier one, which is then returned.
  std::optional<overlap_match> add_if_new(std::string_view text, index_t id) {
    const prepared_text p = prepare(text);
    const auto match = find(p);
    if (!match) add(p, id);
    return match;
  }

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(entries_.size()); }

  /// The probability that a near duplicate of this similarity is met: 1 - (1 - s^rows)^bands.
  [[nodiscard]] double recall(double similarity) const noexcept {
    return 1 - std::pow(1 - std::pow(similarity, static_cast<double>(rows_)), static_cast<double>(bands_));
  }

 private:
  // rows_ hash minima make a band; two texts meet when all minima of some band agree.
  static constexpr index_t most_hashes = 256, most_rows = 16;

  struct prepared_text {
    std::uint64_t exact_key;
    std::vector<std::uint64_t> shingles;  // sorted, distinct
    std::vector<std::uint64_t> bands;
  };
  struct entry {
    std::size_t first_shingle, shingles;
    index_t id;
  };
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  // More rows in a band mean fewer candidates to verify but more bands for the same recall.
  void choose_bands() {
    for (index_t rows = 1; rows <= most_rows; ++rows) {
      const double agree = std::pow(opt_.threshold, static_cast<double>(rows));
      const double bands = agree < 1 ? std::ceil(std::log1p(-opt_.recall) / std::log1p(-agree)) : 1;
      if (rows > 1 && bands * static_cast<double>(rows) > static_cast<double>(most_hashes)) return;
      require_option(bands <= 1e6, "overlap_index: threshold is too small for the recall asked for");
      rows_ = static_cast<std::size_t>(rows);
      bands_ = static_cast<std::size_t>(bands);
    }
  }
  [[nodiscard]] std::size_t hashes() const noexcept { return rows_ * bands_; }

  [[nodiscard]] prepared_text prepare(std::string_view raw) const {
    const normalised_text text(raw);
    prepared_text out{text_hash(text.text()), {}, {}};
    const index_t width = std::min(opt_.shingle_words, std::max<index_t>(text.words(), 1));
    for (index_t i = 0; i + width <= text.words(); ++i) out.shingles.push_back(text_hash(text.ngram(i, width)));
    std::ranges::sort(out.shingles);
    out.shingles.erase(std::unique(out.shingles.begin(), out.shingles.end()), out.shingles.end());
    if (!out.shingles.empty()) out.bands = band_keys(out.shingles);
    return out;
  }

  [[nodiscard]] std::vector<std::uint64_t> band_keys(std::span<const std::uint64_t> shingles) const {
    std::vector<std::uint64_t> minima(hashes(), std::numeric_limits<std::uint64_t>::max());
    for (const std::uint64_t shingle : shingles)
      for (std::size_t h = 0; h < minima.size(); ++h)
        minima[h] = std::min(minima[h], shingle * multipliers_[h]);
    std::vector<std::uint64_t> keys(bands_);
    for (std::size_t band = 0; band < bands_; ++band) {
      keys[band] = band;
      for (std::size_t row = 0; row < rows_; ++row) keys[band] = mix64(keys[band] ^ minima[band * rows_ + row]);
    }
    return keys;
  }

  void add(const prepared_text& p, index_t id) {
    const std::size_t at = entries_.size();
    entries_.push_back({shingles_.size(), p.shingles.size(), id});
    shingles_.insert(shingles_.end(), p.shingles.begin(), p.shingles.end());
    exact_.try_emplace(p.exact_key, at);
    next_.resize((at + 1) * bands_, none);
    for (std::size_t band = 0; band < p.bands.size(); ++band) {
      const auto [head, is_first] = heads_.try_emplace(p.bands[band], at);
      if (!is_first) next_[at * bands_ + band] = std::exchange(head->second, at);
    }
  }

  [[nodiscard]] std::optional<overlap_match> find(const prepared_text& p) const {
    if (const auto same = exact_.find(p.exact_key); same != exact_.end())
      if (const entry& e = entries_[same->second]; std::ranges::equal(shingles_of(e), p.shingles))
        return overlap_match{e.id, 1, true};
    std::optional<overlap_match> best;
    double wanted = opt_.threshold;
    for (const std::size_t at : candidates(p)) {
      const double similarity = jaccard(p.shingles, shingles_of(entries_[at]), wanted);
      if (similarity < wanted || (best && similarity <= best->similarity)) continue;
      best = overlap_match{entries_[at].id, similarity, false};
      wanted = similarity;
    }
    return best;
  }

  // Entries that share a band with the text, earliest first.
  [[nodiscard]] std::vector<std::size_t> candidates(const prepared_text& p) const {
    std::vector<std::size_t> out;
    for (std::size_t band = 0; band < p.bands.size(); ++band)
      if (const auto head = heads_.find(p.bands[band]); head != heads_.end())
        for (std::size_t at = head->second; at != none; at = next_[at * bands_ + band]) out.push_back(at);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  [[nodiscard]] std::span<const std::uint64_t> shingles_of(const entry& e) const {
    return std::span(shingles_).subspan(e.first_shingle, e.shingles);
  }

  // The exact similarity of two sorted sets, or 0 as soon as it cannot reach `wanted`.
  static double jaccard(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, double wanted) {
    const auto share = [&](std::size_t common) {
      return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
    };
    std::size_t i = 0, j = 0, common = 0;
    while (i < a.size() && j < b.size()) {
      if (a[i] == b[j]) {
        ++common, ++i, ++j;
        continue;
      }
      if (a[i] < b[j])
        ++i;
      else
        ++j;
      if (share(common + std::min(a.size() - i, b.size() - j)) < wanted) return 0;
    }
    return share(common);
  }

  overlap_options opt_;
  std::size_t rows_ = 1, bands_ = 1;
  std::vector<std::uint64_t> multipliers_;
  std::vector<entry> entries_;
  std::vector<std::uint64_t> shingles_;                   // of all entries, end to end
  std::unordered_map<std::uint64_t, std::size_t> exact_;  // exact key -> first entry
  std::unordered_map<std::uint64_t, std::size_t> heads_;  // band key -> last entry that has it
  std::vector<std::size_t> next_;                         // entry x band -> the entry before it
};

}  // namespace prismatic
