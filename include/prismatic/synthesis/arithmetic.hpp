/// Evaluates the small formulas of the problem grammar, exactly.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/rational.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Named numbers, looked up by name.
class variables {
 public:
  /// Defines `name`, or changes it.
  void set(std::string_view name, rational value) {
    for (auto& [known, held] : values_)
      if (known == name) {
        held = value;
        return;
      }
    values_.emplace_back(name, value);
  }

  /// @throws data_error  no such variable
  [[nodiscard]] rational get(std::string_view name) const {
    for (const auto& [known, held] : values_)
      if (known == name) return held;
    throw data_error("", 0, "formula", "unknown variable '" + std::string(name) + "'", "");
  }

 private:
  std::vector<std::pair<std::string, rational>> values_;
};

/// Evaluates `formula`: numbers, variables, + - * / with the usual precedence, parentheses, and
/// floor(a), mod(a, b), gcd(a, b), lcm(a, b), pow(a, n), choose(n, k).
/// @throws data_error  the formula cannot be read, or a function is given something outside its domain
/// @throws numeric_error, size_error  as rational
class formula {
 public:
  static rational evaluate(std::string_view text, const variables& known) {
    formula f(text, known);
    const rational value = f.sum();
    if (!f.rest_.empty()) f.fail("'" + std::string(f.rest_) + "'", "the end");
    return value;
  }

 private:
  formula(std::string_view text, const variables& known) : text_(text), rest_(text), known_(known) {}

  // sum = product {("+" | "-") product}
  rational sum() {
    rational value = product();
    while (true) {
      if (take('+'))
        value = value + product();
      else if (take('-'))
        value = value - product();
      else
        return value;
    }
  }

  // product = factor {("*" | "/") factor}
  rational product() {
    rational value = factor();
    while (true) {
      if (take('*'))
        value = value * factor();
      else if (take('/'))
        value = value / factor();
      else
        return value;
    }
  }

  // factor = "-" factor | "(" sum ")" | number | name | name "(" sum ["," sum] ")"
  rational factor() {
    if (take('-')) return -factor();
    if (take('(')) {
      const rational value = sum();
      expect(')');
      return value;
    }
    const std::string_view word = take_word();
    if (word.empty()) fail(rest_.empty() ? "the end" : "'" + std::string(rest_) + "'", "a number or a name");
    if (ascii::is_digit(word.front())) {
      const auto value = parse_rational(word);
      if (!value) fail("'" + std::string(word) + "'", "a number");
      return *value;
    }
    return take('(') ? call(word) : known_.get(word);
  }

  rational call(std::string_view name) {
    const rational a = sum();
    if (name == "floor") {
      expect(')');
      return (a - remainder(a, 1));
    }
    expect(',');
    const rational b = sum();
    expect(')');
    if (name == "mod") return remainder(a, b);
    const index_t m = whole(a), n = whole(b);
    if (name == "gcd") return std::gcd(m, n);
    if (name == "lcm") return std::lcm(m, n);
    if (name == "pow") return power(m, n);
    if (name == "choose") return choose(m, n);
    fail("function '" + std::string(name) + "'", "floor, mod, gcd, lcm, pow or choose");
  }

  // a - b floor(a / b), b > 0
  static rational remainder(rational a, rational b) {
    const rational quotient = a / b;
    const index_t down = quotient.numerator() / quotient.denominator() -
                         (quotient.numerator() < 0 && !quotient.is_integer() ? 1 : 0);
    return a - b * rational(down);
  }

  static rational power(index_t base, index_t exponent) {
    rational out = 1;
    for (index_t i = 0; i < exponent; ++i) out = out * rational(base);
    return out;
  }

  static rational choose(index_t n, index_t k) {
    rational out = 1;
    for (index_t i = 1; i <= k; ++i) out = out * rational(n - k + i, i);
    return out;
  }

  [[nodiscard]] index_t whole(rational value) const {
    if (!value.is_integer() || value < rational(0)) fail(to_string(value), "a whole number");
    return value.numerator();
  }

  void skip_spaces() { rest_ = ascii::trimmed(rest_); }

  bool take(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    skip_spaces();
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(rest_.empty() ? "the end" : "'" + std::string(rest_) + "'", std::string(1, c));
  }

  std::string_view take_word() {
    skip_spaces();
    const auto part = [](char c) { return ascii::is_letter(c) || ascii::is_digit(c) || c == '.' || c == '_'; };
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest_, part) - rest_.begin());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    skip_spaces();
    return word;
  }

  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw data_error("", 0, "formula '" + std::string(text_) + "'", found, expected);
  }

  std::string_view text_, rest_;
  const variables& known_;
};

}  // namespace prismatic
