/// A tokenizer of the Hugging Face format (tokenizer.json, byte-level BPE): text to token ids and back.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/added_tokens.hpp>
#include <prismatic/io/bpe.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/pretokenizer.hpp>
#include <prismatic/io/tokenizer_file.hpp>
#include <prismatic/io/unicode.hpp>
#include <prismatic/io/word_cache.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// How a text becomes tokens.
struct encode_options {
  bool add_special_tokens = false;  ///< put the post-processor's tokens (a BOS, say) around it; a rendered chat
                                    ///< template usually brings its own
};

/// How tokens become text.
struct decode_options {
  bool skip_special = false;  ///< leave special tokens out
};

/// Byte-level BPE as the `tokenizers` library defines it, to the id. Immutable once loaded: any number of
/// threads may share one; they also share a cache of words.
class tokenizer {
 public:
  /// Reads a tokenizer.json.
  /// @throws io_error     it cannot be read
  /// @throws data_error   it is not JSON, or a field is missing, of the wrong type or contradicts another
  /// @throws model_error  it is a tokenizer of another kind: the message names the field
  static tokenizer load(const std::string& file) {
    return tokenizer(tokenizer_file::read(read_json(file), file));
  }

  /// The same from text that is already in memory. @param file  what errors call it
  static tokenizer parse(std::string_view text, std::string_view file = "tokenizer.json") {
    return tokenizer(tokenizer_file::read(parse_json(text, {.file = file, .line = 1}), file));
  }

  /// One more than the largest token id. A checkpoint's embedding may have more rows than this.
  [[nodiscard]] index_t vocabulary_size() const noexcept { return static_cast<index_t>(parts_.bytes.size()); }

  /// The token ids of `text`. Invalid UTF-8 is read as replace_invalid_utf8 leaves it. Deterministic.
  /// Cost: linear in the text, O(n log n) in the bytes of one word; some 10 MB/s a core for English.
  [[nodiscard]] std::vector<token_id> encode(std::string_view text, encode_options options = {}) const {
    std::vector<token_id> out;
    encode(text, out, options);
    return out;
  }

  /// The same, appended to `out`.
  void encode(std::string_view text, std::vector<token_id>& out, encode_options options = {}) const {
    if (!is_valid_utf8(text)) return encode(replace_invalid_utf8(text), out, options);
    if (options.add_special_tokens) out.insert(out.end(), parts_.prefix.begin(), parts_.prefix.end());
    bpe_model::scratch work;
    const auto take = [&](token_id id) { out.push_back(id); };
    const auto encode_words = [&](std::string_view stretch) {
      parts_.words.split(stretch, [&](std::string_view word) { encode_word(word, out, work); });
    };
    raw_.split(
        text,
        [&](std::string_view stretch) {
          if (!parts_.nfc) return normalized_.split(stretch, encode_words, take);
          const std::string normal = normalized_nfc(stretch);
          normalized_.split(normal, encode_words, take);
        },
        take);
    if (options.add_special_tokens) out.insert(out.end(), parts_.suffix.begin(), parts_.suffix.end());
  }

  /// The bytes `id` stands for, which need not be whole characters; nothing for an id without a token (padding
  /// rows of an embedding have such ids).
  [[nodiscard]] std::string_view bytes(token_id id) const noexcept {
    if (id < 0 || id >= vocabulary_size()) return {};
    const auto& found = parts_.bytes[static_cast<std::size_t>(id)];
    return found ? std::string_view(*found) : std::string_view{};
  }

  [[nodiscard]] bool is_special(token_id id) const noexcept {
    return id >= 0 && id < vocabulary_size() && special_[static_cast<std::size_t>(id)];
  }

  /// The text of `ids`. Bytes that are no UTF-8 come out as U+FFFD; ids without a token as nothing.
  [[nodiscard]] std::string decode(std::span<const token_id> ids, decode_options options = {}) const {
    std::string out;
    for (const token_id id : ids)
      if (!options.skip_special || !is_special(id)) out += bytes(id);
    return is_valid_utf8(out) ? out : replace_invalid_utf8(out);
  }

  /// The id of a token given as text ("<|im_end|>", " the").
  [[nodiscard]] std::optional<token_id> find(std::string_view text) const {
    for (const added_token& token : parts_.added)
      if (token.content == text) return token.id;
    return parts_.model.find(std::string(text));
  }

  /// What `add_special_tokens` puts before a text, often a BOS and nothing else.
  [[nodiscard]] std::span<const token_id> prefix() const noexcept { return parts_.prefix; }

  /// Whether `ids` begin with the prefix twice: a chat template wrote the BOS that add_special_tokens adds
  /// again.
  [[nodiscard]] bool begins_with_double_prefix(std::span<const token_id> ids) const noexcept {
    const std::size_t n = parts_.prefix.size();
    return n > 0 && ids.size() >= 2 * n && std::ranges::equal(ids.first(n), parts_.prefix) &&
           std::ranges::equal(ids.subspan(n, n), parts_.prefix);
  }

 private:
  explicit tokenizer(tokenizer_parts parts)
      : parts_(std::move(parts)),
        special_(parts_.bytes.size()),
        raw_(tokens_of(false)),
        normalized_(tokens_of(true)) {
    for (const added_token& token : parts_.added) special_[static_cast<std::size_t>(token.id)] = token.special;
  }

  [[nodiscard]] std::vector<added_token> tokens_of(bool normalized) const {
    std::vector<added_token> out;
    for (const added_token& token : parts_.added)
      if (token.normalized == normalized) out.push_back(token);
    return out;
  }

  void encode_word(std::string_view word, std::vector<token_id>& out, bpe_model::scratch& work) const {
    if (cache_.find(word, out)) return;
    const std::size_t before = out.size();
    parts_.model.encode(word, out, work);
    cache_.add(word, std::span(out).subspan(before));
  }

  tokenizer_parts parts_;
  std::vector<bool> special_;
  added_token_matcher raw_;         // looked for in the text as it came
  added_token_matcher normalized_;  // looked for after normalisation
  word_cache cache_;
};

/// Text that grows token by token. A character whose bytes are spread over tokens is held back until it is
/// whole; everything put out together equals `tokenizer::decode` of all ids.
class text_stream {
 public:
  /// @param source  must outlive the stream
  explicit text_stream(const tokenizer& source, decode_options options = {})
      : source_(&source), options_(options) {}

  /// The text that `id` completes, perhaps none.
  [[nodiscard]] std::string push(token_id id) {
    if (options_.skip_special && source_->is_special(id)) return {};
    held_ += source_->bytes(id);
    std::size_t whole = 0;
    while (whole < held_.size()) {
      const utf8_unit unit = read_utf8(std::string_view(held_).substr(whole));
      if (unit.reading == utf8_unit::state::cut) break;
      whole += static_cast<std::size_t>(unit.size);
    }
    std::string out = replace_invalid_utf8(std::string_view(held_).substr(0, whole));
    held_.erase(0, whole);
    return out;
  }

  /// What is still held back when no token follows: U+FFFD for a character that was never completed.
  [[nodiscard]] std::string finish() {
    std::string out = replace_invalid_utf8(held_);
    held_.clear();
    return out;
  }

 private:
  const tokenizer* source_;
  decode_options options_;
  std::string held_;
};

}  // namespace prismatic
