/// Numbers too small for full precision taken as 0, for as long as an object lives.
#pragma once

#include <prismatic/config.hpp>

#if PRISMATIC_X86
#include <xmmintrin.h>
#endif

namespace prismatic::detail {

/// On this thread, while it lives: a result below the smallest normal number is 0, and so is such an operand. Many a processor
/// takes far longer over one of them than over any other number. On x86 only; elsewhere nothing is changed.
class subnormals_are_zero {
 public:
#if PRISMATIC_X86
  subnormals_are_zero() noexcept : before_(_mm_getcsr()) { _mm_setcsr(before_ | flush_results | zero_operands); }
  ~subnormals_are_zero() { _mm_setcsr(before_); }
#else
  subnormals_are_zero() noexcept {}
  ~subnormals_are_zero() {}
#endif
  subnormals_are_zero(const subnormals_are_zero&) = delete;
  subnormals_are_zero& operator=(const subnormals_are_zero&) = delete;

 private:
#if PRISMATIC_X86
  static constexpr unsigned flush_results = 0x8000, zero_operands = 0x0040;
  unsigned before_;
#endif
};

}  // namespace prismatic::detail
