/// Conversations as the text a chat model was trained on: the formats of Qwen2 to Qwen3, Llama-3 and plain
/// ChatML, each character as the model's own template writes it.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/io/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A way of writing turns.
enum class chat_format : std::uint8_t {
  none,            ///< contents end to end, no markup
  chatml,          ///< <|im_start|>role\ncontent<|im_end|>\n
  qwen2_5,         ///< ChatML with a default system turn; results of tools share a user turn (2.5, Math, Coder)
  qwen3,           ///< the same without a default; thoughts of earlier turns are dropped, the last answer has a <think> block
  qwen3_instruct,  ///< Qwen3-2507 that does not think: Qwen2.5 without a default system turn
  qwen3_thinking,  ///< Qwen3-2507 that always does: Qwen3 whose generation prompt opens the <think> block
  llama3,          ///< BOS, <|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>
  llama3_1         ///< Llama-3 with a system turn that names two dates (3.1, 3.2, 3.3)
};

inline constexpr std::array<std::string_view, 8> chat_format_names = {
    "none", "chatml", "qwen2.5", "qwen3", "qwen3-instruct", "qwen3-thinking", "llama3", "llama3.1"};

/// The name a user gives the format, one of chat_format_names.
constexpr std::string_view name_of(chat_format format) noexcept {
  return chat_format_names[static_cast<std::size_t>(format)];
}

/// The special token that ends a turn; empty under format none.
constexpr std::string_view end_of_turn(chat_format format) noexcept {
  if (format == chat_format::none) return {};
  return format == chat_format::llama3 || format == chat_format::llama3_1 ? "<|eot_id|>" : "<|im_end|>";
}

/// What of the answer the generation prompt itself writes: the answer is this and what the model adds.
constexpr std::string_view begun_answer(chat_format format) noexcept {
  return format == chat_format::qwen3_thinking ? "<think>\n" : "";
}

/// A format with what a checkpoint may set in it.
struct chat_template {
  chat_format format = chat_format::none;
  std::string default_system = {};        ///< ChatML, Qwen2.5: the system turn of a conversation without one; empty: none
  std::string bos = "<|begin_of_text|>";  ///< Llama-3: the text of the BOS token
};

/// What a conversation does not say by itself.
struct chat_options {
  bool add_generation_prompt = false;  ///< end with the header of an assistant turn, for the model to go on
  index_t context_messages = 0;        ///< leading messages that carry no loss, whatever their role
  std::string date = "26 Jul 2024";    ///< "Today Date" of Llama-3.1 and later: what the templates of 3.1 and 3.3 say, and
                                       ///< 3.2's where no clock is; with one, that writes the day of the run, and no
                                       ///< two days would give the same rows
};

/// A stretch of the rendered text that carries loss as a whole or not at all.
struct chat_segment {
  std::string text;
  bool carries_loss;
  friend bool operator==(const chat_segment&, const chat_segment&) = default;
};

namespace detail {

// Renders one conversation. What an assistant would have written carries loss: all behind its header, up to and
// including the token that ends its turn.
class chat_renderer {
 public:
  chat_renderer(const chat_template& style, std::span<const message> messages, const chat_options& options)
      : style_(style), messages_(messages), options_(options) {}

  std::vector<chat_segment> render() {
    switch (style_.format) {
      case chat_format::none:
        render_none();
        break;
      case chat_format::chatml:
        render_chatml();
        break;
      case chat_format::qwen2_5:
      case chat_format::qwen3_instruct:
        render_qwen2_5();
        break;
      case chat_format::qwen3:
      case chat_format::qwen3_thinking:
        render_qwen3();
        break;
      case chat_format::llama3:
        render_llama3();
        break;
      case chat_format::llama3_1:
        render_llama3_1();
        break;
    }
    return std::move(out_);
  }

 private:
  static constexpr std::string_view im_start = "<|im_start|>";
  static constexpr std::string_view im_end = end_of_turn(chat_format::chatml);
  static constexpr std::string_view eot = end_of_turn(chat_format::llama3);
  static constexpr std::string_view open_think = "<think>";
  static constexpr std::string_view close_think = "</think>";

  [[nodiscard]] index_t count() const noexcept { return static_cast<index_t>(messages_.size()); }
  [[nodiscard]] const message& at(index_t i) const noexcept { return messages_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] bool is(index_t i, std::string_view role) const noexcept {
    return i >= 0 && i < count() && at(i).role == role;
  }

  // Stretches of the same kind are one segment.
  void write(std::string_view text, bool carries_loss = false) {
    if (text.empty()) return;
    if (out_.empty() || out_.back().carries_loss != carries_loss) out_.push_back({{}, carries_loss});
    out_.back().text += text;
  }

  // What follows the header of turn i.
  void write_body(index_t i, std::string_view text, std::string_view end) {
    const bool carries_loss = is(i, roles::assistant) && i >= options_.context_messages;
    write(text, carries_loss);
    write(end, carries_loss);
  }

  void render_none() {
    for (index_t i = 0; i < count(); ++i) write_body(i, at(i).content, "");
  }

  // ---- ChatML
  void open_im(std::string_view role) {
    write(im_start);
    write(role);
    write("\n");
  }

  void write_im(index_t i, std::string_view content) {
    open_im(at(i).role);
    write_body(i, content, im_end);
    write("\n");
  }

  void render_chatml() {
    write_default_system();
    for (index_t i = 0; i < count(); ++i) write_im(i, at(i).content);
    if (options_.add_generation_prompt) open_im(roles::assistant);
  }

  void write_default_system() {
    if (is(0, roles::system) || style_.default_system.empty()) return;
    open_im(roles::system);
    write(style_.default_system);
    write(im_end);
    write("\n");
  }

  // Results of tools share one user turn.
  void write_tool(index_t i) {
    if (!is(i - 1, roles::tool)) {
      write(im_start);
      write(roles::user);
    }
    write("\n<tool_response>\n");
    write(at(i).content);
    write("\n</tool_response>");
    if (is(i + 1, roles::tool)) return;
    write(im_end);
    write("\n");
  }

  void render_qwen2_5() {
    write_default_system();
    for (index_t i = 0; i < count(); ++i) is(i, roles::tool) ? write_tool(i) : write_im(i, at(i).content);
    if (options_.add_generation_prompt) open_im(roles::assistant);
  }

  // ---- Qwen3
  struct thought_and_answer {
    std::string_view thought;
    std::string_view answer;
  };

  static std::string_view without_leading_newlines(std::string_view text) noexcept {
    return text.substr(std::min(text.find_first_not_of('\n'), text.size()));
  }
  static std::string_view without_trailing_newlines(std::string_view text) noexcept {
    return text.substr(0, text.find_last_not_of('\n') + 1);
  }

  // The thought ends at the first </think> and begins behind the last <think> before that; the answer begins
  // behind the last </think>.
  static thought_and_answer parts_of(std::string_view content) noexcept {
    const std::size_t close = content.find(close_think);
    if (close == std::string_view::npos) return {{}, content};
    std::string_view thought = without_trailing_newlines(content.substr(0, close));
    if (const std::size_t open = thought.rfind(open_think); open != std::string_view::npos)
      thought.remove_prefix(open + open_think.size());
    return {without_leading_newlines(thought),
            without_leading_newlines(content.substr(content.rfind(close_think) + close_think.size()))};
  }

  // The last message a user typed; the last of all when there is none.
  [[nodiscard]] index_t last_query() const noexcept {
    for (index_t i = count() - 1; i >= 0; --i) {
      const std::string_view content = at(i).content;
      const bool tool_result = content.starts_with("<tool_response>") && content.ends_with("</tool_response>");
      if (is(i, roles::user) && !tool_result) return i;
    }
    return count() - 1;
  }

  void write_answer(index_t i, bool shows_thought, const thought_and_answer& parts) {
    if (!shows_thought) return write_im(i, parts.answer);
    std::string text(open_think);
    text += '\n';
    const std::size_t opening = text.size();
    text += without_trailing_newlines(without_leading_newlines(parts.thought));
    text += '\n';
    text += close_think;
    text += "\n\n";
    text += without_leading_newlines(parts.answer);
    if (begun_answer(style_.format).empty()) return write_im(i, text);
    // The generation prompt has written the opening: the model did not.
    open_im(at(i).role);
    write(std::string_view(text).substr(0, opening));
    write_body(i, std::string_view(text).substr(opening), im_end);
    write("\n");
  }

  void render_qwen3() {
    const index_t query = last_query();
    for (index_t i = 0; i < count(); ++i) {
      if (is(i, roles::tool)) {
        write_tool(i);
      } else if (is(i, roles::assistant)) {
        const thought_and_answer parts = parts_of(at(i).content);
        write_answer(i, i > query && (i + 1 == count() || !parts.thought.empty()), parts);
      } else {
        write_im(i, at(i).content);
      }
    }
    if (!options_.add_generation_prompt) return;
    open_im(roles::assistant);
    write(begun_answer(style_.format));
  }

  // ---- Llama-3
  void open_header(std::string_view role) {
    write("<|start_header_id|>");
    write(role);
    write("<|end_header_id|>\n\n");
  }

  void write_header_turn(index_t i) {
    open_header(at(i).role);
    write_body(i, stripped(at(i).content), eot);
  }

  void render_llama3() {
    write(style_.bos);
    for (index_t i = 0; i < count(); ++i) write_header_turn(i);
    if (options_.add_generation_prompt) open_header(roles::assistant);
  }

  void render_llama3_1() {
    const bool has_system = is(0, roles::system);
    write(style_.bos);
    open_header(roles::system);
    write("Cutting Knowledge Date: December 2023\nToday Date: ");
    write(options_.date);
    write("\n\n");
    if (has_system) write(stripped(at(0).content));
    write(eot);
    for (index_t i = has_system ? 1 : 0; i < count(); ++i) {
      if (!is(i, roles::tool)) {
        write_header_turn(i);
        continue;
      }
      open_header("ipython");
      write(json(at(i).content).dump());  // the template's tojson
      write(eot);
    }
    if (options_.add_generation_prompt) open_header(roles::assistant);
  }

  const chat_template& style_;
  std::span<const message> messages_;
  const chat_options& options_;
  std::vector<chat_segment> out_;
};

inline void require_conversation(std::span<const message> messages) {
  if (messages.empty()) throw data_error("", 0, "messages", "none", "at least one");
  for (const message& m : messages)
    if (m.role != roles::system && m.role != roles::user && m.role != roles::assistant && m.role != roles::tool)
      throw data_error("", 0, "role", in_quotes(m.role), "system, user, assistant or tool");
}

}  // namespace detail

/// The text of a conversation in segments; end to end they are what transformers' apply_chat_template writes.
/// The turns of the assistant carry loss, their end-of-turn token included, their header not: the stretch
/// before such a segment is exactly the prompt the model would answer. A single message of role `text` comes
/// back as it is, all of it carrying loss. Invalid UTF-8 is read as replace_invalid_utf8 leaves it.
/// @throws data_error  no message, or a role that no template knows
inline std::vector<chat_segment> render_chat(const chat_template& style, std::span<const message> messages,
                                             const chat_options& options = {}) {
  if (std::ranges::any_of(messages, [](const message& m) { return !is_valid_utf8(m.content); })) {
    std::vector<message> repaired(messages.begin(), messages.end());
    for (message& m : repaired) m.content = replace_invalid_utf8(m.content);
    return render_chat(style, repaired, options);
  }
  if (messages.size() == 1 && messages[0].role == roles::text)
    return {{messages[0].content, options.context_messages < 1}};
  detail::require_conversation(messages);
  return detail::chat_renderer(style, messages, options).render();
}

/// All segments as one text.
inline std::string text_of(std::span<const chat_segment> segments) {
  std::string out;
  for (const chat_segment& segment : segments) out += segment.text;
  return out;
}

}  // namespace prismatic
