/// Well-formed JSON read several times as fast as by a general parser; what is wrong with the rest is for
/// others to say.
#pragma once

#include <prismatic/core/types.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace prismatic::detail {

// Recursive descent, eight bytes of a string at a time. It gives up at whatever is not plainly right, and also
// at what is right but rare: integers of more than 18 digits, a byte order mark.
class json_scanner {
 public:
  using json = nlohmann::json;

  json_scanner(std::string_view text, index_t max_depth)
      : at_(text.data()), end_(text.data() + text.size()), depth_left_(max_depth) {}

  [[nodiscard]] bool document(json& out) {
    skip_space();
    if (!value(out)) return false;
    skip_space();
    return at_ == end_;
  }

 private:
  [[nodiscard]] bool take(char c) noexcept { return at_ != end_ && *at_ == c && (++at_, true); }

  [[nodiscard]] bool take(std::string_view word) noexcept {
    const auto left = static_cast<std::size_t>(end_ - at_);
    return std::string_view(at_, left).starts_with(word) && (at_ += word.size(), true);
  }

  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  [[nodiscard]] bool value(json& out) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '"':
        return text((out = std::string()).get_ref<std::string&>());
      case 't':
        return take("true") && (out = true, true);
      case 'f':
        return take("false") && (out = false, true);
      case 'n':
        return take("null") && (out = nullptr, true);
      default:
        return number(out);
    }
  }

  // `member()` reads one; they stand between the opening bracket, which is next, and `close`.
  template <class Member>
  [[nodiscard]] bool members(char close, Member&& member) {
    if (depth_left_ == 0) return false;
    --depth_left_;
    ++at_;
    skip_space();
    bool more = !take(close);
    while (more) {
      skip_space();
      if (!member()) return false;
      skip_space();
      more = take(',');
      if (!more && !take(close)) return false;
    }
    ++depth_left_;
    return true;
  }

  [[nodiscard]] bool object(json& out) {
    out = json::object();
    auto& found = out.get_ref<json::object_t&>();
    return members('}', [&] {
      std::string name;
      if (!text(name)) return false;
      skip_space();
      if (!take(':')) return false;
      skip_space();
      const auto [at, is_new] = found.try_emplace(std::move(name));
      return is_new && value(at->second);
    });
  }

  [[nodiscard]] bool array(json& out) {
    out = json::array();
    auto& found = out.get_ref<json::array_t&>();
    return members(']', [&] { return value(found.emplace_back()); });
  }

  [[nodiscard]] bool text(std::string& out) {
    if (!take('"')) return false;
    const char* begin = at_;
    while (true) {
      skip_plain();
      if (at_ == end_) return false;
      if (*at_ == '"') {
        out.append(begin, at_++);
        return true;
      }
      if (*at_ == '\\') {
        out.append(begin, at_++);
        if (!escape(out)) return false;
        begin = at_;
      } else if (!beyond_ascii()) {
        return false;
      }
    }
  }

  // Past everything that means itself: neither quote, backslash, control character nor the start of a longer
  // one.
  void skip_plain() noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    for (; end_ - at_ >= 8; at_ += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, at_, sizeof bytes);
      const std::uint64_t quote = bytes ^ (ones * '"'), backslash = bytes ^ (ones * '\\');
      // The top bit of each byte that is zero, or less than a space; false alarms only above a true one, or
      // beyond ASCII.
      const std::uint64_t special = (quote - ones) | (backslash - ones) | (bytes - ones * 0x20) | bytes;
      if ((special & tops) != 0) break;
    }
    while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x20 && static_cast<unsigned char>(*at_) < 0x80 &&
           *at_ != '"' && *at_ != '\\')
      ++at_;
  }

  // A run of characters beyond ASCII (the Unicode standard, table 3-7: well-formed UTF-8), with something
  // behind it that may stand in a string.
  [[nodiscard]] bool beyond_ascii() noexcept {
    const auto byte = [&](std::ptrdiff_t i) { return static_cast<unsigned char>(at_[i]); };
    const auto follows = [&](std::ptrdiff_t i) { return (byte(i) & 0xC0) == 0x80; };
    while (at_ != end_ && byte(0) >= 0x80) {
      const unsigned char first = byte(0);
      const std::ptrdiff_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
      if (first < 0xC2 || first > 0xF4 || end_ - at_ < length || !follows(1)) return false;
      if (length > 2 && !follows(2)) return false;
      if (length > 3 && !follows(3)) return false;
      const unsigned char second = byte(1);
      if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
          (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
        return false;
      at_ += length;
    }
    return at_ != end_ && static_cast<unsigned char>(*at_) >= 0x20;
  }

  [[nodiscard]] bool escape(std::string& out) {
    if (at_ == end_) return false;
    switch (*at_++) {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        return code_point(out);
      default:
        return false;
    }
  }

  [[nodiscard]] bool code_point(std::string& out) {
    std::optional<std::uint32_t> code = four_digits();
    if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      const std::optional<std::uint32_t> low = take("\\u") ? four_digits() : std::nullopt;
      if (!low || *low < 0xDC00 || *low >= 0xE000) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (*code < 0x80) {
      put(*code);
    } else {
      const int more = *code < 0x800 ? 1 : *code < 0x10000 ? 2 : 3;  // bytes of six bits behind the first
      put((0xF00U >> (more + 1) & 0xFF) | *code >> (6 * more));
      for (int i = more - 1; i >= 0; --i) put(0x80 | (*code >> (6 * i) & 0x3F));
    }
    return true;
  }

  [[nodiscard]] std::optional<std::uint32_t> four_digits() {
    std::uint32_t code = 0;
    if (end_ - at_ < 4 || std::from_chars(at_, at_ + 4, code, 16).ptr != at_ + 4) return std::nullopt;
    at_ += 4;
    return code;
  }

  std::ptrdiff_t skip_digits() noexcept {
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ - begin;
  }

  [[nodiscard]] bool number(json& out) {
    const char* const begin = at_;
    const bool negative = take('-');
    const bool zero = at_ != end_ && *at_ == '0';
    const std::ptrdiff_t digits = skip_digits();
    if (digits == 0 || (zero && digits > 1)) return false;
    bool integer = true;
    if (take('.')) {
      integer = false;
      if (skip_digits() == 0) return false;
    }
    if (take('e') || take('E')) {
      integer = false;
      if (!take('+')) (void)take('-');
      if (skip_digits() == 0) return false;
    }
    if (integer && digits > 18) return false;
    if (integer && negative) return converted<json::number_integer_t>(begin, out);
    if (integer) return converted<json::number_unsigned_t>(begin, out);
    return converted<json::number_float_t>(begin, out);
  }

  template <class T>
  [[nodiscard]] bool converted(const char* begin, json& out) const {
    T found{};
    const auto [end, failure] = std::from_chars(begin, at_, found);
    out = found;
    return failure == std::errc{} && end == at_;
  }

  const char* at_;
  const char* end_;
  index_t depth_left_;
};

/// The document, or nothing where it is malformed, repeats a key, nests deeper than `max_depth` or is merely
/// unusual: then a parser that can tell must look. Where there is a document, it equals what
/// nlohmann::json::parse makes of it.
inline std::optional<nlohmann::json> scan_json(std::string_view text, index_t max_depth) {
  nlohmann::json out;
  if (!json_scanner(text, max_depth).document(out)) return std::nullopt;
  return out;
}

}  // namespace prismatic::detail
