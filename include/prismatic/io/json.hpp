/// Strict reading of JSON that somebody else wrote: bounded depth, no duplicate keys, errors with a place.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json_scan.hpp>
#include <prismatic/io/mapped_file.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A parsed document. Reading uses this one; writing uses ordered_json where the order of keys matters.
using json = nlohmann::json;
using ordered_json = nlohmann::ordered_json;

/// Where a piece of JSON came from, for error texts. It refers to strings that must outlive it.
struct json_place {
  std::string_view file;  ///< path, or another name a user recognises
  index_t line = 0;       ///< 1-based line of `file` on which the text begins; 0 for a file without lines
  std::string_view inside = {};  ///< the object the fields belong to ("rope_scaling"), empty at the top
};

/// Text from a file made fit for one line of an error message: quoted, control characters replaced, cut to
/// `most` bytes at a character boundary.
inline std::string in_quotes(std::string_view text, std::size_t most = 60) {
  const bool cut = text.size() > most;
  if (cut) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    text = text.substr(0, most);
  }
  std::string out = "\"";
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (cut ? "...\"" : "\"");
}

/// What kind of value this is, with the value itself where it is short: `number 7`, `array`, `null`.
inline std::string described(const json& value) {
  if (value.is_string()) return "string " + in_quotes(value.get_ref<const std::string&>(), 40);
  if (value.is_number() || value.is_boolean()) return std::string(value.type_name()) + " " + value.dump();
  return value.type_name();
}

namespace detail {

// Builds the document from the parser's events, and stops at what nlohmann::json::parse would let pass:
// nesting deep enough to exhaust the stack of whoever walks the document, and two values for one key.
class json_builder {
 public:
  json_builder(json& root, index_t max_depth) : root_(root), max_depth_(max_depth) {}

  bool null() { return place(nullptr) != nullptr; }
  bool boolean(bool value) { return place(value) != nullptr; }
  bool number_integer(json::number_integer_t value) { return place(value) != nullptr; }
  bool number_unsigned(json::number_unsigned_t value) { return place(value) != nullptr; }
  bool number_float(json::number_float_t value, const json::string_t&) { return place(value) != nullptr; }
  bool string(json::string_t& value) { return place(std::move(value)) != nullptr; }
  bool binary(json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(json::string_t& name) {
    const auto [member, added] = open_.back()->get_ref<json::object_t&>().try_emplace(std::move(name));
    member_ = &member->second;
    if (!added) found = "the key " + in_quotes(member->first) + " twice", expected = "every key once";
    return added;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& failure) {
    at = position == 0 ? 0 : position - 1;
    describe(failure.what());
    return false;
  }

  std::string found, expected = "JSON";
  std::size_t at = std::string::npos;  // byte offset of a syntax error

 private:
  template <class Value>
  json* place(Value&& value) {
    if (open_.empty()) return &(root_ = std::forward<Value>(value));
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<json::array_t&>();
      return &items.emplace_back(std::forward<Value>(value));
    }
    return &(*member_ = std::forward<Value>(value));
  }

  bool open(json empty) {
    if (static_cast<index_t>(open_.size()) == max_depth_) {
      found = "values nested deeper than " + std::to_string(max_depth_) + " levels", expected = "fewer";
      return false;
    }
    open_.push_back(place(std::move(empty)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // The parser's own sentence, without its prefix and without the text it quotes, which may be long or binary.
  void describe(std::string_view sentence) {
    if (sentence.find("ill-formed UTF-8") != std::string_view::npos) {
      found = "invalid UTF-8", expected = "UTF-8";
      return;
    }
    if (sentence.find("number overflow") != std::string_view::npos) {
      found = "a number that no double can hold", expected = "a smaller one";
      return;
    }
    if (const std::size_t column = sentence.find("column "); column != std::string_view::npos)
      if (const std::size_t colon = sentence.find(": ", column); colon != std::string_view::npos)
        sentence.remove_prefix(colon + 2);
    sentence = sentence.substr(0, sentence.find("; last read"));
    for (const char c : sentence) found += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }

  json& root_;
  index_t max_depth_;
  std::vector<json*> open_;  // arrays and objects being filled; a parent never moves while a child is open
  json* member_ = nullptr;   // where the value of the last key goes
};

}  // namespace detail

/// Nesting allowed in a document. Real ones stay below twenty levels.
inline constexpr index_t max_json_depth = 128;

/// Parses one JSON document. Refused, though other parsers let it pass: a key that occurs twice in one object
/// (readers disagree on which value counts), nesting beyond max_json_depth, invalid UTF-8, unpaired
/// surrogates, numbers beyond the range of double.
/// @throws data_error with the line of the fault (when `place.line` is not 0) and its byte offset in `text`
inline json parse_json(std::string_view text, const json_place& place) {
  if (std::optional<json> document = detail::scan_json(text, max_json_depth)) return *std::move(document);
  json document;  // not as a document usually is: read again by a parser that says why
  detail::json_builder builder(document, max_json_depth);
  if (json::sax_parse(text.begin(), text.end(), &builder)) return document;
  const bool has_offset = builder.at != std::string::npos;
  const std::size_t offset = has_offset ? std::min(builder.at, text.size()) : 0;
  const index_t line = place.line + (place.line == 0 ? 0 : std::count(text.data(), text.data() + offset, '\n'));
  throw data_error(std::string(place.file), line, has_offset ? "byte " + std::to_string(offset) : "",
                   builder.found, builder.expected);
}

/// Parses a whole file. @throws io_error, data_error
inline json read_json(const std::string& path) {
  const mapped_file file(path);
  if (file.size() == 0) throw data_error(path, 0, "", "an empty file", "JSON");
  return parse_json(file.text(), {.file = path, .line = 1});
}

/// `value` as compact text; `what` names it. @throws data_error when a string in it is not UTF-8
inline std::string dump_json(const ordered_json& value, std::string_view what) {
  try {
    return value.dump();
  } catch (const ordered_json::type_error&) {
    throw data_error("", 0, std::string(what), "text that is not UTF-8", "UTF-8");
  }
}

/// The data_error for a field of an object at `place`.
inline data_error field_error(const json_place& place, std::string_view field, const std::string& found,
                              const std::string& expected, call_site at = call_site::here()) {
  std::string name(place.inside);
  if (!name.empty() && !field.empty()) name += '.';
  return data_error(std::string(place.file), place.line, name + std::string(field), found, expected, at);
}

/// The member of that name, or nullptr when it is absent or null: data sets write null for "none".
/// @throws data_error when `object` is not an object
inline const json* find_field(const json& object, std::string_view field, const json_place& place) {
  if (!object.is_object()) throw field_error(place, "", described(object), "an object");
  const auto member = object.find(field);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

/// What `as_value` and `require` can convert to.
template <class T>
concept json_scalar = std::same_as<T, std::string> || std::same_as<T, index_t> || std::same_as<T, double> ||
    std::same_as<T, bool>;

/// `value`, which is called `field`, as a T. Strings, integers and booleans are never converted into one
/// another; an integer may stand for a double. @throws data_error
template <json_scalar T>
T as_value(const json& value, std::string_view field, const json_place& place) {
  if constexpr (std::same_as<T, std::string>) {
    if (value.is_string()) return value.get<std::string>();
    throw field_error(place, field, described(value), "a string");
  } else if constexpr (std::same_as<T, bool>) {
    if (value.is_boolean()) return value.get<bool>();
    throw field_error(place, field, described(value), "true or false");
  } else if constexpr (std::same_as<T, double>) {
    if (value.is_number()) return value.get<double>();
    throw field_error(place, field, described(value), "a number");
  } else {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<index_t>::max());
    if (value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= most))
      return value.get<index_t>();
    throw field_error(place, field, described(value), "an integer of 64 bits");
  }
}

/// The member `field` of `object` as a T. @throws data_error naming the field, what was found and expected
template <json_scalar T>
T require(const json& object, std::string_view field, const json_place& place) {
  const json* const value = find_field(object, field, place);
  if (value == nullptr) throw field_error(place, field, "nothing", "a value");
  return as_value<T>(*value, field, place);
}

/// The same, or `fallback` when the member is absent or null; a member of another type is still refused.
template <json_scalar T>
T value_or(const json& object, std::string_view field, T fallback, const json_place& place) {
  const json* const value = find_field(object, field, place);
  return value == nullptr ? std::move(fallback) : as_value<T>(*value, field, place);
}

/// The array called `field`. @throws data_error
inline const json& require_array(const json& object, std::string_view field, const json_place& place) {
  const json* const value = find_field(object, field, place);
  if (value != nullptr && value->is_array()) return *value;
  throw field_error(place, field, value == nullptr ? "nothing" : described(*value), "an array");
}

/// The object called `field`. @throws data_error
inline const json& require_object(const json& object, std::string_view field, const json_place& place) {
  const json* const value = find_field(object, field, place);
  if (value != nullptr && value->is_object()) return *value;
  throw field_error(place, field, value == nullptr ? "nothing" : described(*value), "an object");
}

}  // namespace prismatic
