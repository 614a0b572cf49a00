/// Overflow-checked arithmetic on sizes: every byte and element count that comes from a file or a
/// user passes through here.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// a * b. @throws size_error when either is negative or the product does not fit index_t
inline index_t checked_mul(index_t a, index_t b, std::string_view what = "size",
                           call_site at = call_site::here()) {
  index_t product = 0;
  if (a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, &product)) [[likely]]
    return product;
  throw size_error(
      std::string(what) + ": " + std::to_string(a) + " x " + std::to_string(b) + " is not a usable size", at);
}

/// a + b. @throws size_error when either is negative or the sum does not fit index_t
inline index_t checked_add(index_t a, index_t b, std::string_view what = "size",
                           call_site at = call_site::here()) {
  index_t sum = 0;
  if (a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, &sum)) [[likely]]
    return sum;
  throw size_error(
      std::string(what) + ": " + std::to_string(a) + " + " + std::to_string(b) + " is not a usable size", at);
}

/// `value` as the narrower integer a vendor's interface takes. @throws size_error when it does not fit
template <std::integral To>
To narrow(index_t value, std::string_view what = "size", call_site at = call_site::here()) {
  if (std::in_range<To>(value)) [[likely]]
    return static_cast<To>(value);
  throw size_error(std::string(what) + ": " + std::to_string(value) + " does not fit an integer of " +
                       std::to_string(std::numeric_limits<To>::digits) + " bits",
                   at);
}

}  // namespace prismatic
