/// bfloat16: the upper half of a float, 8 significant bits.
#pragma once

#include <bit>
#include <cstdint>

namespace prismatic {

/// Exact.
constexpr float from_bfloat16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

/// Rounds to nearest, ties to even; NaN stays NaN.
constexpr std::uint16_t to_bfloat16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

/// A number that is kept so: what most checkpoints hold. Arithmetic is done in float.
struct bf16 {
  std::uint16_t bits;
  constexpr operator float() const noexcept { return from_bfloat16(bits); }
};

}  // namespace prismatic
