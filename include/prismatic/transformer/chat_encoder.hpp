/// A checkpoint's way of reading samples: its chat template, its tokenizer, and which tokens carry loss.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/chat_format.hpp>
#include <prismatic/io/chat_template.hpp>
#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/mapped_file.hpp>
#include <prismatic/io/tokenizer.hpp>
#include <prismatic/transformer/checkpoint_config.hpp>
#include <prismatic/transformer/text_encoder.hpp>

#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Renders a sample with a chat template and tokenises the whole text at once, as transformers'
/// apply_chat_template does: a word may reach across the border of a turn. A token carries loss if any of its bytes
/// belong to what the assistant said, its end-of-turn mark included.
///
/// A `text` is tokenised with the tokenizer's own special tokens around it; all of it carries loss but those before
/// it. Format `none` puts the contents of the messages end to end, does the same, and closes an answer at the end of
/// the sample with the end-of-text token, which carries loss.
class chat_encoder final : public text_encoder {
 public:
  /// @param closing      what ends the last answer under format none
  /// @param source_hash  names the tokenizer in the fingerprint
  /// @param ends         tokens that end an answer besides `closing` and the format's end of turn
  chat_encoder(tokenizer words, chat_template style, std::optional<token_id> closing, std::string source_hash,
               std::vector<token_id> ends = {})
      : words_(std::move(words)), style_(std::move(style)), closing_(closing), source_hash_(std::move(source_hash)), ends_(std::move(ends)) {
    if (closing_) ends_.push_back(*closing_);
    if (const std::string_view turn = end_of_turn(style_.format); !turn.empty())
      if (const std::optional<token_id> token = words_.find(turn)) ends_.push_back(*token);
    if (style_.format == chat_format::none && !closing_)
      throw model_error("template none: found no end-of-text token, expected one in tokenizer_config.json or config.json");
  }

  /// @throws data_error  a role that no template knows, or the beginning-of-text token twice
  [[nodiscard]] token_sequence encode(const sample& s) const override {
    const bool is_text = s.messages.size() == 1 && s.messages[0].role == roles::text;
    const bool is_plain = is_text || style_.format == chat_format::none;
    const auto segments = render_chat(style_, s.messages, {.context_messages = s.context_messages});
    const std::string text = text_of(segments);
    token_sequence out;
    words_.encode(text, out.tokens, {.add_special_tokens = is_plain});
    if (words_.begins_with_double_prefix(out.tokens))
      throw data_error("sample '" + s.id + "'", 0, "", "the token " + in_quotes(words_.bytes(out.tokens[0])) + " twice at the beginning", "it once");
    out.carries_loss.resize(out.tokens.size());
    mark_loss(segments, text, is_plain ? static_cast<index_t>(words_.prefix().size()) : 0, out);
    const bool ends_with_answer = s.carries_loss(static_cast<index_t>(s.messages.size()) - 1);
    if (is_plain && !is_text && ends_with_answer && (out.tokens.empty() || out.tokens.back() != *closing_)) {
      out.tokens.push_back(*closing_);
      out.carries_loss.push_back(true);
    }
    return out;
  }

  /// The tokens of a conversation and the header of the answer that is to follow: what a sampler continues.
  /// @throws data_error  a role that no template knows
  [[nodiscard]] std::vector<token_id> encode_prompt(std::span<const message> messages) const {
    const std::string text = text_of(render_chat(style_, messages, {.add_generation_prompt = true}));
    return words_.encode(text, {.add_special_tokens = style_.format == chat_format::none});
  }

  /// Any of these ends an answer that the model writes.
  [[nodiscard]] const std::vector<token_id>& ends() const noexcept { return ends_; }

  [[nodiscard]] std::string fingerprint() const override {
    return "chat-1 " + std::string(name_of(style_.format)) + " " + template_hash(style_) + " tokenizer " + source_hash_;
  }

  [[nodiscard]] const tokenizer& words() const noexcept { return words_; }
  [[nodiscard]] const chat_template& style() const noexcept { return style_; }

 private:
  // Sets the flag of every token that shares a byte with a segment that carries loss. The tokens from `first` on
  // stand for the text, end to end.
  void mark_loss(const std::vector<chat_segment>& segments, std::string_view text, index_t first, token_sequence& out) const {
    const bool tokens_are_text = spells(std::span(out.tokens).subspan(static_cast<std::size_t>(first)), text);
    std::vector<row_range> spans;  // bytes of the tokens that carry loss
    for (std::size_t i = 0, end = 0; i < segments.size(); ++i) {
      const std::size_t begin = std::exchange(end, end + segments[i].text.size());
      if (!segments[i].carries_loss) continue;
      // Normalisation changes lengths: then a border lies behind the tokens of what stands before it.
      const auto place = [&](std::size_t byte) { return tokens_are_text ? static_cast<index_t>(byte) : token_bytes(text.substr(0, byte)); };
      spans.push_back({place(begin), end == text.size() ? std::numeric_limits<index_t>::max() : place(end)});
    }
    index_t begin = 0;
    for (std::size_t t = static_cast<std::size_t>(first), span = 0; t < out.tokens.size() && span < spans.size(); ++t) {
      const index_t end = begin + static_cast<index_t>(words_.bytes(out.tokens[t]).size());
      while (span < spans.size() && spans[span].end <= begin) ++span;
      out.carries_loss[t] = span < spans.size() && spans[span].begin < end;
      begin = end;
    }
  }

  [[nodiscard]] bool spells(std::span<const token_id> tokens, std::string_view text) const {
    for (const token_id token : tokens) {
      const std::string_view bytes = words_.bytes(token);
      if (!text.starts_with(bytes)) return false;
      text.remove_prefix(bytes.size());
    }
    return text.empty();
  }

  [[nodiscard]] index_t token_bytes(std::string_view text) const {
    index_t bytes = 0;
    for (const token_id token : words_.encode(text)) bytes += static_cast<index_t>(words_.bytes(token).size());
    return bytes;
  }

  tokenizer words_;
  chat_template style_;
  std::optional<token_id> closing_;
  std::string source_hash_;
  std::vector<token_id> ends_;
};

/// The encoder of a checkpoint directory. @param template_name  a chat format to use instead of the checkpoint's, or empty
/// @throws io_error, data_error  a file cannot be read
/// @throws model_error   a tokenizer or template that is not supported, or more tokens than the model has
/// @throws option_error  an unknown template name
[[nodiscard]] inline std::shared_ptr<const chat_encoder> load_chat_encoder(const std::string& directory, const checkpoint_config& config,
                                                                           std::string_view template_name = {}) {
  const std::filesystem::path root(directory);
  const std::string path = (root / "tokenizer.json").string();
  chat_template style = load_chat_template(directory, template_name);
  const mapped_file file(path);
  tokenizer words = tokenizer::parse(file.text(), path);
  if (words.vocabulary_size() > config.decoder.vocabulary)
    throw model_error(path + ": found " + std::to_string(words.vocabulary_size()) + " tokens, expected at most the " +
                      std::to_string(config.decoder.vocabulary) + " of config.json's vocab_size");
  // The tokenizer's own end-of-text token, or the model's if it has only one.
  std::optional<token_id> closing;
  const std::string settings = (root / "tokenizer_config.json").string();
  if (std::filesystem::exists(settings))
    if (const std::string eos = special_token_in(read_json(settings), "eos_token", {.file = settings}); !eos.empty()) closing = words.find(eos);
  if (!closing && config.eos.size() == 1) closing = config.eos.front();
  return std::make_shared<const chat_encoder>(std::move(words), std::move(style), closing, content_hash(file.text()), config.eos);
}

}  // namespace prismatic
