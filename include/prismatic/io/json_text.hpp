/// Edits of JSON text that leave every other byte as it was: numbers keep their spelling, unknown fields
/// their order.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// One element of a JSON array as text, and the line it begins on.
struct json_element {
  std::string_view text;
  index_t line;
};

namespace detail {

inline constexpr std::string_view json_space = " \t\r\n";

inline std::size_t after_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(json_space, at), text.size());
}

// Where the string that begins at `at` ends, one past its closing quote; text.size() when it never ends.
inline std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

// Where the value that begins at `at` ends: at the first comma or closing bracket outside of it.
inline std::size_t after_value(std::string_view text, std::size_t at) {
  index_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = after_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth-- == 0) break;
    if (c == ',' && depth == 0) break;
    ++at;
  }
  return at;
}

}  // namespace detail

/// The elements of the array that `text` holds, untouched. Each must still be parsed on its own: only the
/// commas and brackets around them are checked here.
/// @throws data_error  there is no array, it is not closed, or something follows it
inline std::vector<json_element> split_array(std::string_view text, const json_place& place) {
  const auto fail = [&](const std::string& found, const std::string& expected) {
    const index_t line = place.line + std::count(text.begin(), text.end(), '\n');
    throw data_error(std::string(place.file), line, "", found, expected);
  };
  std::vector<json_element> out;
  std::size_t at = detail::after_space(text, 0), counted = 0;
  if (at == text.size() || text[at] != '[') fail("no array", "'['");
  index_t line = place.line;
  do {
    const std::size_t begin = detail::after_space(text, at + 1);
    line += std::count(text.data() + counted, text.data() + begin, '\n');
    counted = begin;
    at = detail::after_value(text, begin);
    const std::string_view element = text.substr(begin, at - begin);
    out.push_back({element.substr(0, element.find_last_not_of(detail::json_space) + 1), line});
  } while (at < text.size() && text[at] == ',');
  if (at == text.size() || text[at] != ']') fail("an array that is not closed", "']'");
  if (detail::after_space(text, at + 1) != text.size()) fail("text behind the array", "the end of the file");
  if (out.size() == 1 && out.front().text.empty()) out.clear();
  return out;
}

/// The object `raw` with the members of `extra` set: a member it already has gets the new value in place,
/// the others are added at the end.
/// @param raw    a valid JSON object
/// @param extra  a JSON object
/// @throws data_error when a string in `extra` is not UTF-8
inline std::string with_members(std::string_view raw, const ordered_json& extra) {
  std::string out(raw);
  for (const auto& [name, value] : extra.items()) {
    const std::string written = dump_json(value, in_quotes(name));
    std::size_t at = detail::after_space(out, out.find('{') + 1);
    const bool is_empty = out[at] == '}';
    bool found = false;
    while (!found && out[at] == '"') {
      const std::size_t key_end = detail::after_string(out, at);
      const json key = parse_json(std::string_view(out).substr(at, key_end - at), {.file = "member"});
      const std::size_t begin = detail::after_space(out, detail::after_space(out, key_end) + 1);
      const std::size_t end = detail::after_value(out, begin);
      found = key.get_ref<const std::string&>() == name;
      if (found)
        out.replace(begin, end - begin, written);
      else
        at = out[end] == ',' ? detail::after_space(out, end + 1) : end;
    }
    if (!found) out.insert(out.rfind('}'), (is_empty ? "" : ", ") + ordered_json(name).dump() + ": " + written);
  }
  return out;
}

}  // namespace prismatic
