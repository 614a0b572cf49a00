/// Which chat format a checkpoint uses: read off the template it brings, or named by the user.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/chat_format.hpp>
#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/mapped_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A template's text reduced to what decides its output, so that templates that differ in layout compare equal.
/// Comments go, and the words of tool descriptions (no tools are ever passed); white space outside of strings
/// goes; both quotes and both ways to name a member are one. Text between tags stays unless a tag strips it.
class template_outline {
 public:
  explicit template_outline(std::string_view source) {
    while (!source.empty() && source.back() == '\n') source.remove_suffix(1);
    bool strips_next = false;
    for (std::size_t at = 0; at < source.size();) {
      const std::size_t open = next_tag(source, at);
      const std::size_t close = open == npos ? npos : end_of_tag(source, open);
      const bool strips_before = close != npos && source[open + 2] == '-';
      add_literal(source.substr(at, close == npos ? npos : open - at), strips_next, strips_before);
      if (close == npos) break;
      add_tag(source[open + 1], source.substr(open + 2, close - open - 4));
      strips_next = source[close - 3] == '-';
      at = close;
    }
    take_default_system();
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// The system turn written for a conversation without one; in `text()` it is replaced by a mark.
  [[nodiscard]] const std::string& default_system() const noexcept { return default_system_; }

 private:
  static constexpr std::size_t npos = std::string_view::npos;
  static constexpr std::string_view spaces = " \t\r\n";

  static std::size_t next_tag(std::string_view source, std::size_t at) noexcept {
    for (at = source.find('{', at); at != npos && at + 1 < source.size(); at = source.find('{', at + 1))
      if (source[at + 1] == '{' || source[at + 1] == '%' || source[at + 1] == '#') return at;
    return npos;
  }

  // One past the closing brace; strings may hold braces, comments have no strings.
  static std::size_t end_of_tag(std::string_view source, std::size_t open) noexcept {
    const char mark = source[open + 1] == '{' ? '}' : source[open + 1];
    char quote = '\0';
    for (std::size_t i = open + 2; i + 1 < source.size(); ++i) {
      if (quote != '\0') {
        if (source[i] == '\\')
          ++i;
        else if (source[i] == quote)
          quote = '\0';
      } else if (source[i] == mark && source[i + 1] == '}') {
        return i + 2;
      } else if (mark != '#' && (source[i] == '\'' || source[i] == '"')) {
        quote = source[i];
      }
    }
    return npos;
  }

  void add_literal(std::string_view literal, bool strips_left, bool strips_right) {
    if (strips_left) literal.remove_prefix(std::min(literal.find_first_not_of(spaces), literal.size()));
    if (strips_right) literal = literal.substr(0, literal.find_last_not_of(spaces) + 1);
    if (!literal.empty()) text_ += "text<" + std::string(literal) + ">\n";
  }

  void add_tag(char kind, std::string_view inside) {
    if (kind == '#') return;
    if (inside.starts_with('-')) inside.remove_prefix(1);
    if (inside.ends_with('-')) inside.remove_suffix(1);
    if (kind == '{' && describes_tools(inside)) return;
    text_ += kind;
    append_compact(inside);
    text_ += '\n';
  }

  static bool describes_tools(std::string_view inside) {
    std::string lower(inside);
    for (char& ch : lower) ch = ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch - 'A' + 'a') : ch;
    return lower.find("tool") != npos || lower.find("function") != npos;
  }

  void append_compact(std::string_view inside) {
    char quote = '\0';
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const char ch = inside[i];
      if (quote != '\0') {
        if (ch == quote)
          quote = '\0', text_ += '\'';
        else if (ch == '\n')
          text_ += "\\n";
        else
          text_ += ch;
        if (ch == '\\' && i + 1 < inside.size()) text_ += inside[++i];
      } else if (ch == '\'' || ch == '"') {
        quote = ch;
        text_ += '\'';
      } else if (const std::size_t size = member_size(inside.substr(i)); size > 0) {
        text_ += '.';
        text_ += inside.substr(i + 2, size - 4);
        i += size - 1;
      } else if (spaces.find(ch) == npos) {
        text_ += ch;
      }
    }
  }

  // The length of ['name'] at the front, or 0.
  static std::size_t member_size(std::string_view text) noexcept {
    if (text.size() < 5 || text[0] != '[' || (text[1] != '\'' && text[1] != '"')) return 0;
    std::size_t i = 2;
    while (i < text.size() && ((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_')) ++i;
    return i > 2 && i + 1 < text.size() && text[i] == text[1] && text[i + 1] == ']' ? i + 2 : 0;
  }

  void take_default_system() {
    constexpr std::string_view before = "{'<|im_start|>system\\n", after = "<|im_end|>\\n'\n";
    for (std::size_t at = text_.find(before); at != npos; at = text_.find(before, at + 1)) {
      const std::size_t begin = at + before.size();
      const std::size_t end = text_.find(after, begin);
      if (end == npos || end == begin || text_.find('\'', begin) < end) continue;
      const std::string literal = text_.substr(begin, end - begin);
      for (std::size_t i = 0; i < literal.size(); ++i)
        default_system_ += literal[i] == '\\' && i + 1 < literal.size() ? unescaped(literal[++i]) : literal[i];
      for (std::size_t i = text_.find(literal); i != npos; i = text_.find(literal, i))
        text_.replace(i, literal.size(), "\x01");
      return;
    }
  }

  static char unescaped(char letter) noexcept { return letter == 'n' ? '\n' : letter == 't' ? '\t' : letter; }

  std::string text_;
  std::string default_system_;
};

/// The format of a template, if it is one of the known ones: those that Qwen2, Qwen2.5 (Math and Coder too), Qwen3,
/// Qwen3-2507, Llama-3, 3.1, 3.2 and 3.3 checkpoints bring, and plain ChatML. A template that was edited is not known.
inline std::optional<chat_template> recognised_template(std::string_view source) {
  struct known {
    std::string_view outline;
    chat_format format;
  };
  // content_hash of the outlines of the golden templates; the test prints one that is missing here.
  static constexpr std::array known_outlines = {
      known{"335c6eefd00e2705fab94a3707502a41", chat_format::qwen2_5},         // Qwen2.5, Math, Coder
      known{"d378f4f494069ca842a8954230dced4e", chat_format::qwen3},           // Qwen3
      known{"d5033cf3ed36bf3779ccc4a22b01dcf5", chat_format::qwen3},           // Qwen3 as first published
      known{"434d39b206e63e16cedbc0abc1802259", chat_format::qwen3_instruct},  // Qwen3-2507, instruct
      known{"5a2179a62013402ab2f535f69cd1543c", chat_format::qwen3_thinking},  // Qwen3-2507, thinking
      known{"f5f13021b1f19385b0922b9958beaa41", chat_format::llama3},          // Llama-3
      known{"1340ce3a3d2a005e91aca0f62ab72003", chat_format::llama3_1},        // Llama-3.1, 3.3
      known{"e3c6f7f3f822f03f16b0fa9cacf95023", chat_format::llama3_1},        // Llama-3.2
      known{"b803678099ac8d3f7d60bc8fbfa9c434", chat_format::chatml},          // Qwen2: ChatML with a default system turn
      known{"decaa7e7f85b208e7072081786ddaf36", chat_format::chatml},          // ChatML
  };
  const template_outline outline(source);
  const std::string hash = content_hash(outline.text());
  const auto found = std::ranges::find(known_outlines, hash, &known::outline);
  if (found == known_outlines.end()) return std::nullopt;
  return chat_template{.format = found->format, .default_system = outline.default_system()};
}

/// All names of formats, for a message.
inline std::string chat_format_list() {
  std::string out;
  for (const std::string_view name : chat_format_names)
    out.append(out.empty() ? "" : name == chat_format_names.back() ? " or " : ", ").append(name);
  return out;
}

/// The template of a name in chat_format_names. @throws option_error
inline chat_template named_template(std::string_view name) {
  const auto found = std::ranges::find(chat_format_names, name);
  if (found == chat_format_names.end())
    throw option_error("template: found " + in_quotes(name) + ", expected " + chat_format_list());
  chat_template out{.format = static_cast<chat_format>(found - chat_format_names.begin())};
  if (out.format == chat_format::qwen2_5)
    out.default_system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
  return out;
}

namespace detail {

// chat_template: a string, or a list of {name, template} of which "default" counts.
inline std::optional<std::string> template_in(const json& config, const json_place& place) {
  const json* const field = find_field(config, "chat_template", place);
  if (field == nullptr) return std::nullopt;
  if (!field->is_array()) return as_value<std::string>(*field, "chat_template", place);
  const json_place inside{.file = place.file, .inside = "chat_template"};
  for (const json& entry : *field)
    if (require<std::string>(entry, "name", inside) == "default")
      return require<std::string>(entry, "template", inside);
  return std::nullopt;
}

}  // namespace detail

/// The text of a special token ("bos_token", "eos_token") in a tokenizer_config.json, which writes it as a string or as
/// an object with its content; empty when it has none. @throws data_error
inline std::string special_token_in(const json& config, std::string_view name, const json_place& place) {
  const json* const field = find_field(config, name, place);
  if (field == nullptr) return {};
  if (!field->is_object()) return as_value<std::string>(*field, name, place);
  return require<std::string>(*field, "content", json_place{.file = place.file, .inside = name});
}

/// The template of a checkpoint directory: `chat_template.jinja` if it is there, else `chat_template` of
/// tokenizer_config.json. @param name  a format to use instead of what the checkpoint says, or empty
/// @throws option_error  an unknown name
/// @throws model_error   the checkpoint has no template, or one that is not known
/// @throws io_error, data_error  a file cannot be read
inline chat_template load_chat_template(const std::string& directory, std::string_view name = {}) {
  const std::filesystem::path root(directory);
  const std::string config_path = (root / "tokenizer_config.json").string();
  const std::string jinja_path = (root / "chat_template.jinja").string();
  const bool has_config = std::filesystem::exists(config_path);
  const json config = has_config ? read_json(config_path) : json::object();
  const json_place place{.file = config_path};

  std::optional<chat_template> out;
  if (!name.empty()) {
    out = named_template(name);
  } else {
    const bool has_file = std::filesystem::exists(jinja_path);
    const auto source =
        has_file ? std::string(mapped_file(jinja_path).text()) : detail::template_in(config, place);
    const std::string where = has_file ? jinja_path : config_path;
    const std::string ask = "; name one: --template " + chat_format_list();
    if (!source) throw model_error(where + ": chat_template: found nothing, expected a template" + ask);
    out = recognised_template(*source);
    if (!out)
      throw model_error(where + ": chat_template: found an unknown template, expected that of Qwen2 to Qwen3 or Llama-3" + ask);
  }
  if (has_config) {
    const std::string bos = special_token_in(config, "bos_token", place);
    if (!bos.empty() || name.empty()) out->bos = bos;
  }
  return *out;
}

/// A hash of what the template writes around two short turns, for a manifest: rows of different templates do
/// not belong together.
inline std::string template_hash(const chat_template& style, const chat_options& options = {}) {
  const std::vector<message> probe = {{std::string(roles::user), "probe"},
                                      {std::string(roles::assistant), "reply"}};
  return content_hash(text_of(render_chat(style, probe, {.date = options.date})));
}

}  // namespace prismatic
