/// Counter-based random numbers: a pure function of (seed, stream name, counter), the same on every
/// backend, thread count and machine.
///
/// Philox4x32-10 of Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC'11).
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace prismatic {

using philox_counter = std::array<std::uint32_t, 4>;
using philox_key = std::array<std::uint32_t, 2>;

namespace philox {
inline constexpr std::uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;
inline constexpr int rounds = 10;
}  // namespace philox

/// 128 random bits for one counter under one key.
PRISMATIC_HOST_DEVICE constexpr philox_counter philox4x32(philox_counter c, philox_key k) noexcept {
  for (int round = 0; round < philox::rounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{philox::multiplier_0} * c[0];
    const std::uint64_t p1 = std::uint64_t{philox::multiplier_1} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += philox::weyl_0;
    k[1] += philox::weyl_1;
  }
  return c;
}

/// A 64-bit mixing step (the finaliser of SplitMix64): every input bit reaches every output bit.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The key of the stream called `name` under `seed`: FNV-1a of the name, mixed with the seed.
constexpr philox_key stream_key(std::uint64_t seed, std::string_view name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char ch : name) hash = (hash ^ static_cast<unsigned char>(ch)) * 0x100000001B3u;
  hash = mix64(hash ^ mix64(seed + 0x9E3779B97F4A7C15u));
  return {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
}

/// A named stream of random numbers. It has no state: element i is a function of (seed, name, i), so a
/// new consumer takes a name of its own and shifts nobody else's numbers.
class random_stream {
 public:
  constexpr random_stream(std::uint64_t seed, std::string_view name) noexcept : key_(stream_key(seed, name)) {}

  [[nodiscard]] constexpr philox_key key() const noexcept { return key_; }

  /// 64 uniform bits.
  [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t i) const noexcept {
    const philox_counter out = block(i);
    return std::uint64_t{out[1]} << 32 | out[0];
  }

  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] constexpr double uniform(std::uint64_t i) const noexcept {
    return static_cast<double>(bits(i) >> 11) * 0x1p-53;
  }

  /// Standard normal (Box-Muller; one block a number).
  [[nodiscard]] double normal(std::uint64_t i) const noexcept {
    const philox_counter out = block(i);
    const double u = (static_cast<double>(std::uint64_t{out[1]} << 21 ^ out[0] >> 11) + 0.5) * 0x1p-53;
    const double angle = static_cast<double>(std::uint64_t{out[3]} << 21 ^ out[2] >> 11) * 0x1p-53;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * angle);
  }

  /// Uniform in [0, n), n >= 1 (Lemire's multiply-shift; its bias is below n / 2^64).
  [[nodiscard]] constexpr index_t below(std::uint64_t i, index_t n) const noexcept {
    __extension__ using wide = unsigned __int128;
    return static_cast<index_t>(static_cast<std::uint64_t>((wide{bits(i)} * static_cast<std::uint64_t>(n)) >> 64));
  }

 private:
  [[nodiscard]] constexpr philox_counter block(std::uint64_t i) const noexcept {
    return philox4x32({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), 0, 0}, key_);
  }

  philox_key key_;
};

/// A uniformly random order of `items` (Fisher-Yates), the same for the same stream.
template <class Range>
void shuffle(Range& items, const random_stream& stream) {
  using std::swap;
  for (index_t i = static_cast<index_t>(items.size()) - 1; i > 0; --i) {
    const index_t j = stream.below(static_cast<std::uint64_t>(i), i + 1);
    swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(j)]);
  }
}

}  // namespace prismatic
