/// Text as the comparisons of data sets see it: lower-cased words, separated by single spaces.
#pragma once

#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

namespace detail {

struct code_point {
  char32_t value;
  std::size_t bytes;
};

constexpr char32_t not_utf8 = 0xFFFFFFFF;

// The code point that starts `text`; one byte of not_utf8 where the text is not well-formed UTF-8.
inline code_point decode(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {not_utf8, 1};
  char32_t value = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {not_utf8, 1};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest[bytes] || surrogate || value > 0x10FFFF) return {not_utf8, 1};
  return {value, bytes};
}

inline void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  const auto tail = [&](int shift) { put(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xC0 | c >> 6), tail(0);
  if (c < 0x10000) return put(0xE0 | c >> 12), tail(6), tail(0);
  put(0xF0 | c >> 18), tail(12), tail(6), tail(0);
}

constexpr bool within(char32_t c, char32_t first, char32_t last) noexcept { return c >= first && c <= last; }

// Latin, Greek and Cyrillic capitals; the scripts in which case is common.
constexpr char32_t lower(char32_t c) noexcept {
  if (within(c, 'A', 'Z') || within(c, 0xC0, 0xDE) || within(c, 0x391, 0x3A9) || within(c, 0x410, 0x42F))
    return c == 0xD7 ? c : c + 0x20;
  return within(c, 0x400, 0x40F) ? c + 0x50 : c;
}

enum class role : std::uint8_t {
  separator,  // stands between words and leaves no trace
  letter,     // continues a word
  symbol      // a word by itself: an operator, a bracket, an ideograph
};

constexpr role role_of(char32_t c) noexcept {
  if (c < 0x80) {
    if (within(c, '0', '9') || within(c, 'A', 'Z') || within(c, 'a', 'z')) return role::letter;
    constexpr std::u32string_view prose = U".,;:?\"`";
    return c <= ' ' || c == 0x7F || prose.find(c) != std::u32string_view::npos ? role::separator : role::symbol;
  }
  if (c < 0xC0) {
    constexpr std::u32string_view prose = U"\u00A0\u00A1\u00AB\u00AD\u00B7\u00BB\u00BF";
    return c < 0xA0 || prose.find(c) != std::u32string_view::npos ? role::separator : role::symbol;
  }
  if (c == not_utf8 || within(c, 0x2000, 0x206F) || within(c, 0x3000, 0x303F) || within(c, 0xFF00, 0xFF0F) ||
      within(c, 0xFF1A, 0xFF20))
    return role::separator;
  const bool mathematics = c == 0xD7 || c == 0xF7 || within(c, 0x2070, 0x2BFF);
  const bool ideograph = within(c, 0x2E80, 0x9FFF) || within(c, 0xF900, 0xFAFF) || within(c, 0x20000, 0x3FFFF);
  return mathematics || ideograph ? role::symbol : role::letter;
}

}  // namespace detail

/// The words of a text in order. Words are runs of letters and digits in lower case; a decimal point
/// inside a number and an apostrophe inside a word join ("3.5", "dont"); every other symbol and every
/// ideograph is a word by itself; white space, prose punctuation and bytes that are not UTF-8 separate.
/// The result is valid UTF-8 whatever the input. Cost: O(bytes).
class normalised_text {
 public:
  normalised_text() = default;
  explicit normalised_text(std::string_view raw) {
    text_.reserve(raw.size() + 1);
    bool in_word = false;
    char32_t before = ' ';
    while (!raw.empty()) {
      const detail::code_point now = detail::decode(raw);
      raw.remove_prefix(now.bytes);
      const char32_t after = raw.empty() ? U' ' : detail::decode(raw).value;
      if (now.value == '.' && is_digit(before) && is_digit(after)) {
        text_ += '.';
      } else if (!is_apostrophe(now.value) || !in_word || !is_word_letter(after)) {
        in_word = append(now.value, in_word);
      }
      before = now.value;
    }
  }

  [[nodiscard]] index_t words() const noexcept { return static_cast<index_t>(begins_.size()); }

  /// All words, joined by single spaces: equal for two texts exactly when their words are.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

  /// Words [first, first + count), joined by single spaces. It refers to this object.
  [[nodiscard]] std::string_view ngram(index_t first, index_t count) const noexcept {
    const std::size_t begin = begins_[static_cast<std::size_t>(first)];
    const std::size_t end =
        first + count == words() ? text_.size() : begins_[static_cast<std::size_t>(first + count)] - 1;
    return std::string_view(text_).substr(begin, end - begin);
  }

 private:
  static bool is_digit(char32_t c) noexcept { return detail::within(c, '0', '9'); }
  static bool is_apostrophe(char32_t c) noexcept { return c == '\'' || c == 0x2019; }
  static bool is_word_letter(char32_t c) noexcept { return detail::role_of(c) == detail::role::letter; }

  // Returns whether the next letter continues the same word.
  bool append(char32_t c, bool in_word) {
    const detail::role role = detail::role_of(c);
    if (role == detail::role::separator) return false;
    if (!in_word || role == detail::role::symbol) {
      if (!text_.empty()) text_ += ' ';
      begins_.push_back(text_.size());
    }
    detail::append_utf8(text_, detail::lower(c));
    return role == detail::role::letter;
  }

  std::string text_;
  std::vector<std::size_t> begins_;
};

/// A 64-bit hash of bytes, the same on every machine: FNV-1a, then mixed.
inline std::uint64_t text_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return mix64(hash);
}

}  // namespace prismatic
