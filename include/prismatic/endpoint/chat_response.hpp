/// What a server sends back, read with suspicion: texts, token counts, complaints, lists of models.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

struct chat_reply {
  std::vector<response> texts;  ///< in the order of their index
  std::string model;            ///< as the server names it
  std::optional<index_t> prompt_tokens;
  std::optional<index_t> completion_tokens;
};

namespace detail {

// Nothing for what is no JSON object: a page of HTML, half a document.
inline std::optional<json> object_in(std::string_view body) {
  try {
    json out = parse_json(body, {"answer"});
    return out.is_object() ? std::optional(std::move(out)) : std::nullopt;
  } catch (const data_error&) {
    return std::nullopt;
  }
}

inline const json* member(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

inline std::string text_of(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

inline std::optional<index_t> token_count(const json* usage, std::string_view name) {
  const json* const found = usage == nullptr ? nullptr : member(*usage, name);
  constexpr index_t most = 1'000'000'000;
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  const double value = found->get<double>();
  return value < 0 || value > static_cast<double>(most) ? std::nullopt : std::optional(found->get<index_t>());
}

// A string, or the texts of a list of parts.
inline std::string content_of(const json* content) {
  if (content == nullptr || !content->is_array()) return text_of(content);
  std::string out;
  for (const json& part : *content) out += text_of(member(part, "text"));
  return out;
}

}  // namespace detail

/// The texts and counts in a body of status 200, or nothing when it holds no list of choices.
/// `reasoning_content` is no part of a text: it stays in the body, which is stored as it came. Cost: O(length).
inline std::optional<chat_reply> read_chat_reply(std::string_view body) {
  const std::optional<json> document = detail::object_in(body);
  if (!document) return std::nullopt;
  const json* const choices = detail::member(*document, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return std::nullopt;
  std::vector<std::pair<index_t, response>> found;
  for (const json& choice : *choices) {
    const json* const said = detail::member(choice, "message");
    if (said == nullptr || !said->is_object()) return std::nullopt;
    const json* const index = detail::member(choice, "index");
    found.push_back({index != nullptr && index->is_number_integer() ? index->get<index_t>() : 0,
                     {detail::content_of(detail::member(*said, "content")),
                      detail::text_of(detail::member(choice, "finish_reason"))}});
  }
  std::ranges::stable_sort(found, {}, [](const auto& choice) { return choice.first; });
  chat_reply out;
  for (auto& [index, text] : found) out.texts.push_back(std::move(text));
  out.model = detail::text_of(detail::member(*document, "model"));
  const json* const usage = detail::member(*document, "usage");
  out.prompt_tokens = detail::token_count(usage, "prompt_tokens");
  out.completion_tokens = detail::token_count(usage, "completion_tokens");
  return out;
}

/// What a server says is wrong, with its type and code, fit for one line; the beginning of the body where it is
/// in no known form. Known: {"error": {"message", "type", "code"}}, {"error": "..."}, {"message"}, {"detail"}.
inline std::string server_complaint(std::string_view body) {
  constexpr std::size_t most = 200;
  const std::optional<json> document = detail::object_in(body);
  if (!document) return body.empty() ? "nothing" : in_quotes(ascii::trimmed(body), most);
  const json* const failure = detail::member(*document, "error");
  const json& at = failure != nullptr && failure->is_object() ? *failure : *document;
  std::string words = failure != nullptr && failure->is_string() ? failure->get<std::string>() : "";
  for (const std::string_view name : {"message", "detail"})
    if (words.empty()) words = detail::text_of(detail::member(at, name));
  if (words.empty()) return in_quotes(ascii::trimmed(body), most);
  std::string out = in_quotes(words, most);
  for (const std::string_view name : {"type", "code"})
    if (const std::string more = detail::text_of(detail::member(at, name)); !more.empty())
      out += " " + in_quotes(more, 40);
  return out;
}

/// The names in the answer of GET /v1/models; none where it is no such list.
inline std::vector<std::string> read_model_list(std::string_view body) {
  std::vector<std::string> out;
  const std::optional<json> document = detail::object_in(body);
  const json* const data = document ? detail::member(*document, "data") : nullptr;
  if (data == nullptr || !data->is_array()) return out;
  for (const json& each : *data)
    if (std::string id = detail::text_of(detail::member(each, "id")); !id.empty()) out.push_back(std::move(id));
  return out;
}

}  // namespace prismatic
