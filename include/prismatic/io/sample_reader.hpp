/// One JSON record, of any of the known schemas, read as a sample.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/io/schema.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// A sample and how it was read.
struct recognised_sample {
  sample value;
  schema kind;
  bool has_own_id;  ///< false: the id is the hash of the content
};

namespace detail {

struct role_name {
  std::string_view written;
  std::string_view role;
};
inline constexpr std::array<role_name, 15> role_names{{{"system", roles::system},
                                                       {"developer", roles::system},
                                                       {"user", roles::user},
                                                       {"human", roles::user},
                                                       {"assistant", roles::assistant},
                                                       {"gpt", roles::assistant},
                                                       {"chatgpt", roles::assistant},
                                                       {"model", roles::assistant},
                                                       {"bot", roles::assistant},
                                                       {"function_call", roles::assistant},
                                                       {"tool", roles::tool},
                                                       {"function", roles::tool},
                                                       {"function_response", roles::tool},
                                                       {"observation", roles::tool},
                                                       {"ipython", roles::tool}}};

// Two fields that make a prompt and its completion, in the order of preference within a schema.
struct field_pair {
  schema kind;
  std::string_view prompt;
  std::string_view completion;
};
inline constexpr std::array<field_pair, 13> field_pairs{
    {{schema::alpaca, "instruction", "output"},
     {schema::alpaca, "instruction", "response"},
     {schema::prompt_completion, "prompt", "completion"},
     {schema::prompt_completion, "prompt", "response"},
     {schema::problem_solution, "problem", "generated_solution"},
     {schema::problem_solution, "problem", "solution"},
     {schema::problem_solution, "problem", "answer"},
     {schema::question_answer, "question", "generated_solution"},
     {schema::question_answer, "question", "answer"},
     {schema::question_answer, "question", "response"},
     {schema::question_answer, "question", "solution"},
     {schema::query_response, "query", "response"},
     {schema::query_response, "query", "answer"}}};

// Reads one record; it lives as long as that takes.
class record {
 public:
  record(std::string_view raw, const json_place& place) : place_(place), object_(parse_json(raw, place)) {
    if (!object_.is_object()) throw field_error(place_, "", described(object_), "an object");
  }

  // Tries the schemas in order, or the one that is forced. Nothing when none fits.
  std::optional<schema> read(std::optional<schema> forced) {
    const auto wanted = [&](schema kind) { return !forced || *forced == kind; };
    if (wanted(schema::messages) && has("messages")) return read_turns(schema::messages, "messages");
    for (const std::string_view name : {"conversations", "conversation"})
      if (wanted(schema::sharegpt) && has(name)) return read_turns(schema::sharegpt, name);
    if (wanted(schema::nli) && has("premise") && has("hypothesis"))
      for (const std::string_view name : {"label", "gold_label", "gold"})
        if (has(name)) return read_inference(name);
    for (const field_pair& pair : field_pairs)
      if (wanted(pair.kind) && has(pair.prompt) && has(pair.completion)) return read_pair(pair);
    if (wanted(schema::text) && has("text")) return read_text("text");
    return std::nullopt;
  }

  schema read(const field_map& fields) {
    if (!fields.system.empty()) read_system(fields.system);
    if (!fields.text.empty()) return read_text(fields.text), schema::mapped;
    if (!fields.messages.empty()) {
      add_turns(required(fields.messages), fields.messages);
      require_loss(fields.messages);
    } else {
      add_prompt(required(fields.prompt), fields.prompt);
      add_completion(required(fields.completion), fields.completion);
    }
    return schema::mapped;
  }

  // The id under `mapped`, or under a usual name when that is empty; otherwise the hash of the content.
  bool read_id(std::string_view mapped) {
    if (!mapped.empty()) return out.id = id_text(required(mapped), mapped), true;
    for (const std::string_view name : {"id", "uuid", "_id"})
      if (const json* const value = find(name); value != nullptr && *value != "")
        return out.id = id_text(*value, name), true;
    return out.id = content_hash(out.messages), false;
  }

  [[nodiscard]] data_error unknown(std::optional<schema> forced) const {
    std::string found = object_.empty() ? "no fields" : "fields", expected;
    std::size_t listed = 0;
    for (const auto& [name, value] : object_.items())
      if (listed++ < 12) found += (listed > 1 ? ", " : " ") + in_quotes(name, 30);
    if (listed > 12) found += " and " + std::to_string(listed - 12) + " more";
    for (const schema_info& each : schemas)
      if (forced ? each.kind == *forced : each.kind != schema::mapped)
        expected += (expected.empty() ? "" : "; ") + std::string(each.expected);
    return field_error(place_, "", found, (forced ? "" : "one of: ") + expected);
  }

  sample out;

 private:
  [[nodiscard]] const json* find(std::string_view field) const { return find_field(object_, field, place_); }
  [[nodiscard]] bool has(std::string_view field) const { return find(field) != nullptr; }

  [[nodiscard]] const json& required(std::string_view field) const {
    const json* const value = find(field);
    if (value == nullptr) throw field_error(place_, field, "nothing", "a value");
    return *value;
  }

  void add(std::string_view role, std::string content) {
    out.messages.push_back({std::string(role), std::move(content)});
  }

  // A text; or a number, which answers often are, in its shortest spelling.
  [[nodiscard]] std::string text_of(const json& value, std::string_view field) const {
    return value.is_number() ? value.dump() : as_value<std::string>(value, field, place_);
  }

  void read_system(std::string_view field) {
    if (const json* const value = find(field)) {
      std::string text = as_value<std::string>(*value, field, place_);
      if (!text.empty()) add(roles::system, std::move(text));
    }
  }
  void read_usual_system() {
    read_system("system");
    if (out.messages.empty()) read_system("system_prompt");
  }

  schema read_turns(schema kind, std::string_view field) {
    if (kind == schema::sharegpt) read_usual_system();
    add_turns(required(field), field);
    require_loss(field);
    return kind;
  }

  schema read_text(std::string_view field) {
    add(roles::text, as_value<std::string>(required(field), field, place_));
    require_loss(field);
    return schema::text;
  }

  schema read_pair(const field_pair& pair) {
    read_usual_system();
    if (pair.kind == schema::alpaca) {
      add_history();
      add(roles::user, instruction());
    } else {
      add_prompt(required(pair.prompt), pair.prompt);
    }
    add_completion(required(pair.completion), pair.completion);
    return pair.kind;
  }

  // Stanford Alpaca's two templates come down to this once the chat template supplies the frame.
  [[nodiscard]] std::string instruction() const {
    std::string text = as_value<std::string>(required("instruction"), "instruction", place_);
    for (const std::string_view field : {"input", "context"})
      if (const json* const value = find(field)) {
        const std::string input = text_of(*value, field);
        if (!input.empty()) return text + '\n' + input;
      }
    return text;
  }

  // Earlier turns of an Alpaca record: [[instruction, response], ...].
  void add_history() {
    if (!has("history")) return;
    for (const json& turn : require_array(object_, "history", place_)) {
      if (!turn.is_array() || turn.size() != 2)
        throw field_error(place_, "history", described(turn), "pairs of instruction and response");
      add(roles::user, as_value<std::string>(turn[0], "history", place_));
      add(roles::assistant, as_value<std::string>(turn[1], "history", place_));
    }
  }

  schema read_inference(std::string_view label_field) {
    const std::string premise = as_value<std::string>(required("premise"), "premise", place_);
    const std::string hypothesis = as_value<std::string>(required("hypothesis"), "hypothesis", place_);
    add(roles::user, inference_question(premise, hypothesis));
    add(roles::assistant, std::string(inference_label(required(label_field), label_field)));
    return schema::nli;
  }

  // Numbers as GLUE and SNLI assign them.
  [[nodiscard]] std::string_view inference_label(const json& value, std::string_view field) const {
    constexpr std::array<std::string_view, 3> labels{"entailment", "neutral", "contradiction"};
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (value.is_string() ? lower_case(value.get_ref<const std::string&>()) == labels[i]
                            : value.is_number_integer() && value == i)
        return labels[i];
    throw field_error(place_, field, described(value), "0, 1, 2, entailment, neutral or contradiction");
  }

  void add_prompt(const json& value, std::string_view field) {
    if (!value.is_array()) return add(roles::user, text_of(value, field));
    add_turns(value, field);
    out.context_messages = static_cast<index_t>(out.messages.size());
  }

  void add_completion(const json& value, std::string_view field) {
    if (value.is_array())
      add_turns(value, field);
    else
      add(roles::assistant, text_of(value, field));
    require_loss(field);
  }

  // [{role, content}] or [{from, value}].
  void add_turns(const json& turns, std::string_view field) {
    if (!turns.is_array()) throw field_error(place_, field, described(turns), "an array of turns");
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const std::string name = std::string(field) + '[' + std::to_string(i) + ']';
      const json_place place{place_.file, place_.line, name};
      const bool openai = find_field(turns[i], "role", place) != nullptr;
      const std::string_view role =
          role_of(require<std::string>(turns[i], openai ? "role" : "from", place), place);
      add(role, content_of(turns[i], openai ? "content" : "value", place));
    }
  }

  static std::string_view role_of(const std::string& written, const json_place& place) {
    const auto known = std::ranges::find(role_names, lower_case(written), &role_name::written);
    if (known != role_names.end()) return known->role;
    throw field_error(place, "role", in_quotes(written),
                      "system, user, assistant, tool or a usual name for one");
  }

  // A text, or OpenAI's list of parts when all of them are text.
  static std::string content_of(const json& turn, std::string_view field, const json_place& place) {
    const json* const content = find_field(turn, field, place);
    if (content == nullptr && turn.contains("tool_calls"))
      throw field_error(place, field, "tool calls without a text", "a text");
    if (content == nullptr || !content->is_array()) return require<std::string>(turn, field, place);
    std::string text;
    for (const json& part : *content) {
      const std::string type = require<std::string>(part, "type", place);
      if (type != "text") throw field_error(place, field, "a part of type " + in_quotes(type), "text");
      text += require<std::string>(part, "text", place);
    }
    return text;
  }

  // A sample that teaches nothing has no gradient.
  void require_loss(std::string_view field) const {
    bool has_turn = false;
    for (std::size_t i = 0; i < out.messages.size(); ++i) {
      if (!out.carries_loss(static_cast<index_t>(i))) continue;
      has_turn = true;
      if (out.messages[i].content.find_first_not_of(" \t\r\n") != std::string::npos) return;
    }
    throw field_error(place_, field, has_turn ? "an empty text" : "no turn of the assistant",
                      "a text to learn from");
  }

  // Ids end up in lists with one id a line.
  [[nodiscard]] std::string id_text(const json& value, std::string_view field) const {
    if (value.is_number_integer()) return value.dump();
    if (!value.is_string()) throw field_error(place_, field, described(value), "a string or an integer");
    const auto& text = value.get_ref<const std::string&>();
    const bool printable =
        std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (text.empty() || !printable)
      throw field_error(place_, field, in_quotes(text), "an id without control characters");
    return text;
  }

  static std::string lower_case(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  }

  json_place place_;
  json object_;
};

}  // namespace detail

/// Reads one record. Its `raw` text is kept, so that fields nobody knows survive a round trip.
/// @throws data_error  malformed JSON; no schema fits; a field of the wrong type; nothing to learn from
[[nodiscard]] inline recognised_sample read_sample(std::string_view raw, const json_place& place,
                                                   const schema_options& options = {}) {
  detail::record record(raw, place);
  const std::optional<schema> kind =
      options.fields.maps_content() ? record.read(options.fields) : record.read(options.format);
  if (!kind) throw record.unknown(options.format);
  const bool has_own_id = record.read_id(options.fields.id);
  record.out.raw = raw;
  record.out.line = place.line;
  return {std::move(record.out), *kind, has_own_id};
}

}  // namespace prismatic
