/// Which texts a run takes, by their length, and by the scripts and the languages they are written in.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// Scripts that are told apart. Kana stands with the Chinese characters that Japanese mixes it with; every script that
/// is not named here is `other`.
enum class script : std::uint8_t { latin, greek, cyrillic, hebrew, arabic, devanagari, thai, hangul, kana, han, other };

/// The names of the scripts, in the order of the enumeration.
inline constexpr std::array<std::string_view, 11> script_names{"latin",      "greek", "cyrillic", "hebrew", "arabic",
                                                               "devanagari", "thai",  "hangul",   "kana",   "han",
                                                               "other"};

/// The script of a letter, by the Unicode blocks that hold the letters of one script.
constexpr script script_of(char32_t c) noexcept {
  struct block {
    char32_t first, last;
    script of;
  };
  using enum script;
  constexpr block blocks[] = {
      {0x41, 0x24F, latin},        {0x250, 0x2AF, latin},      {0x370, 0x3FF, greek},      {0x400, 0x52F, cyrillic},
      {0x590, 0x5FF, hebrew},      {0x600, 0x6FF, arabic},     {0x750, 0x77F, arabic},     {0x8A0, 0x8FF, arabic},
      {0x900, 0x97F, devanagari},  {0xE00, 0xE7F, thai},       {0x1100, 0x11FF, hangul},   {0x1C80, 0x1C8F, cyrillic},
      {0x1D00, 0x1D7F, latin},     {0x1E00, 0x1EFF, latin},    {0x1F00, 0x1FFF, greek},    {0x2C60, 0x2C7F, latin},
      {0x2DE0, 0x2DFF, cyrillic},  {0x3005, 0x3007, han},      {0x3040, 0x30FF, kana},     {0x3130, 0x318F, hangul},
      {0x31F0, 0x31FF, kana},      {0x3400, 0x4DBF, han},      {0x4E00, 0x9FFF, han},      {0xA640, 0xA69F, cyrillic},
      {0xA720, 0xA7FF, latin},     {0xA8E0, 0xA8FF, devanagari}, {0xAC00, 0xD7FF, hangul}, {0xF900, 0xFAFF, han},
      {0xFB1D, 0xFB4F, hebrew},    {0xFB50, 0xFDFF, arabic},   {0xFE70, 0xFEFF, arabic},   {0xFF21, 0xFF5A, latin},
      {0xFF66, 0xFF9F, kana},      {0x20000, 0x3FFFF, han},
  };
  for (const block& b : blocks)
    if (c >= b.first && c <= b.last) return b.of;
  return other;
}

/// Both ends count.
struct length_range {
  index_t shortest = 0;
  index_t longest = std::numeric_limits<index_t>::max();
};

/// Names the language of a text by its ISO 639-1 code, such as "en", or says nothing of a text that could be of any.
using language_detector = std::optional<std::string> (*)(std::string_view);

struct text_filter_options {
  length_range problem = {};         ///< characters (code points) of the problem
  length_range solution = {};        ///< characters of its solution
  std::vector<script> scripts = {};  ///< those asked for; none: any text passes
  double script_share = 0.9;         ///< least share of a text's letters that are of these scripts
  std::vector<std::string> languages = {};  ///< those asked for; none: any text passes
  language_detector language_of = nullptr;  ///< needed where languages are asked for
};

/// Code points of a text; a byte that is not UTF-8 counts as one.
constexpr index_t characters(std::string_view text) noexcept {
  index_t out = 0;
  for (; !text.empty(); ++out) text.remove_prefix(static_cast<std::size_t>(read_utf8(text).size));
  return out;
}

/// The share of a text's letters that are of the given scripts; 1 for a text without letters, such as a formula. This
/// tells scripts apart, not languages: French passes for English.
inline double script_share(std::string_view text, const std::vector<script>& scripts) noexcept {
  const code_point_classes& classes = code_point_classes::instance();
  index_t letters = 0, wanted = 0;
  while (!text.empty()) {
    const utf8_unit unit = read_utf8(text);
    const std::string_view character = text.substr(0, static_cast<std::size_t>(unit.size));
    text.remove_prefix(character.size());
    if (unit.reading != utf8_unit::state::complete) continue;
    const char32_t c = decode_code_point(character.data()).value;
    if (classes(c) != code_point_class::letter) continue;
    ++letters;
    wanted += std::ranges::find(scripts, script_of(c)) != scripts.end() ? 1 : 0;
  }
  return letters == 0 ? 1 : static_cast<double>(wanted) / static_cast<double>(letters);
}

/// What is wrong with a text's length, or nothing. Cost: O(bytes).
inline std::optional<std::string> length_fault(std::string_view text, length_range range) {
  const index_t found = characters(text);
  if (found >= range.shortest && found <= range.longest) return std::nullopt;
  const bool is_short = found < range.shortest;
  return "found " + std::to_string(found) + " characters, expected at " +
         (is_short ? "least " + std::to_string(range.shortest) : "most " + std::to_string(range.longest));
}

/// What is wrong with a text's scripts, or nothing. Cost: O(bytes).
inline std::optional<std::string> script_fault(std::string_view text, const text_filter_options& options) {
  if (options.scripts.empty()) return std::nullopt;
  const double share = script_share(text, options.scripts);
  if (share >= options.script_share) return std::nullopt;
  const auto percent = [](double part) { return std::to_string(std::llround(100 * part)) + " %"; };
  return "found " + percent(share) + " of its letters in the scripts asked for, expected " + percent(options.script_share);
}

/// What is wrong with a text's language, or nothing. A text that does not tell its language passes.
inline std::optional<std::string> language_fault(std::string_view text, const text_filter_options& options) {
  if (options.languages.empty()) return std::nullopt;
  const std::optional<std::string> found = options.language_of(text);
  if (!found || std::ranges::find(options.languages, *found) != options.languages.end()) return std::nullopt;
  std::string wanted;
  for (const std::string& code : options.languages) wanted += (wanted.empty() ? "" : " or ") + code;
  return "found " + *found + ", expected " + wanted;
}

/// A script by its name. @throws option_error  there is none of that name
inline script script_named(std::string_view name) {
  const auto found = std::ranges::find(script_names, name);
  if (found != script_names.end()) return static_cast<script>(found - script_names.begin());
  std::string known;
  for (const std::string_view n : script_names) known += (known.empty() ? "" : ", ") + std::string(n);
  throw option_error("script: found \"" + std::string(name) + "\", expected one of " + known);
}

}  // namespace prismatic
