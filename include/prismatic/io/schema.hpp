/// The shapes of record that data sets come in: their names, how one is recognised, how one is forced.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// The schemas, in the order in which a record is tried against them: the first whose fields are all there
/// (present and not null) is taken. Each record is recognised on its own, so a file may mix them.
enum class schema : std::uint8_t {
  messages,  ///< messages: [{role, content}]
  sharegpt,  ///< conversations (or conversation): [{from, value}], with or without system
  nli,       ///< premise, hypothesis, label (or gold_label, gold)
  alpaca,    ///< instruction, output (or response), with or without input (or context), history, system
  prompt_completion,  ///< prompt, completion (or response): texts or lists of messages
  problem_solution,   ///< problem, generated_solution, solution or answer
  question_answer,    ///< question, generated_solution, answer, response or solution
  query_response,     ///< query, response or answer
  text,               ///< text: a document without turns, every token of which carries loss
  mapped              ///< fields the caller named; never recognised
};

/// What there is to know of each.
struct schema_info {
  schema kind;
  std::string_view name;      ///< what a user types
  std::string_view expected;  ///< its fields, for error texts
};

inline constexpr std::array<schema_info, 10> schemas{
    {{schema::messages, "messages", "messages"},
     {schema::sharegpt, "sharegpt", "conversations"},
     {schema::nli, "nli", "premise + hypothesis + label"},
     {schema::alpaca, "alpaca", "instruction + output"},
     {schema::prompt_completion, "prompt-completion", "prompt + completion"},
     {schema::problem_solution, "problem-solution", "problem + solution"},
     {schema::question_answer, "question-answer", "question + answer"},
     {schema::query_response, "query-response", "query + response"},
     {schema::text, "text", "text"},
     {schema::mapped, "mapped", "the mapped fields"}}};

constexpr const schema_info& info_of(schema kind) noexcept { return schemas[static_cast<std::size_t>(kind)]; }

/// The schema a user calls `name`. @throws option_error listing the names
inline schema schema_named(std::string_view name) {
  std::string names;
  for (const schema_info& each : schemas) {
    if (each.kind == schema::mapped) continue;
    if (each.name == name) return each.kind;
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  }
  throw option_error("format: found " + in_quotes(name) + ", expected one of " + names);
}

/// The field names of a data set that follows none of the schemas. Empty names are not mapped.
struct field_map {
  std::string prompt = {};      ///< a text or a list of messages; goes with `completion`
  std::string completion = {};  ///< a text or a list of messages
  std::string messages = {};    ///< a list of turns, either as messages or as ShareGPT writes them
  std::string text = {};        ///< a document without turns
  std::string system = {};      ///< a text put before prompt or messages
  std::string id = {};          ///< may be mapped with or without the others

  /// Whether the map says where the content of a sample is.
  [[nodiscard]] bool maps_content() const noexcept {
    return !prompt.empty() || !completion.empty() || !messages.empty() || !text.empty() || !system.empty();
  }
};

/// Reads `prompt=question,completion=best_answer`. @throws option_error
inline field_map parse_field_map(std::string_view text) {
  field_map out;
  const std::array<std::pair<std::string_view, std::string*>, 6> names{{{"prompt", &out.prompt},
                                                                        {"completion", &out.completion},
                                                                        {"messages", &out.messages},
                                                                        {"text", &out.text},
                                                                        {"system", &out.system},
                                                                        {"id", &out.id}}};
  while (true) {
    const std::string_view item = text.substr(0, text.find(','));
    const std::size_t equals = item.find('=');
    const auto name =
        std::ranges::find(names, item.substr(0, equals), &std::pair<std::string_view, std::string*>::first);
    require_option(name != names.end() && equals != std::string_view::npos && equals + 1 < item.size(),
                   "map: found " + in_quotes(item) +
                       ", expected NAME=FIELD with NAME prompt, completion, messages, text, system or id");
    require_option(name->second->empty(),
                   "map: found " + std::string(name->first) + " twice, expected it once");
    *name->second = item.substr(equals + 1);
    if (item.size() == text.size()) break;
    text.remove_prefix(item.size() + 1);
  }
  return out;
}

/// How records are read.
struct schema_options {
  std::optional<schema> format = std::nullopt;  ///< every record must be of this schema; none: recognise each
  field_map fields = {};                        ///< where to find what; replaces `format`
};

/// @throws option_error  both a format and a map of the content are given, or a map that is no way to a sample
inline void check_options(const schema_options& options) {
  const field_map& map = options.fields;
  const int ways = (map.prompt.empty() ? 0 : 1) + (map.messages.empty() ? 0 : 1) + (map.text.empty() ? 0 : 1);
  require_option(map.prompt.empty() == map.completion.empty() && ways == (map.maps_content() ? 1 : 0),
                 "map: expected prompt and completion together, or messages alone, or text alone");
  require_option(!options.format || !options.fields.maps_content(),
                 "format: found a map of the content as well, expected one of the two");
  require_option(options.format != schema::mapped, "format: found \"mapped\", expected a map of the fields");
}

}  // namespace prismatic
