/// Small steps on text that leave every byte beyond ASCII alone, and so are safe on UTF-8.
#pragma once

#include <prismatic/core/types.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace prismatic::ascii {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// `text` with A-Z in lower case.
inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// `text` without white space at either end.
constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The part of `text` before the first `separator`, or all of it; removed from `text` with the separator.
constexpr std::string_view take_until(std::string_view& text, std::string_view separator) noexcept {
  const std::size_t at = text.find(separator);
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return out;
}

/// The content of the braces that open at text[at], or nothing when they never close.
constexpr std::optional<std::string_view> braced(std::string_view text, std::size_t at) noexcept {
  index_t depth = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return text.substr(at + 1, i - at - 1);
  }
  return std::nullopt;
}

/// Replaces every occurrence of `what`, which is not empty, from left to right.
inline void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// Whether c can be part of a word: a letter, a digit, or a byte of a character beyond ASCII.
constexpr bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

/// Replaces `what`, a word or a number, wherever it stands as a whole: not inside a longer word or number.
/// @return whether there was one
inline bool replace_whole(std::string& text, std::string_view what, std::string_view with) {
  const auto joins = [&](std::size_t point, std::size_t digit) {  // the point of 2.5 and the digit beyond it
    return (text[point] == '.' || text[point] == ',') && digit < text.size() && is_digit(text[digit]);
  };
  bool found = false;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    const std::size_t end = at + what.size();
    const bool starts = at == 0 || !(is_word(text[at - 1]) || joins(at - 1, at - 2));
    const bool ends = end == text.size() || !(is_word(text[end]) || joins(end, end + 1));
    if (starts && ends) text.replace(at, what.size(), with);
    at += starts && ends ? with.size() : what.size();
    found = found || (starts && ends);
  }
  return found;
}

}  // namespace prismatic::ascii
