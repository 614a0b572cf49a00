/// The tokens of words met before, shared by threads without locks: most words of a text are a few thousand.
#pragma once

#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A fixed number of slots. An entry is written once, published by one atomic store, and stays until the cache
/// goes: the words that come first keep their place, and reading needs no lock. Bounded by 4 MiB of entries.
class word_cache {
 public:
  word_cache() : slots_(std::make_unique<std::atomic<entry*>[]>(slot_count)) {}
  word_cache(word_cache&&) noexcept = default;
  word_cache& operator=(word_cache&& other) noexcept {
    std::swap(slots_, other.slots_);
    return *this;
  }
  ~word_cache() {
    if (!slots_) return;
    for (std::size_t i = 0; i < slot_count; ++i) delete slots_[i].load(std::memory_order_relaxed);
  }

  /// Appends the tokens of `word` if they are known.
  bool find(std::string_view word, std::vector<token_id>& out) const {
    if (word.size() > longest_word) return false;
    const entry* const found = slots_[place(word)].load(std::memory_order_acquire);
    if (found == nullptr || found->word() != word) return false;
    out.insert(out.end(), found->ids.begin(), found->ids.begin() + found->id_count);
    return true;
  }

  /// Keeps the tokens of `word` if its slot is free and both are short.
  void add(std::string_view word, std::span<const token_id> ids) const {
    if (word.size() > longest_word || ids.size() > most_ids) return;
    std::atomic<entry*>& slot = slots_[place(word)];
    entry* expected = slot.load(std::memory_order_relaxed);
    if (expected != nullptr) return;
    auto fresh = std::make_unique<entry>();
    std::memcpy(fresh->bytes.data(), word.data(), word.size());
    std::memcpy(fresh->ids.data(), ids.data(), ids.size_bytes());
    fresh->size = static_cast<std::uint8_t>(word.size());
    fresh->id_count = static_cast<std::uint8_t>(ids.size());
    if (slot.compare_exchange_strong(expected, fresh.get(), std::memory_order_release,
                                     std::memory_order_relaxed))
      (void)fresh.release();  // the slot owns it now
  }

 private:
  static constexpr std::size_t slot_count = std::size_t{1} << 16;
  static constexpr std::size_t longest_word = 30;
  static constexpr std::size_t most_ids = 8;

  struct entry {
    std::array<char, longest_word> bytes;
    std::uint8_t size;
    std::uint8_t id_count;
    std::array<token_id, most_ids> ids;
    [[nodiscard]] std::string_view word() const noexcept { return {bytes.data(), size}; }
  };
  static_assert(sizeof(entry) == 64);

  static std::size_t place(std::string_view word) noexcept {
    std::uint64_t hash = word.size();
    for (; word.size() >= 8; word.remove_prefix(8)) hash = mix64(hash ^ chunk(word.data(), 8));
    return static_cast<std::size_t>(mix64(hash ^ chunk(word.data(), word.size())) >> 48);
  }

  static std::uint64_t chunk(const char* p, std::size_t size) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, p, size);
    return value;
  }

  std::unique_ptr<std::atomic<entry*>[]> slots_;
};

}  // namespace prismatic
