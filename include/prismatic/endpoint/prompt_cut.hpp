/// Whether a server read a prompt in whole: one with too small a context cuts it without a word.
#pragma once

#include <prismatic/core/types.hpp>

#include <optional>

namespace prismatic {

/// Judges the prompt tokens a server counted by the bytes that were sent. Two prompts of one conversation form
/// differ by their text alone, so the tokens between the shortest prompt seen and this one must grow with the
/// bytes between them; no tokenizer in use packs prose into `most_bytes` bytes a token.
class prompt_cut {
 public:
  static constexpr index_t most_bytes = 6;          // English prose has 4 to 5, other languages fewer
  static constexpr index_t least_difference = 512;  // bytes: below, a rare word decides

  /// Whether the prompt looks cut. Prompts without a count are not judged.
  bool operator()(index_t bytes, std::optional<index_t> tokens) {
    if (!tokens || *tokens <= 0) return false;
    if (bytes < shortest_) {
      shortest_ = bytes;
      shortest_tokens_ = *tokens;
    }
    const index_t more = bytes - shortest_;
    return *tokens * 2 * most_bytes < bytes ||
           (more >= least_difference && (*tokens - shortest_tokens_) * most_bytes < more);
  }

 private:
  index_t shortest_ = index_t{1} << 40;
  index_t shortest_tokens_ = 0;
};

}  // namespace prismatic
