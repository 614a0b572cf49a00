/// Single precision as sums of bf16, the numbers that matrix units multiply.
#pragma once

#include <prismatic/config.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace prismatic::detail {

/// The bits of `Parts` bf16 numbers whose sum is x: cut off after 8 significant bits each, the last one
/// rounded. Three give x exactly, down to 2^-133; two to 2^-17 of it, one to 2^-9. A finite x has finite parts.
template <int Parts>
struct bf16_parts {
  std::uint32_t bits[static_cast<std::size_t>(Parts)];

  PRISMATIC_HOST_DEVICE explicit bf16_parts(float x) noexcept : bits{} {
    const auto whole = std::bit_cast<std::uint32_t>(x);
    if ((whole & infinity) == infinity) {  // no rest to take; a NaN stays one
      bits[0] = whole >> 16 | ((whole & 0x007FFFFFu) != 0 ? 0x40u : 0u);
      return;
    }
    PRISMATIC_UNROLL
    for (int p = 0; p + 1 < Parts; ++p) {
      const std::uint32_t cut = std::bit_cast<std::uint32_t>(x) & 0xFFFF0000u;
      bits[p] = cut >> 16;
      x -= std::bit_cast<float>(cut);
    }
    const auto rest = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t rounded = rest + 0x7FFFu + (rest >> 16 & 1u);
    bits[Parts - 1] = ((rounded & infinity) == infinity ? rest : rounded) >> 16;
  }

 private:
  static constexpr std::uint32_t infinity = 0x7F800000u;
};

/// What a lane reads at once.
struct alignas(16) four_words {
  std::uint32_t word[4];
};

}  // namespace prismatic::detail
