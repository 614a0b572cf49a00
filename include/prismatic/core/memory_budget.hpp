/// How many bytes of device memory matrices and workspaces hold, and how many they may.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <atomic>
#include <limits>
#include <string>

namespace prismatic {

/// The process's own account of device memory: one for all contexts, as a matrix belongs to none. It does not
/// see what a vendor's libraries take for themselves. Any thread may call.
class memory_budget {
 public:
  /// No limit, until one is set. What is held already stays, even above it.
  static void set_limit(index_t bytes) noexcept { limit_.store(bytes); }
  [[nodiscard]] static index_t limit() noexcept { return limit_.load(); }
  [[nodiscard]] static index_t held() noexcept { return held_.load(); }
  [[nodiscard]] static bool has_room(index_t bytes) noexcept { return bytes <= limit() - held(); }

  /// Counts bytes that are about to be allocated. @throws memory_error  they exceed the limit; nothing is
  /// counted
  static void take(index_t bytes) {
    const index_t before = held_.fetch_add(bytes);
    if (bytes <= limit() - before) return;
    held_.fetch_sub(bytes);
    throw memory_error("device memory: found " + std::to_string(bytes) + " bytes wanted beside " +
                       std::to_string(before) + " held, expected at most " + std::to_string(limit()) +
                       " in all");
  }
  static void give_back(index_t bytes) noexcept { held_.fetch_sub(bytes); }

 private:
  static inline std::atomic<index_t> limit_{std::numeric_limits<index_t>::max()}, held_{0};
};

}  // namespace prismatic
