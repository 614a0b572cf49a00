/// Scratch memory that is asked for often and returned soon: a pool of aligned blocks owned by a
/// context. No verb allocates in a loop; it leases.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/memory_budget.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace prismatic {

/// A best-fit pool of blocks that holds at most a quarter more than was ever on loan at once: returned
/// blocks stay for the next sweep, whose sizes are much the same, and the longest unused are given up for
/// sizes that fit none. Not thread-safe: it belongs to one context, and a verb leases what its
/// workers need before it starts them.
template <memory Space>
class workspace {
  struct block {
    void* data;
    index_t bytes;
  };

 public:
  /// A block on loan; it goes back when the lease ends.
  class lease {
   public:
    lease() noexcept = default;
    lease(lease&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), block_(std::exchange(other.block_, {})) {}
    lease& operator=(lease&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(block_, other.block_);
      return *this;
    }
    ~lease() {
      if (owner_ != nullptr) owner_->give_back(block_);
    }
    [[nodiscard]] void* data() const noexcept { return block_.data; }

   private:
    friend class workspace;
    lease(workspace* owner, block b) noexcept : owner_(owner), block_(b) {}
    workspace* owner_ = nullptr;
    block block_{nullptr, 0};
  };

  workspace() = default;
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;
  ~workspace() { release(); }

  /// Gives up every block that is not on loan.
  void release() noexcept {
    for (const block& b : free_) give_up(b);
    free_.clear();
  }

  /// An uninitialised block of at least `bytes`. @throws size_error, std::bad_alloc, memory_error
  [[nodiscard]] lease take(index_t bytes) {
    constexpr index_t grain = 256;
    bytes = std::max(checked_add(bytes, grain - 1, "workspace bytes") / grain * grain, grain);
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
      if (it->bytes >= bytes && it->bytes <= 2 * bytes && (best == free_.end() || it->bytes < best->bytes))
        best = it;
    if (best != free_.end()) {
      const block found = *best;
      free_.erase(best);
      return lend(found);
    }
    make_room(bytes);
    free_.reserve(static_cast<std::size_t>(blocks_) + 1);  // so that give_back cannot throw
    const block fresh{detail::allocate<Space>(bytes), bytes};
    held_ += bytes;
    ++blocks_;
    return lend(fresh);
  }

  /// Bytes held, on loan or free.
  [[nodiscard]] index_t held_bytes() const noexcept { return held_; }
  /// The most bytes that were on loan at once.
  [[nodiscard]] index_t most_lent_bytes() const noexcept { return most_lent_; }

 private:
  lease lend(block b) noexcept {
    lent_ += b.bytes;
    most_lent_ = std::max(most_lent_, lent_);
    return {this, b};
  }
  void give_back(block b) noexcept {
    lent_ -= b.bytes;
    free_.push_back(b);
  }
  void make_room(index_t wanted) noexcept {
    const index_t needed = std::max(most_lent_, lent_ + wanted);
    const auto is_short = [&] {
      return held_ + wanted > needed + needed / 4 || (Space != memory::host && !memory_budget::has_room(wanted));
    };
    auto given_up = free_.begin();
    for (; given_up != free_.end() && is_short(); ++given_up) give_up(*given_up);
    free_.erase(free_.begin(), given_up);
  }
  void give_up(block b) noexcept {
    detail::deallocate<Space>(b.data, b.bytes);
    held_ -= b.bytes;
    --blocks_;
  }

  std::vector<block> free_;  // the longest unused first
  index_t held_ = 0, lent_ = 0, most_lent_ = 0;
  index_t blocks_ = 0;  // on loan or free
};

/// A leased, uninitialised, contiguous matrix.
template <class T, memory Space>
class scratch_matrix {
 public:
  scratch_matrix() noexcept = default;
  scratch_matrix(workspace<Space>& pool, index_t rows, index_t cols)
      : lease_(pool.take(checked_mul(checked_mul(rows, cols), sizeof(T)))),
        view_(static_cast<T*>(lease_.data()), rows, cols) {}

  [[nodiscard]] matrix_view<T, Space> view() const noexcept { return view_; }
  [[nodiscard]] vector_view<T, Space> flat() const noexcept { return {view_.data(), view_.size()}; }
  [[nodiscard]] T* data() const noexcept { return view_.data(); }
  operator matrix_view<T, Space>() const noexcept { return view_; }
  operator matrix_view<const T, Space>() const noexcept { return view_; }
  [[nodiscard]] bool held() const noexcept { return lease_.data() != nullptr; }

  void zero() const noexcept { storage<Space>::zero(view_.data(), view_.size() * index_t{sizeof(T)}); }

 private:
  typename workspace<Space>::lease lease_;
  matrix_view<T, Space> view_;
};

}  // namespace prismatic
