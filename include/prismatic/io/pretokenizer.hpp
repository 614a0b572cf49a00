/// Cutting text into the words that byte-level BPE works on, by the pattern a tokenizer.json names.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/split_pattern.hpp>
#include <prismatic/io/unicode.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// The pattern of GPT-2, which a ByteLevel pre-tokeniser with use_regex stands for.
inline constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
/// The pattern of Qwen2, Qwen2.5 and Qwen3.
inline constexpr std::string_view qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
/// The pattern of Llama-3: Qwen2's, with numbers in groups of up to three.
inline constexpr std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// A pattern that has a scanner of its own. All of them cover every text without gaps.
enum class known_pattern : std::uint8_t { gpt2, qwen2, llama3 };

/// The scanner for exactly this pattern, if there is one.
constexpr std::optional<known_pattern> recognised_pattern(std::string_view pattern) noexcept {
  if (pattern == gpt2_pattern) return known_pattern::gpt2;
  if (pattern == qwen2_pattern) return known_pattern::qwen2;
  if (pattern == llama3_pattern) return known_pattern::llama3;
  return std::nullopt;
}

/// Finds the matches of a known pattern. Every function takes the rest of the text [p, end), not empty unless
/// said otherwise, and returns where its match ends; each follows the alternatives of the pattern in their
/// order.
class pattern_scanner {
 public:
  explicit pattern_scanner(known_pattern pattern) : pattern_(pattern) {}

  /// The end of the match that begins at p.
  [[nodiscard]] const char* match(const char* p, const char* end) const noexcept {
    return pattern_ == known_pattern::gpt2 ? match_gpt2(p, end) : match_qwen2(p, end);
  }

 private:
  using kind = code_point_class;

  [[nodiscard]] const char* match_gpt2(const char* p, const char* end) const noexcept {
    if (*p == '\'')
      if (const char* const q = after_contraction(p, end, false); q != p) return q;
    const char* const word = *p == ' ' ? p + 1 : p;
    if (word < end)
      if (const kind first = kind_at(word); first != kind::space) return after_run(word, end, first);
    return after_spaces(p, end);
  }

  [[nodiscard]] const char* match_qwen2(const char* p, const char* end) const noexcept {
    if (*p == '\'')
      if (const char* const q = after_contraction(p, end, true); q != p) return q;
    const kind first = kind_at(p);
    if (first == kind::letter) return after_run(p, end, kind::letter);
    if (first == kind::number) return after_numbers(p, end);
    const char* const second = p + size_at(p);
    if (!is_newline(*p) && second < end && kind_at(second) == kind::letter)
      return after_run(second, end, kind::letter);
    const char* const symbols = *p == ' ' ? second : p;
    if (symbols < end && kind_at(symbols) == kind::other)
      return after_newlines(after_run(symbols, end, kind::other), end);
    if (const char* const q = after_last_newline(p, after_run(p, end, kind::space)); q != p) return q;
    return after_spaces(p, end);
  }

  [[nodiscard]] kind kind_at(const char* p) const noexcept { return classes_(decode_code_point(p).value); }
  static index_t size_at(const char* p) noexcept { return decode_code_point(p).size; }
  static bool is_newline(char ch) noexcept { return ch == '\r' || ch == '\n'; }

  const char* after_run(const char* p, const char* end, kind which) const noexcept {
    while (p < end && kind_at(p) == which) p += size_at(p);
    return p;
  }

  static const char* after_newlines(const char* p, const char* end) noexcept {
    while (p < end && is_newline(*p)) ++p;
    return p;
  }

  /// One number, or up to three of them for Llama-3.
  const char* after_numbers(const char* p, const char* end) const noexcept {
    const int most = pattern_ == known_pattern::llama3 ? 3 : 1;
    for (int i = 0; i < most && p < end && kind_at(p) == kind::number; ++i) p += size_at(p);
    return p;
  }

  /// `\s*[\r\n]+` over the whitespace [p, end): it gives back what follows the last newline; p when there is
  /// none.
  static const char* after_last_newline(const char* p, const char* end) noexcept {
    while (end > p && !is_newline(end[-1])) --end;
    return end;
  }

  /// `\s+(?!\S)|\s+`: all of the whitespace at the end of the text, else all but the last one, else that one.
  const char* after_spaces(const char* p, const char* end) const noexcept {
    const char* const q = after_run(p, end, kind::space);
    const char* const last = last_code_point(p, q);
    return q == end || last == p ? q : last;
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`, with `any_case` also their capitals and U+017F, which folds to s; p if none is
  /// there.
  static const char* after_contraction(const char* p, const char* end, bool any_case) noexcept {
    const auto at = [&](index_t i) -> char {
      if (end - p <= i) return '\0';
      return any_case && p[i] >= 'A' && p[i] <= 'Z' ? static_cast<char>(p[i] - 'A' + 'a') : p[i];
    };
    switch (at(1)) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return p + 2;
      case 'r':
      case 'v':
        return at(2) == 'e' ? p + 3 : p;
      case 'l':
        return at(2) == 'l' ? p + 3 : p;
      case '\xC5':
        return any_case && at(2) == '\xBF' ? p + 3 : p;
      default:
        return p;
    }
  }

  known_pattern pattern_;
  const code_point_classes& classes_ = code_point_classes::instance();
};

/// A chain of splits, each cutting the pieces of the one before it. Without any, a text is one piece.
/// Immutable: several threads may split at once.
class pretokenizer {
 public:
  /// Adds a split by regular expression; a known pattern gets its scanner. @throws data_error, see
  /// split_pattern
  void add_pattern(std::string_view pattern, std::string_view file, std::string_view field) {
    if (const auto known = recognised_pattern(pattern))
      stages_.push_back({pattern_scanner(*known), nullptr});
    else
      stages_.push_back({std::nullopt, std::make_unique<split_pattern>(pattern, file, field)});
  }

  /// Calls piece(std::string_view) for every piece in order; none is empty, and together they are `text`.
  /// @param text  well-formed UTF-8
  template <class F>
  void split(std::string_view text, F&& piece) const {
    split_from(0, text, piece);
  }

 private:
  struct stage {
    std::optional<pattern_scanner> scanner;
    std::unique_ptr<const split_pattern> pattern;
  };

  template <class F>
  void split_from(std::size_t first, std::string_view text, F& piece) const {
    if (first == stages_.size()) {
      if (!text.empty()) piece(text);
      return;
    }
    const auto next = [&](std::string_view part) { split_from(first + 1, part, piece); };
    const stage& now = stages_[first];
    if (!now.scanner) return now.pattern->split(text, next);
    const char* const end = text.data() + text.size();
    for (const char* p = text.data(); p < end;) {
      const char* const q = now.scanner->match(p, end);
      next({p, static_cast<std::size_t>(q - p)});
      p = q;
    }
  }

  std::vector<stage> stages_;
};

}  // namespace prismatic
