/// Keeps training texts clear of evaluation sets: finds n-grams that a text shares with any of their items.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/words.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace prismatic {

struct decontamination_options {
  /// Words in a shared n-gram (13 as in Brown et al. 2020, arXiv:2005.14165).
  index_t ngram_words = 13;
  /// An evaluation item shorter than an n-gram counts as one n-gram of all its words, unless it has fewer
  /// words than this: such an item says too little to recognise it by.
  index_t shortest_item_words = 6;
};

/// What a text shares with an evaluation item.
struct contamination {
  /// The item, as it was named to add().
  index_t item;
  /// The shared words, lower-cased, joined by spaces.
  std::string ngram;
  /// Where they start in the text, counted in words.
  index_t at_word;
};

/// The n-grams of the evaluation sets. Comparison is exact, on words (see normalised_text).
class decontaminator {
 public:
  /// @throws option_error  a length below 1
  explicit decontaminator(decontamination_options opt = {}) : opt_(opt) {
    require_option(opt.ngram_words >= 1, "decontaminator: ngram_words must be at least 1");
    require_option(opt.shortest_item_words >= 1, "decontaminator: shortest_item_words must be at least 1");
  }

  /// Adds an evaluation item.
  /// @return false when it is too short to be recognised and was left out
  bool add(std::string_view text, index_t item) {
    const normalised_text words(text);
    if (words.words() < std::min(opt_.shortest_item_words, opt_.ngram_words)) return false;
    const index_t length = std::min(opt_.ngram_words, words.words());
    ngram_items& known = by_length_[length];
    for (index_t i = 0; i + length <= words.words(); ++i)
      known.try_emplace(std::string(words.ngram(i, length)), item);
    return true;
  }

  /// The first n-gram of `text` that an evaluation item has too, longest n-grams first; nothing when the
  /// text is clean. An n-gram of several items is reported for the one added first.
  /// Cost: O(bytes x ngram_words) for each of the at most ngram_words lengths in use.
  [[nodiscard]] std::optional<contamination> find(std::string_view text) const {
    const normalised_text words(text);
    for (auto known = by_length_.rbegin(); known != by_length_.rend(); ++known)
      for (index_t i = 0; i + known->first <= words.words(); ++i) {
        const std::string_view ngram = words.ngram(i, known->first);
        if (const auto found = known->second.find(ngram); found != known->second.end())
          return contamination{found->second, found->first, i};
      }
    return std::nullopt;
  }

 private:
  struct ngram_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view ngram) const noexcept {
      return static_cast<std::size_t>(text_hash(ngram));
    }
  };
  struct ngram_equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
  };
  using ngram_items = std::unordered_map<std::string, index_t, ngram_hash, ngram_equal>;

  decontamination_options opt_;
  std::map<index_t, ngram_items> by_length_;
};

}  // namespace prismatic
