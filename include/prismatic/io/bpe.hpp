/// Byte-level byte-pair encoding: a vocabulary of byte strings, and the ranked merges that build a word from
/// bytes.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prismatic {

/// The alphabet in which tokenizer.json spells byte strings: each byte is one printable code point, the
/// printable bytes of Latin-1 themselves and the other 68 the code points from U+0100 on.
class byte_alphabet {
 public:
  static const byte_alphabet& instance() {
    static const byte_alphabet alphabet;
    return alphabet;
  }

  /// The code point that stands for `byte`.
  [[nodiscard]] char32_t symbol(unsigned char byte) const noexcept { return symbols_[byte]; }

  /// The byte string that `spelled` stands for; nothing when some character of it is not of the alphabet.
  /// @param spelled  well-formed UTF-8
  [[nodiscard]] std::optional<std::string> bytes(std::string_view spelled) const {
    std::string out;
    for (const char *p = spelled.data(), *end = p + spelled.size(); p < end;) {
      const decoded_code_point c = decode_code_point(p);
      if (c.value >= bytes_.size() || bytes_[c.value] < 0) return std::nullopt;
      out += static_cast<char>(static_cast<unsigned char>(bytes_[c.value]));
      p += c.size;
    }
    return out;
  }

 private:
  byte_alphabet() noexcept {
    bytes_.fill(-1);
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      symbols_[byte] = printable ? byte : next++;
      bytes_[symbols_[byte]] = static_cast<std::int16_t>(byte);
    }
  }

  std::array<char32_t, 256> symbols_{};
  std::array<std::int16_t, 256 + 68> bytes_{};
};

/// What a pair of neighbours becomes, and how early: the lowest rank merges first.
struct merge_rule {
  std::uint32_t rank;
  token_id merged;
};

/// The merges by pair of tokens: open addressing, at most two thirds full.
class merge_table {
 public:
  /// @param merges  how many will be added
  explicit merge_table(index_t merges = 0)
      : slots_(std::bit_ceil(static_cast<std::size_t>(merges + merges / 2 + 1))), mask_(slots_.size() - 1) {}

  /// The rule of a pair that is added again replaces the earlier one.
  void add(token_id left, token_id right, merge_rule rule) noexcept {
    slot& s = slots_[place(key(left, right))];
    s = {key(left, right), rule};
  }

  /// nullptr when the two never merge.
  [[nodiscard]] const merge_rule* find(token_id left, token_id right) const noexcept {
    const slot& s = slots_[place(key(left, right))];
    return s.pair == unused ? nullptr : &s.rule;
  }

 private:
  static constexpr std::uint64_t unused = ~std::uint64_t{0};  // token ids are never negative
  struct slot {
    std::uint64_t pair = unused;
    merge_rule rule{};
  };

  static std::uint64_t key(token_id left, token_id right) noexcept {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }

  [[nodiscard]] std::size_t place(std::uint64_t pair) const noexcept {
    std::size_t i = static_cast<std::size_t>(mix64(pair)) & mask_;
    while (slots_[i].pair != unused && slots_[i].pair != pair) i = (i + 1) & mask_;
    return i;
  }

  std::vector<slot> slots_;
  std::size_t mask_;
};

/// A byte-level BPE model. Immutable while it encodes: several threads may use one, each with its own scratch.
class bpe_model {
 public:
  /// Working memory of `encode`, kept between calls to save allocations.
  struct scratch {
    struct symbol {
      token_id id;  ///< negative once the symbol was merged into its left neighbour
      index_t previous;
      index_t next;
    };
    std::vector<symbol> symbols;
    std::vector<std::uint64_t> queue;  ///< heap of (rank, position), the least on top
  };

  bpe_model() { byte_ids_.fill(-1); }

  /// @param merges  how many `add_merge` will add
  /// @param ignore_merges  a word that is in the vocabulary is that token, whatever the merges say
  void reserve(index_t merges, bool ignore_merges) {
    merges_ = merge_table(merges);
    ignore_merges_ = ignore_merges;
  }

  /// Adds a token to the vocabulary; the first of two equal byte strings is kept.
  void add_token(std::string bytes, token_id id) {
    if (bytes.size() == 1) byte_ids_[static_cast<unsigned char>(bytes[0])] = id;
    ids_.emplace(std::move(bytes), id);
  }

  void add_merge(token_id left, token_id right, merge_rule rule) noexcept { merges_.add(left, right, rule); }

  /// The token of exactly these bytes.
  [[nodiscard]] std::optional<token_id> find(const std::string& bytes) const {
    const auto found = ids_.find(bytes);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  /// The first byte that is no token by itself and so could not be encoded, or -1.
  [[nodiscard]] int missing_byte() const noexcept {
    const auto missing = std::ranges::find(byte_ids_, -1);
    return missing == byte_ids_.end() ? -1 : static_cast<int>(missing - byte_ids_.begin());
  }

  /// Appends the tokens of one word: starting from its bytes, the pair of lowest rank merges, the leftmost of
  /// equals, until none is left. Cost O(n log n) in the bytes of the word. @throws size_error  2^32 bytes or
  /// more
  void encode(std::string_view word, std::vector<token_id>& out, scratch& work) const {
    if (ignore_merges_)
      if (const auto whole = find(std::string(word))) return out.push_back(*whole);
    if (word.empty()) return;
    start(word, work);
    while (!work.queue.empty()) merge_first(work);
    for (index_t i = 0; i >= 0; i = work.symbols[static_cast<std::size_t>(i)].next)
      out.push_back(work.symbols[static_cast<std::size_t>(i)].id);
  }

 private:
  static bool later(std::uint64_t a, std::uint64_t b) noexcept { return a > b; }

  void start(std::string_view word, scratch& work) const {
    const index_t n = narrow<std::uint32_t>(static_cast<index_t>(word.size()), "bytes of one word");
    work.queue.clear();
    work.symbols.resize(static_cast<std::size_t>(n));
    for (index_t i = 0; i < n; ++i)
      work.symbols[static_cast<std::size_t>(i)] = {
          byte_ids_[static_cast<unsigned char>(word[static_cast<std::size_t>(i)])], i - 1,
          i + 1 < n ? i + 1 : -1};
    for (index_t i = 0; i + 1 < n; ++i)
      if (const merge_rule* const rule = rule_at(i, work))
        work.queue.push_back(std::uint64_t{rule->rank} << 32 | static_cast<std::uint64_t>(i));
    std::ranges::make_heap(work.queue, later);
  }

  [[nodiscard]] const merge_rule* rule_at(index_t left, const scratch& work) const noexcept {
    const auto& symbol = work.symbols[static_cast<std::size_t>(left)];
    if (symbol.id < 0 || symbol.next < 0) return nullptr;
    return merges_.find(symbol.id, work.symbols[static_cast<std::size_t>(symbol.next)].id);
  }

  void push(index_t left, scratch& work) const {
    if (const merge_rule* const rule = rule_at(left, work)) {
      work.queue.push_back(std::uint64_t{rule->rank} << 32 | static_cast<std::uint64_t>(left));
      std::ranges::push_heap(work.queue, later);
    }
  }

  void merge_first(scratch& work) const {
    std::ranges::pop_heap(work.queue, later);
    const std::uint64_t entry = work.queue.back();
    work.queue.pop_back();
    const auto left = static_cast<index_t>(entry & 0xFFFFFFFFu);
    const merge_rule* const rule = rule_at(left, work);
    if (rule == nullptr || rule->rank != entry >> 32)
      return;  // one of the two has merged with another meanwhile
    auto& symbol = work.symbols[static_cast<std::size_t>(left)];
    auto& absorbed = work.symbols[static_cast<std::size_t>(symbol.next)];
    symbol.id = rule->merged;
    symbol.next = absorbed.next;
    absorbed.id = -1;
    if (symbol.next >= 0) work.symbols[static_cast<std::size_t>(symbol.next)].previous = left;
    if (symbol.previous >= 0) push(symbol.previous, work);
    push(left, work);
  }

  std::unordered_map<std::string, token_id> ids_;
  std::array<token_id, 256> byte_ids_{};
  merge_table merges_;
  bool ignore_merges_ = false;
};

}  // namespace prismatic
