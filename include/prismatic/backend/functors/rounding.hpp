/// Matrices of floats rounded to bfloat16, eight numbers a call.
#pragma once

#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/types.hpp>

#include <cstdint>

namespace prismatic::detail {

/// out_ij = x_ij rounded to nearest; what is finite stays so. Rows of `out` begin at multiples of 16 bytes.
struct round_eight {
  index_t cols;
  strided_rows<const float> x;
  strided_rows<bf16> out;

  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t calls_a_row() const { return (cols + 7) / 8; }

  PRISMATIC_HOST_DEVICE void operator()(index_t task) const {
    const quotient place = divide(task, calls_a_row());
    const index_t j = place.rest * 8;
    const float* const from = x[place.whole] + j;
    bf16* const to = out[place.whole] + j;
    if (j + 8 > cols || reinterpret_cast<std::uintptr_t>(from) % alignof(four_of<float>) != 0) {
      for (index_t e = 0; e < smaller(8, cols - j); ++e) to[e] = bf16{static_cast<std::uint16_t>(bits(from[e]))};
      return;
    }
    four_words packed;
    PRISMATIC_UNROLL
    for (int half = 0; half < 2; ++half) {
      const four_of<float> four = reinterpret_cast<const four_of<float>*>(from)[half];
      packed.word[2 * half] = bits(four.x[0]) | bits(four.x[1]) << 16;
      packed.word[2 * half + 1] = bits(four.x[2]) | bits(four.x[3]) << 16;
    }
    *reinterpret_cast<four_words*>(to) = packed;
  }

 private:
  [[nodiscard]] PRISMATIC_HOST_DEVICE static std::uint32_t bits(float value) { return bf16_parts<1>(value).bits[0]; }
};

}  // namespace prismatic::detail
