/// Tokens that are cut out of a text before anything else looks at it: special tokens and their like.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A token with a text of its own, and how it is looked for.
struct added_token {
  std::string content;  ///< the text that becomes this token
  token_id id = -1;
  bool special = false;      ///< control token: `decode` may leave it out
  bool lstrip = false;       ///< takes the whitespace before it along
  bool rstrip = false;       ///< takes the whitespace after it along
  bool single_word = false;  ///< only where it does not touch a word character on either side
  bool normalized = false;   ///< normalised itself, and looked for in the normalised text
};

/// Finds added tokens: of those that begin leftmost the longest, then on behind it.
class added_token_matcher {
 public:
  /// @param tokens  none with an empty content
  explicit added_token_matcher(std::vector<added_token> tokens = {}) : tokens_(std::move(tokens)) {
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      by_first_byte_[static_cast<unsigned char>(tokens_[i].content[0])].push_back(i);
    for (auto& candidates : by_first_byte_)
      std::ranges::stable_sort(candidates, [&](std::size_t a, std::size_t b) {
        return tokens_[a].content.size() > tokens_[b].content.size();
      });
  }

  /// Calls stretch(std::string_view) for the text between tokens, never empty, and token(token_id) for each
  /// token, in order. @param text  well-formed UTF-8
  template <class Stretch, class Token>
  void split(std::string_view text, Stretch&& stretch, Token&& token) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const added_token* const found = match_at(text, at);
      if (found == nullptr) {
        ++at;
        continue;
      }
      std::size_t begin = at;
      std::size_t end = at += found->content.size();
      if (found->single_word && touches_word(text, begin, end)) continue;
      if (found->lstrip) begin = std::max(done, begin_of_space(text, begin));
      if (found->rstrip) end = end_of_space(text, end);
      if (done < begin) stretch(text.substr(done, begin - done));
      token(found->id);
      done = end;
    }
    if (done < text.size()) stretch(text.substr(done));
  }

 private:
  [[nodiscard]] const added_token* match_at(std::string_view text, std::size_t at) const noexcept {
    for (const std::size_t i : by_first_byte_[static_cast<unsigned char>(text[at])])
      if (text.substr(at).starts_with(tokens_[i].content)) return &tokens_[i];
    return nullptr;
  }

  static bool touches_word(std::string_view text, std::size_t begin, std::size_t end) noexcept {
    const char* const first = text.data();
    const bool before =
        begin > 0 && is_word_character(decode_code_point(last_code_point(first, first + begin)).value);
    return before || (end < text.size() && is_word_character(decode_code_point(first + end).value));
  }

  static std::size_t begin_of_space(std::string_view text, std::size_t at) noexcept {
    const char* p = text.data() + at;
    while (p > text.data()) {
      const char* const previous = last_code_point(text.data(), p);
      if (!is_white_space(decode_code_point(previous).value)) break;
      p = previous;
    }
    return static_cast<std::size_t>(p - text.data());
  }

  static std::size_t end_of_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size()) {
      const decoded_code_point c = decode_code_point(text.data() + at);
      if (!is_white_space(c.value)) break;
      at += static_cast<std::size_t>(c.size);
    }
    return at;
  }

  std::vector<added_token> tokens_;
  std::array<std::vector<std::size_t>, 256> by_first_byte_;
};

}  // namespace prismatic
