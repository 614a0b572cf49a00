/// Large blocks of host memory, on pages of 2 MiB where the system gives them.
#pragma once

#include <prismatic/core/types.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

namespace prismatic::detail {

/// Not under an address sanitizer, which is to see where every block ends.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool has_large_blocks = false;
#elif defined(__has_feature)
inline constexpr bool has_large_blocks = !__has_feature(address_sanitizer);
#else
inline constexpr bool has_large_blocks = true;
#endif

/// Blocks cut from chunks that are mapped for them, the smallest gap that fits first. A processor that goes through more activations
/// than its caches hold has few addresses to look up then, and few pages to be given (docs/performance.md). What comes back serves
/// the next block; of what is idle, as much is kept as a quarter of what is lent, and 32 MiB; the rest goes back to the
/// system by whole pages. Thread-safe.
class large_blocks {
 public:
  static constexpr index_t page = index_t{1} << 21, chunk = 16 * page;
  static constexpr index_t grain = 256;  ///< blocks are multiples of it, and aligned to it

  struct block {
    void* data;
    bool is_zero;
  };

  /// The process's. It is never destroyed: matrices of static storage may outlive whatever else is static.
  static large_blocks& of_process() {
    static large_blocks& all = *new large_blocks;
    return all;
  }

  large_blocks() = default;
  large_blocks(const large_blocks&) = delete;
  large_blocks& operator=(const large_blocks&) = delete;
  /// Precondition: every block has come back.
  ~large_blocks() {
    for (const gap& g : gaps_) ::munmap(at(g.begin), static_cast<std::size_t>(g.bytes()));
  }

  /// A block of at least `bytes`, more than 0. @throws std::bad_alloc
  [[nodiscard]] block take(index_t bytes) {
    constexpr index_t most = index_t{1} << 56;  // more than a processor has addresses for
    if (bytes > most) throw std::bad_alloc();
    bytes = rounded(bytes, grain);
    const std::lock_guard hold(mutex_);
    const std::size_t most_gaps = gaps_.size() + 1 + 2 * (blocks_ + 1);  // a block that comes back adds two at the most,
    if (most_gaps > gaps_.capacity()) gaps_.reserve(2 * most_gaps);      // and that may not fail
    auto best = gaps_.end();
    for (auto g = gaps_.begin(); g != gaps_.end(); ++g)
      if (g->bytes() >= bytes && (best == gaps_.end() || g->bytes() < best->bytes())) best = g;
    if (best == gaps_.end()) {
      const index_t wanted = rounded(std::max(bytes, chunk), page);
      const std::uintptr_t begin = map(wanted);
      best = gaps_.insert(after(begin), {begin, begin + static_cast<std::uintptr_t>(wanted), true});
    }
    const block found{at(best->begin), best->is_zero};
    if (!best->is_zero) idle_ -= bytes;
    best->begin += static_cast<std::uintptr_t>(bytes);
    if (best->bytes() == 0) gaps_.erase(best);
    lent_ += bytes;
    ++blocks_;
    return found;
  }

  /// Takes a block back that was lent for so many bytes.
  void give_back(void* data, index_t bytes) noexcept {
    bytes = rounded(bytes, grain);
    const std::lock_guard hold(mutex_);
    lent_ -= bytes;
    idle_ += bytes;
    --blocks_;
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    auto here = gaps_.insert(after(begin), {begin, begin + static_cast<std::uintptr_t>(bytes), false});
    if (const auto next = here + 1; next != gaps_.end() && !next->is_zero && next->begin == here->end) {
      here->end = next->end;
      gaps_.erase(next);
    }
    if (here != gaps_.begin() && !(here - 1)->is_zero && (here - 1)->end == here->begin) {
      (here - 1)->end = here->end;
      here = gaps_.erase(here) - 1;
    }
    if (idle_ > chunk + lent_ / 4) unmap_pages_of(here);
  }

  /// Bytes that came back and are kept.
  [[nodiscard]] index_t idle_bytes() const {
    const std::lock_guard hold(mutex_);
    return idle_;
  }

 private:
  // Mapped and not lent, in the order of addresses. What was never lent is zero, and has no pages yet.
  struct gap {
    std::uintptr_t begin, end;
    bool is_zero;
    [[nodiscard]] index_t bytes() const { return static_cast<index_t>(end - begin); }
  };
  using place = std::vector<gap>::iterator;

  static void* at(std::uintptr_t address) { return reinterpret_cast<void*>(address); }
  static index_t rounded(index_t bytes, index_t unit) { return (bytes + unit - 1) / unit * unit; }
  static std::uintptr_t next_page(std::uintptr_t address) { return (address + page - 1) / page * page; }

  place after(std::uintptr_t address) { return std::ranges::upper_bound(gaps_, address, {}, &gap::begin); }

  // Whole pages, zero.
  static std::uintptr_t map(index_t bytes) {
    const auto room = static_cast<std::size_t>(bytes + page);
    void* const mapped = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    const auto from = reinterpret_cast<std::uintptr_t>(mapped);
    const std::uintptr_t begin = next_page(from), end = begin + static_cast<std::uintptr_t>(bytes);
    if (begin > from) ::munmap(mapped, begin - from);
    if (from + room > end) ::munmap(at(end), from + room - end);
#if defined(MADV_HUGEPAGE)
    ::madvise(at(begin), end - begin, MADV_HUGEPAGE);  // where it is refused, small pages will do
#endif
    return begin;
  }

  // The whole pages of a gap that is not zero go back; its ends stay.
  void unmap_pages_of(place g) noexcept {
    const std::uintptr_t begin = next_page(g->begin), end = g->end / page * page;
    if (begin >= end || ::munmap(at(begin), end - begin) != 0) return;
    idle_ -= static_cast<index_t>(end - begin);
    const gap above{end, g->end, false};
    g->end = begin;
    if (above.bytes() > 0) g = gaps_.insert(g + 1, above) - 1;
    if (g->bytes() == 0) gaps_.erase(g);
  }

  mutable std::mutex mutex_;
  std::vector<gap> gaps_;
  index_t lent_ = 0, idle_ = 0;
  std::size_t blocks_ = 0;  // lent
};

}  // namespace prismatic::detail
