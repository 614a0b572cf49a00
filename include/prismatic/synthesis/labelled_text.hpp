/// Parts of a text that labels open: strict about what a label is, forgiving about how it is dressed.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

namespace detail {

inline void skip_any(std::string_view& text, std::string_view of) {
  const std::size_t at = text.find_first_not_of(of);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at);
}

inline bool skip_word(std::string_view& text, std::string_view word) {
  if (ascii::lower_case(text.substr(0, word.size())) != ascii::lower_case(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// What stands behind the label on its line, or nothing when the line does not begin with it. All of these are the
// label Problem: "Problem:", "**Problem:**", "### problem 2:", "1. Problem :", and "## Problem" alone on its line.
inline std::optional<std::string_view> behind_label(std::string_view line, std::string_view label) {
  const bool is_heading = ascii::trimmed(line).starts_with('#') || ascii::trimmed(line).starts_with("**");
  skip_any(line, " \t#*_>-");
  if (!line.empty() && ascii::is_digit(line.front())) {
    skip_any(line, "0123456789");
    skip_any(line, ".) \t*_");
  }
  if (!skip_word(line, label)) return std::nullopt;
  skip_any(line, " \t*_");
  skip_any(line, "#0123456789");
  skip_any(line, " \t*_");
  if (line.empty() || line == "\r") return is_heading ? std::optional(line) : std::nullopt;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(1);
  if (line.starts_with("**")) line.remove_prefix(2);
  return line;
}

// Without the fence of a text that is one block of code.
inline std::string_view without_fence(std::string_view text) {
  const std::string_view fence = "```", inner = ascii::trimmed(text);
  if (!inner.starts_with(fence) || !inner.ends_with(fence) || inner.size() < 2 * fence.size()) return text;
  const std::size_t first = inner.find('\n');
  return first == std::string_view::npos ? text : inner.substr(first + 1, inner.size() - first - 1 - fence.size());
}

}  // namespace detail

/// The parts of `text`, trimmed, in the order of `labels`; empty where a label does not occur. A label opens its part
/// at the beginning of a line and is followed by a colon; case, Markdown emphasis, headings, list numbers and a fence
/// around the whole do not matter. A label whose part has text already is text itself.
/// Cost: O(length x labels).
inline std::vector<std::string> labelled_parts(std::string_view text, std::span<const std::string_view> labels) {
  std::vector<std::string> out(labels.size());
  std::string* part = nullptr;
  text = detail::without_fence(text);
  while (!text.empty()) {
    std::string_view line = ascii::take_until(text, "\n");
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (!out[i].empty()) continue;
      const auto rest = detail::behind_label(line, labels[i]);
      if (!rest) continue;
      line = *rest;
      part = &out[i];
      break;
    }
    if (part == nullptr) continue;
    if (!part->empty()) *part += '\n';
    *part += part->empty() ? ascii::trimmed(line) : line;
  }
  for (std::string& each : out) each = ascii::trimmed(each);
  return out;
}

}  // namespace prismatic
