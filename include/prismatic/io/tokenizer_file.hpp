/// What a tokenizer.json says, checked: every part that would change a token id is understood or refused.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/added_tokens.hpp>
#include <prismatic/io/bpe.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/pretokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace prismatic {

/// The parts of a byte-level BPE tokenizer.
struct tokenizer_parts {
  std::vector<std::optional<std::string>>
      bytes;  ///< what each id stands for; nothing for an id without a token
  bpe_model model;
  pretokenizer words;
  bool nfc = false;  ///< text is normalised to form C
  std::vector<added_token> added;
  std::vector<token_id> prefix;  ///< special tokens the post-processor puts before a text
  std::vector<token_id> suffix;  ///< and behind it
};

/// Reads the parts out of a parsed tokenizer.json. Made for one call of `read`.
class tokenizer_file {
 public:
  /// @param file  its path, for errors
  /// @throws data_error   a field is missing, of the wrong type or contradicts another
  /// @throws model_error  the file is sound, but the tokenizer is not byte-level BPE as understood here
  static tokenizer_parts read(const json& document, std::string_view file) {
    tokenizer_file reader(document, file);
    reader.read_vocabulary();
    reader.read_merges();
    reader.read_normalizer();
    reader.read_added_tokens();
    reader.read_pretokenizer();
    reader.read_decoder();
    reader.read_post_processor();
    return std::move(reader.parts_);
  }

 private:
  tokenizer_file(const json& document, std::string_view file)
      : document_(document),
        file_(file),
        top_{.file = file_},
        in_model_{.file = file_, .inside = "model"},
        model_(require_object(document, "model", top_)) {}

  // ---- model
  void read_vocabulary() {
    expect(type_of(model_, "model", "BPE"), {"BPE"}, "model.type");
    for (const std::string_view field : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"})
      refuse_unless_empty(field);
    if (value_or(model_, "byte_fallback", false, in_model_))
      unsupported("model.byte_fallback", "true", "false");
    const json& vocabulary = require_object(model_, "vocab", in_model_);
    // Ids may leave gaps, but a lying one must not size the table.
    const index_t limit = 4 * static_cast<index_t>(vocabulary.size()) + 4096;
    for (const auto& [spelled, value] : vocabulary.items()) {
      const std::string field = "vocab[" + in_quotes(spelled) + "]";
      const auto id = as_value<index_t>(value, field, in_model_);
      if (id < 0 || id >= limit)
        throw field_error(in_model_, field, "id " + std::to_string(id), "0 ... " + std::to_string(limit - 1));
      if (has_token(id))
        throw field_error(in_model_, field, "id " + std::to_string(id) + " again", "every id once");
      set_bytes(static_cast<token_id>(id), spelled);
    }
  }

  // Ids without a token get room as they are met.
  void set_bytes(token_id id, const std::string& spelled) {
    if (static_cast<std::size_t>(id) >= parts_.bytes.size())
      parts_.bytes.resize(static_cast<std::size_t>(id) + 1);
    // A token that the alphabet cannot spell decodes to its own text and is never built from bytes.
    std::optional<std::string> bytes = byte_alphabet::instance().bytes(spelled);
    if (bytes) parts_.model.add_token(*bytes, id);
    parts_.bytes[static_cast<std::size_t>(id)] = bytes ? *bytes : spelled;
  }

  [[nodiscard]] bool has_token(index_t id) const noexcept {
    return id < static_cast<index_t>(parts_.bytes.size()) &&
           parts_.bytes[static_cast<std::size_t>(id)].has_value();
  }

  void read_merges() {
    const json& merges = require_array(model_, "merges", in_model_);
    parts_.model.reserve(static_cast<index_t>(merges.size()),
                         value_or(model_, "ignore_merges", false, in_model_));
    std::uint32_t rank = 0;
    for (const json& merge : merges) {
      const std::string field = "merges[" + std::to_string(rank) + "]";
      const auto [left, right] = halves(merge, field);
      const token_id first = require_token(left, field), second = require_token(right, field);
      parts_.model.add_merge(first, second, {rank, require_token(left + right, field)});
      ++rank;
    }
    if (const int byte = parts_.model.missing_byte(); byte >= 0)
      throw field_error(in_model_, "vocab", "no token for the byte " + std::to_string(byte), "all 256 bytes");
  }

  // "a b" or ["a", "b"]
  [[nodiscard]] std::pair<std::string, std::string> halves(const json& merge, const std::string& field) const {
    if (merge.is_array() && merge.size() == 2)
      return {as_value<std::string>(merge[0], field, in_model_),
              as_value<std::string>(merge[1], field, in_model_)};
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      const std::size_t space = text.find(' ');
      if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos)
        return {text.substr(0, space), text.substr(space + 1)};
    }
    throw field_error(in_model_, field, described(merge), "\"left right\" or [\"left\", \"right\"]");
  }

  [[nodiscard]] token_id require_token(const std::string& spelled, const std::string& field) const {
    if (const auto bytes = byte_alphabet::instance().bytes(spelled))
      if (const auto id = parts_.model.find(*bytes)) return *id;
    throw field_error(in_model_, field, in_quotes(spelled) + ", which is not in model.vocab",
                      "tokens of model.vocab");
  }

  // ---- added tokens
  void read_added_tokens() {
    const json* const list = find_field(document_, "added_tokens", top_);
    if (list == nullptr) return;
    const json& tokens = require_array(document_, "added_tokens", top_);
    const index_t limit = static_cast<index_t>(parts_.bytes.size() + 4 * tokens.size()) + 4096;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::string name = "added_tokens[" + std::to_string(i) + "]";
      const json_place place{.file = file_, .inside = name};
      const json& token = tokens[i];
      const auto id = require<index_t>(token, "id", place);
      if (id < 0 || id >= limit)
        throw field_error(place, "id", std::to_string(id), "0 ... " + std::to_string(limit - 1));
      added_token added{.content = require<std::string>(token, "content", place),
                        .id = static_cast<token_id>(id),
                        .special = value_or(token, "special", false, place),
                        .lstrip = value_or(token, "lstrip", false, place),
                        .rstrip = value_or(token, "rstrip", false, place),
                        .single_word = value_or(token, "single_word", false, place),
                        .normalized = value_or(token, "normalized", false, place)};
      if (added.normalized && parts_.nfc) added.content = normalized_nfc(added.content);
      if (added.content.empty()) throw field_error(place, "content", "an empty string", "a text");
      add(std::move(added), place);
    }
  }

  void add(added_token token, const json_place& place) {
    if (!added_ids_.insert(token.id).second)
      throw field_error(place, "id", std::to_string(token.id) + " again", "every id once");
    if (!added_contents_.insert(token.content).second)
      throw field_error(place, "content", in_quotes(token.content) + " again", "every text once");
    if (const json* const known = find_field(model_["vocab"], token.content, place)) {
      if (known->get<index_t>() != token.id)
        throw field_error(place, "id", std::to_string(token.id), known->dump() + ", its id in model.vocab");
    } else {
      if (has_token(token.id))
        throw field_error(place, "id", std::to_string(token.id) + ", which is another token of model.vocab",
                          "an id of its own");
      set_added_bytes(token);
    }
    parts_.added.push_back(std::move(token));
  }

  void set_added_bytes(const added_token& token) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= parts_.bytes.size()) parts_.bytes.resize(id + 1);
    // The reference's decoder reads every token in the byte alphabet where it can, these too.
    const auto bytes = byte_alphabet::instance().bytes(token.content);
    parts_.bytes[id] = bytes ? *bytes : token.content;
  }

  // ---- normalizer and pre-tokenizer: alone, or a Sequence of them
  void read_normalizer() {
    for_each_of("normalizer", "normalizers", [&](const json& part, const json_place& place) {
      expect(require<std::string>(part, "type", place), {"NFC"}, std::string(place.inside) + ".type");
      parts_.nfc = true;
    });
  }

  void read_pretokenizer() {
    bool bytes = false;
    for_each_of("pre_tokenizer", "pretokenizers", [&](const json& part, const json_place& place) {
      const auto type = require<std::string>(part, "type", place);
      const std::string field = std::string(place.inside) + ".type";
      expect(type, {"Split", "ByteLevel", "Digits"}, field);
      if (bytes) unsupported(field, in_quotes(type) + " behind ByteLevel", "ByteLevel last");
      if (type == "Split") add_split(part, place);
      if (type == "Digits") add_digits(part, place);
      if (type != "ByteLevel") return;
      bytes = true;
      if (value_or(part, "add_prefix_space", true, place))
        unsupported(std::string(place.inside) + ".add_prefix_space", "true", "false");
      if (value_or(part, "use_regex", true, place)) parts_.words.add_pattern(gpt2_pattern, file_, place.inside);
    });
    if (!bytes) unsupported("pre_tokenizer", "no ByteLevel", "ByteLevel last");
  }

  void add_split(const json& part, const json_place& place) {
    const std::string name = std::string(place.inside) + ".pattern";
    const json_place in_pattern{.file = file_, .inside = name};
    const auto pattern = require<std::string>(require_object(part, "pattern", place), "Regex", in_pattern);
    expect(require<std::string>(part, "behavior", place), {"Isolated"},
           std::string(place.inside) + ".behavior");
    if (value_or(part, "invert", false, place))
      unsupported(std::string(place.inside) + ".invert", "true", "false");
    parts_.words.add_pattern(pattern, file_, name);
  }

  void add_digits(const json& part, const json_place& place) {
    const bool individual = value_or(part, "individual_digits", false, place);
    parts_.words.add_pattern(individual ? R"(\p{N})" : R"(\p{N}+)", file_, place.inside);
  }

  // ---- decoder and post-processor
  void read_decoder() {
    const json* const decoder = find_field(document_, "decoder", top_);
    const json_place place{.file = file_, .inside = "decoder"};
    expect(decoder == nullptr ? "null" : require<std::string>(*decoder, "type", place), {"ByteLevel"},
           "decoder.type");
  }

  void read_post_processor() {
    for_each_of("post_processor", "processors", [&](const json& part, const json_place& place) {
      const auto type = require<std::string>(part, "type", place);
      expect(type, {"ByteLevel", "TemplateProcessing"}, std::string(place.inside) + ".type");
      if (type == "TemplateProcessing") read_template(part, place);
    });
  }

  void read_template(const json& part, const json_place& place) {
    bool behind = false;
    for (const json& piece : require_array(part, "single", place)) {
      if (find_field(piece, "Sequence", place) != nullptr) {
        if (std::exchange(behind, true)) throw field_error(place, "single", "the text twice", "the text once");
        continue;
      }
      const auto name = require<std::string>(require_object(piece, "SpecialToken", place), "id", place);
      const json& known = require_object(require_object(part, "special_tokens", place), name, place);
      for (const json& value : require_array(known, "ids", place)) {
        const auto id = as_value<index_t>(value, "special_tokens", place);
        if (id < 0 || !has_token(id))
          throw field_error(place, "special_tokens", "id " + std::to_string(id), "the id of a token");
        (behind ? parts_.suffix : parts_.prefix).push_back(static_cast<token_id>(id));
      }
    }
    if (!behind) throw field_error(place, "single", "no text", "the text once");
  }

  // ---- shared
  // visit(part, place) for the object `field`, or for each member of `members` when its type is Sequence.
  template <class Visit>
  void for_each_of(const std::string& field, const std::string& members, Visit&& visit) {
    const json* const whole = find_field(document_, field, top_);
    if (whole == nullptr) return;
    const json_place place{.file = file_, .inside = field};
    if (require<std::string>(*whole, "type", place) != "Sequence") return visit(*whole, place);
    const json& parts = require_array(*whole, members, place);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string name = field + "." + members + "[" + std::to_string(i) + "]";
      visit(parts[i], json_place{.file = file_, .inside = name});
    }
  }

  // The first tokenizer.json files name no type for their model.
  [[nodiscard]] std::string type_of(const json& object, std::string_view inside, std::string fallback) const {
    return value_or(object, "type", std::move(fallback), json_place{.file = file_, .inside = inside});
  }

  void refuse_unless_empty(std::string_view field) const {
    const json* const value = find_field(model_, field, in_model_);
    if (value == nullptr || *value == "" || *value == 0) return;
    unsupported("model." + std::string(field), described(*value), "null");
  }

  void expect(const std::string& found, std::initializer_list<std::string_view> known,
              const std::string& field) const {
    if (std::ranges::find(known, found) != known.end()) return;
    std::string names;
    for (const std::string_view name : known) names += (names.empty() ? "" : " or ") + std::string(name);
    unsupported(field, in_quotes(found), names);
  }

  [[noreturn]] void unsupported(const std::string& field, const std::string& found,
                                const std::string& expected) const {
    throw model_error(file_ + ": " + field + ": found " + found + ", expected " + expected);
  }

  const json& document_;
  std::string file_;
  json_place top_;
  json_place in_model_;
  const json& model_;
  tokenizer_parts parts_;
  std::unordered_set<token_id> added_ids_;
  std::unordered_set<std::string> added_contents_;
};

}  // namespace prismatic
