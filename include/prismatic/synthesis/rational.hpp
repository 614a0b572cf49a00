/// Exact fractions of 64-bit integers: the numbers in which answers are computed and compared.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace prismatic {

/// A fraction in lowest terms with a positive denominator. Arithmetic is exact or throws.
class rational {
 public:
  constexpr rational(index_t value = 0) noexcept : numerator_(value) {}

  /// @throws numeric_error  the denominator is zero
  /// @throws size_error     the fraction does not fit 64 bits
  rational(index_t numerator, index_t denominator) : numerator_(numerator), denominator_(denominator) {
    if (denominator_ == 0) throw numeric_error("rational: the denominator is zero");
    const index_t common = divisor(numerator_, denominator_);
    numerator_ /= common;
    denominator_ /= common;
    if (denominator_ < 0) {
      numerator_ = product(numerator_, -1);
      denominator_ = product(denominator_, -1);
    }
  }

  [[nodiscard]] constexpr index_t numerator() const noexcept { return numerator_; }
  [[nodiscard]] constexpr index_t denominator() const noexcept { return denominator_; }
  [[nodiscard]] constexpr bool is_integer() const noexcept { return denominator_ == 1; }

  friend rational operator+(rational a, rational b) {
    const index_t common = divisor(a.denominator_, b.denominator_);
    return {sum(product(a.numerator_, b.denominator_ / common), product(b.numerator_, a.denominator_ / common)),
            product(a.denominator_, b.denominator_ / common)};
  }
  friend rational operator*(rational a, rational b) {
    const rational left(a.numerator_, b.denominator_), right(b.numerator_, a.denominator_);
    return {product(left.numerator_, right.numerator_), product(left.denominator_, right.denominator_)};
  }
  friend rational operator-(rational a) { return a * rational(-1); }
  friend rational operator-(rational a, rational b) { return a + -b; }
  friend rational operator/(rational a, rational b) { return a * rational(b.denominator_, b.numerator_); }
  friend bool operator<(rational a, rational b) { return (a - b).numerator_ < 0; }
  friend constexpr bool operator==(rational, rational) noexcept = default;

 private:
  static index_t divisor(index_t a, index_t b) {
    constexpr index_t lowest = std::numeric_limits<index_t>::min();  // std::gcd is undefined for it
    if (a == lowest || b == lowest) throw overflow();
    const index_t common = std::gcd(a, b);
    return common == 0 ? 1 : common;
  }
  static index_t product(index_t a, index_t b) {
    index_t out = 0;
    if (__builtin_mul_overflow(a, b, &out)) throw overflow();
    return out;
  }
  static index_t sum(index_t a, index_t b) {
    index_t out = 0;
    if (__builtin_add_overflow(a, b, &out)) throw overflow();
    return out;
  }
  static size_error overflow() { return size_error("rational: the result does not fit 64 bits"); }

  index_t numerator_ = 0;
  index_t denominator_ = 1;
};

/// "7", "-2.5" where at most six decimals are exact, else "22/7": one spelling for each number.
inline std::string to_string(rational value) {
  if (value.is_integer()) return std::to_string(value.numerator());
  constexpr index_t scale = 1'000'000;
  const bool negative = value < 0;
  const rational size = negative ? -value : value;
  if (scale % size.denominator() != 0)
    return std::to_string(value.numerator()) + '/' + std::to_string(value.denominator());
  const index_t millionths = size.numerator() % size.denominator() * (scale / size.denominator());
  std::string decimals = std::to_string(scale + millionths).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  return (negative ? "-" : "") + std::to_string(size.numerator() / size.denominator()) + '.' + decimals;
}

namespace detail {

// Consumes digits with well-placed thousands separators ("1,234,567") from the front of `text`.
inline std::string take_digits(std::string_view& text) {
  std::string digits;
  while (!text.empty() && ascii::is_digit(text.front())) {
    digits += text.front();
    text.remove_prefix(1);
  }
  const auto group_follows = [&] {
    return text.size() >= 4 && text[0] == ',' && ascii::is_digit(text[1]) && ascii::is_digit(text[2]) &&
           ascii::is_digit(text[3]) && (text.size() == 4 || !ascii::is_digit(text[4]));
  };
  if (digits.empty() || digits.size() > 3) return digits;
  while (group_follows()) {
    digits += text.substr(1, 3);
    text.remove_prefix(4);
  }
  return digits;
}

// Consumes "12", "1,250.75", "+3" or "-.5" from the front of `text`.
inline std::optional<rational> take_decimal(std::string_view& text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  std::string digits = take_digits(rest);
  index_t scale = 1;
  if (rest.size() >= 2 && rest[0] == '.' && ascii::is_digit(rest[1])) {
    rest.remove_prefix(1);
    while (!rest.empty() && ascii::is_digit(rest.front())) {
      const bool counts = rest.find_first_not_of('0') < rest.find_first_not_of("0123456789");
      if (counts) {
        digits += rest.front();
        if (__builtin_mul_overflow(scale, index_t{10}, &scale)) return std::nullopt;
      }
      rest.remove_prefix(1);
    }
    if (digits.empty()) digits = "0";
  }
  if (digits.empty()) return std::nullopt;
  index_t value = 0;
  for (const char c : digits)
    if (__builtin_mul_overflow(value, index_t{10}, &value) || __builtin_add_overflow(value, c - '0', &value))
      return std::nullopt;
  text = rest;
  return rational(negative ? -value : value, scale);
}

}  // namespace detail

/// The number that begins `text` ("12", "-1,250.75", "3/4"), removed from it; nothing when none begins
/// there or it does not fit 64 bits.
inline std::optional<rational> take_rational(std::string_view& text) {
  std::string_view rest = text;
  const std::optional<rational> above = detail::take_decimal(rest);
  if (!above) return std::nullopt;
  text = rest;
  if (rest.size() < 2 || rest[0] != '/' || !ascii::is_digit(rest[1])) return above;
  rest.remove_prefix(1);
  const std::optional<rational> below = detail::take_decimal(rest);
  if (!below || *below == rational(0)) return above;
  try {
    const rational quotient = *above / *below;
    text = rest;
    return quotient;
  } catch (const size_error&) {
    return std::nullopt;
  }
}

/// All of `text` as a number, or nothing.
inline std::optional<rational> parse_rational(std::string_view text) {
  const std::optional<rational> value = take_rational(text);
  return text.empty() ? value : std::nullopt;
}

}  // namespace prismatic
