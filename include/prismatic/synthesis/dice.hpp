/// Random choices in sequence, for text that is written from left to right.
#pragma once

#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace prismatic {

/// Throws that depend on (seed, name, number, lane) and on how many came before, on nothing else.
class dice {
 public:
  /// @param number  which request
  /// @param lane    which of several independent sequences of that request; each holds 2^32 throws
  dice(std::uint64_t seed, std::string_view name, std::uint64_t number, std::uint32_t lane = 0) noexcept
      : random_(mix64(seed) ^ number, name), next_(std::uint64_t{lane} << 32) {}

  /// Uniform in [0, n), n >= 1.
  index_t below(index_t n) noexcept { return random_.below(next_++, n); }

  /// Uniform in [low, high].
  index_t between(index_t low, index_t high) noexcept { return low + below(high - low + 1); }

  /// True with this probability.
  bool chance(double probability) noexcept { return random_.uniform(next_++) < probability; }

  /// Uniform in [0, 1).
  double uniform() noexcept { return random_.uniform(next_++); }

  /// One element of a range that is not empty.
  template <class Range>
  const auto& pick(const Range& items) noexcept {
    return items[static_cast<std::size_t>(below(static_cast<index_t>(std::size(items))))];
  }

 private:
  random_stream random_;
  std::uint64_t next_;
};

}  // namespace prismatic
