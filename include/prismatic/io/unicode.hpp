/// UTF-8 and the few facts about code points that a tokenizer needs: classes, whitespace, NFC.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode_tables.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// What a pre-tokeniser's pattern can tell apart. Every code point is exactly one of them.
enum class code_point_class : std::uint8_t {
  other,
  letter,  ///< \p{L}
  number,  ///< \p{N}
  space    ///< \s, the property White_Space
};

/// How the bytes at some place read as UTF-8.
struct utf8_unit {
  enum class state : std::uint8_t {
    complete,  ///< one well-formed code point of `size` bytes
    invalid,   ///< `size` bytes that no code point begins with: the longest part one replacement stands for
    cut        ///< well-formed so far, but the text ends after `size` bytes
  };
  state reading;
  index_t size;
};

/// Reads the unit that begins at text[0]. @param text  not empty
constexpr utf8_unit read_utf8(std::string_view text) noexcept {
  using enum utf8_unit::state;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {complete, 1};
  if (lead < 0xC2 || lead > 0xF4) return {invalid, 1};
  const index_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  unsigned low = lead == 0xE0 ? 0xA0u : lead == 0xF0 ? 0x90u : 0x80u;
  unsigned high = lead == 0xED ? 0x9Fu : lead == 0xF4 ? 0x8Fu : 0xBFu;
  for (index_t i = 1; i < size; ++i) {
    if (static_cast<std::size_t>(i) == text.size()) return {cut, i};
    const unsigned next = byte(static_cast<std::size_t>(i));
    if (next < low || next > high) return {invalid, i};
    low = 0x80;
    high = 0xBF;
  }
  return {complete, size};
}

/// Whether every byte of `text` belongs to a well-formed code point.
constexpr bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const utf8_unit unit = read_utf8(text);
    if (unit.reading != utf8_unit::state::complete) return false;
    text.remove_prefix(static_cast<std::size_t>(unit.size));
  }
  return true;
}

/// `text` with U+FFFD for every maximal ill-formed part (Unicode 3.9, table 3-8): what Python makes of it with
/// bytes.decode(errors="replace") and Rust with String::from_utf8_lossy.
inline std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const utf8_unit unit = read_utf8(text);
    const std::string_view part = text.substr(0, static_cast<std::size_t>(unit.size));
    out += unit.reading == utf8_unit::state::complete ? part : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(part.size());
  }
  return out;
}

/// A code point and the bytes it takes.
struct decoded_code_point {
  char32_t value;
  index_t size;
};

/// The code point at p. @param p  the first byte of a well-formed one
constexpr decoded_code_point decode_code_point(const char* p) noexcept {
  const auto bits = [&](int i, unsigned mask) {
    return static_cast<char32_t>(static_cast<unsigned char>(p[i]) & mask);
  };
  const auto lead = static_cast<unsigned char>(*p);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {bits(0, 0x1F) << 6 | bits(1, 0x3F), 2};
  if (lead < 0xF0) return {bits(0, 0x0F) << 12 | bits(1, 0x3F) << 6 | bits(2, 0x3F), 3};
  return {bits(0, 0x07) << 18 | bits(1, 0x3F) << 12 | bits(2, 0x3F) << 6 | bits(3, 0x3F), 4};
}

/// The first byte of the last code point of [begin, end), which is not empty and well-formed.
constexpr const char* last_code_point(const char* begin, const char* end) noexcept {
  const char* p = end - 1;
  while (p > begin && (static_cast<unsigned char>(*p) & 0xC0) == 0x80) --p;
  return p;
}

/// `c` in UTF-8, appended to `out`. @param c  at most U+10FFFF
inline void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

/// The property White_Space.
constexpr bool is_white_space(char32_t c) noexcept {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

/// Whether `c` belongs to a word (\w of Unicode TS 18: Alphabetic, M, Nd, Pc, Join_Control).
inline bool is_word_character(char32_t c) noexcept {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    case UTF8PROC_CATEGORY_SO:  // the circled and squared letters are Alphabetic
      return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
             (c >= 0x1F170 && c <= 0x1F189);
    default:
      return c == 0x200C || c == 0x200D;
  }
}

/// Whether one of the ascending `ranges` holds `c`.
constexpr bool is_in(std::span<const code_point_range> ranges, char32_t c) noexcept {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t value, const code_point_range& r) { return value < r.first; });
  return after != ranges.begin() && c <= (after - 1)->last;
}

/// The class of every code point: a table for plane 0, a search above it.
class code_point_classes {
 public:
  /// The one instance, built when it is first asked for (some 100 microseconds, 64 KiB).
  static const code_point_classes& instance() {
    static const code_point_classes classes;
    return classes;
  }

  [[nodiscard]] code_point_class operator()(char32_t c) const noexcept {
    return c < plane_0_.size() ? plane_0_[c] : searched(c);
  }

 private:
  code_point_classes() noexcept {
    for (char32_t c = 0; c < plane_0_.size(); ++c)
      plane_0_[c] = is_white_space(c) ? code_point_class::space : searched(c);
  }

  static code_point_class searched(char32_t c) noexcept {
    if (is_in(letter_ranges, c)) return code_point_class::letter;
    return is_in(number_ranges, c) ? code_point_class::number : code_point_class::other;
  }

  std::array<code_point_class, 0x10000> plane_0_;
};

namespace detail {

// Appends the normalisation form C of `text` by utf8proc.
inline void append_composed(std::string& out, std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &mapped, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) throw numeric_error(std::string("NFC: utf8proc reports ") + utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
}

}  // namespace detail

/// Normalisation form C of `text`, as the reference's tables have it: characters younger than those (see
/// unnormalized_ranges) neither compose nor change places. Text without anything above U+02FF comes back as it
/// is.
/// @param text  well-formed UTF-8
/// @throws numeric_error  utf8proc refused (out of memory)
inline std::string normalized_nfc(std::string_view text) {
  const auto may_change = [](char ch) { return static_cast<unsigned char>(ch) >= 0xCC; };  // the lead of U+0300
  if (std::none_of(text.begin(), text.end(), may_change)) return std::string(text);
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const decoded_code_point c = decode_code_point(text.data() + i);
    const std::size_t next = i + static_cast<std::size_t>(c.size);
    if (is_in(unnormalized_ranges, c.value)) {
      detail::append_composed(out, text.substr(done, i - done));
      out += text.substr(i, next - i);
      done = next;
    }
    i = next;
  }
  detail::append_composed(out, text.substr(done));
  return out;
}

/// `text` without the whitespace at both ends, as Python's str.strip() sees it: White_Space and U+001C ...
/// U+001F.
/// @param text  well-formed UTF-8
constexpr std::string_view stripped(std::string_view text) noexcept {
  const auto strips = [](const char* p) {
    const char32_t c = decode_code_point(p).value;
    return is_white_space(c) || (c >= 0x1C && c <= 0x1F);
  };
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin < end && strips(begin)) begin += decode_code_point(begin).size;
  while (end > begin && strips(last_code_point(begin, end))) end = last_code_point(begin, end);
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace prismatic
