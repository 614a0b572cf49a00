/// The host memory that small arrays leave from for a device: who sends one need not wait until it is there.
#pragma once

#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace prismatic {

/// Two halves, filled in turn. `Queue` does things in the order in which it was asked to, some time later: `copy(from, bytes, to)`
/// begins a copy; `mark(side)` notes how far the queue is asked for now; `wait(side)` returns once the queue is past what was
/// noted for that side last, at once where nothing was.
///
/// A half is filled again only after wait() for the mark behind its last copy, so no copy reads what came later. When the host
/// waits it has a whole half more under way: a device that is behind does not run dry.
template <class Queue>
class staging {
 public:
  /// @param room  of `bytes` bytes, an even number, which the queue's copies may read until it is done
  staging(std::byte* room, index_t bytes, Queue queue) : room_(room), half_(bytes / 2), queue_(std::move(queue)) {}

  /// Begins to copy `bytes` bytes, of any number. `from` may change once the call returns.
  void send(const void* from, index_t bytes, void* to) {
    const auto* source = static_cast<const std::byte*>(from);
    auto* target = static_cast<std::byte*>(to);
    while (bytes > 0) {
      if (used_ == half_) turn();
      const index_t count = std::min(bytes, half_ - used_);
      std::byte* const here = room_ + side_ * half_ + used_;
      std::copy_n(source, count, here);
      queue_.copy(here, count, target);
      used_ += count, source += count, target += count, bytes -= count;
    }
  }

 private:
  void turn() {
    queue_.mark(side_);
    side_ = 1 - side_;
    queue_.wait(side_);
    used_ = 0;
  }

  std::byte* room_;
  index_t half_;
  Queue queue_;
  int side_ = 0;
  index_t used_ = 0;
};

}  // namespace prismatic
