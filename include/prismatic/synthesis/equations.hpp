/// Checks the arithmetic that a worked solution states.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/arithmetic.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/canonical.hpp>
#include <prismatic/synthesis/rational.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace prismatic {

namespace detail {

constexpr std::size_t longest_side = 200;  // of an equation; it bounds the depth of parentheses

// One spelling of operators, no typesetting, no commas within numbers, no currency: "$1,000 \times 2$" is "1000 * 2".
inline std::string plain_arithmetic(std::string_view text) {
  std::string out(text);
  for (const std::string_view sign : {"\\times", "\\cdot", "\xC3\x97", "\xC2\xB7", "\xE2\x8B\x85"})
    ascii::replace_all(out, sign, "*");
  for (const std::string_view sign : {"\\div", "\xC3\xB7"}) ascii::replace_all(out, sign, "/");
  ascii::replace_all(out, "\xE2\x88\x92", "-");
  for (const std::string_view gone : {"\\left", "\\right", "\\!", "\\,", "$", "**"}) ascii::replace_all(out, gone, "");
  for (const std::string_view fraction : {"\\dfrac", "\\tfrac"}) ascii::replace_all(out, fraction, "\\frac");
  plain_fractions(out);
  for (std::size_t at = out.find(','); at != std::string::npos; at = out.find(',', at + 1))
    if (at > 0 && at + 3 < out.size() && ascii::is_digit(out[at - 1]) && ascii::is_digit(out[at + 1]) &&
        ascii::is_digit(out[at + 2]) && ascii::is_digit(out[at + 3]))
      out.erase(at, 1);
  return out;
}

constexpr bool is_arithmetic(char c) noexcept {
  return ascii::is_digit(c) || std::string_view(" .+-*/()").find(c) != std::string_view::npos;
}

// Whether the words before an expression leave it an expression of its own: not "x ", "sqrt " or "5 apples + ".
inline bool stands_alone_after(std::string_view before, std::string_view expression) {
  if (std::string_view("+-*/").find(expression.front()) != std::string_view::npos && expression.front() != '-') return false;
  const std::string_view text = ascii::trimmed(before);
  if (text.empty()) return true;
  const char last = text.back();
  if (!ascii::is_word(last)) return std::string_view(".,;:!?\n=").find(last) != std::string_view::npos;
  if (text.size() == before.size()) return false;  // "C(5, 2)", "x3"
  std::size_t begin = text.size();
  while (begin > 0 && ascii::is_word(text[begin - 1])) --begin;
  const std::string word = ascii::lower_case(text.substr(begin));
  constexpr std::array<std::string_view, 10> functions{"sqrt", "log", "ln", "sin", "cos", "tan", "mod", "gcd", "lcm", "root"};
  return expression.front() != '-' && word.size() > 1 && std::ranges::none_of(word, ascii::is_digit) &&
         std::ranges::find(functions, word) == functions.end();
}

inline std::optional<rational> value_of(std::string_view expression) {
  if (expression.empty() || expression.size() > longest_side) return std::nullopt;
  try {
    return formula::evaluate(expression, {});
  } catch (const error&) {  // no expression, a division by zero, beyond 64 bits
    return std::nullopt;
  }
}

// The expression that ends `text`, where it stands alone and has an operator.
inline std::optional<rational> left_side(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_arithmetic(text[begin - 1])) --begin;
  std::string_view expression = text.substr(begin);
  while (!expression.empty() && std::string_view(" .").find(expression.front()) != std::string_view::npos) expression.remove_prefix(1);
  const std::string_view trimmed = ascii::trimmed(expression);
  if (trimmed.find_first_of("+-*/", 1) == std::string_view::npos) return std::nullopt;
  if (!stands_alone_after(text.substr(0, text.size() - expression.size()), trimmed)) return std::nullopt;
  return value_of(trimmed);
}

// The expression that begins `text`, unless something follows that changes what it means: "5x", "2^3", "12 %", "1 mod 3".
inline std::string_view right_side(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_arithmetic(text[end])) ++end;
  std::string_view expression = text.substr(0, end), rest = text.substr(end);
  if (!rest.empty() && expression.ends_with('(')) {  // "(mod 7)", "(as above)"
    if (rest.starts_with("mod")) return {};
    expression.remove_suffix(1);
  }
  const bool touches = !expression.empty() && expression.back() != ' ' && !rest.empty();
  if (touches && (ascii::is_word(rest.front()) || std::string_view("^_!%:\\{").find(rest.front()) != std::string_view::npos)) return {};
  if (rest.starts_with("mod") || rest.starts_with("\\") || rest.starts_with("%")) return {};
  std::string_view out = ascii::trimmed(expression);
  while (!out.empty() && std::string_view("+-*/ .").find(out.back()) != std::string_view::npos) {
    if (out.back() != '.' && out.back() != ' ') return {};  // "= 3 + x"
    out.remove_suffix(1);
  }
  return out;
}

// Whether `stated` is `value` rounded or cut to the decimals it is written with.
inline bool agrees(rational value, std::string_view stated, rational said) {
  if (value == said) return true;
  const std::size_t point = stated.find('.');
  if (point == std::string_view::npos || stated.find_first_of("+-*/ ", 1) != std::string_view::npos) return false;
  index_t scale = 1;
  for (std::size_t i = point + 1; i < stated.size(); ++i)
    if (__builtin_mul_overflow(scale, index_t{10}, &scale)) return false;
  try {
    const rational difference = value - said, step(1, scale);
    return difference < step && -step < difference;
  } catch (const size_error&) {
    return true;  // beyond what can be told
  }
}

}  // namespace detail

/// The first equation between numbers in a worked solution that does not hold, as "12 * 5 = 50 (60)", or nothing. Each
/// "=" with an expression of + - * / and parentheses on its left and one or a number on its right is checked exactly;
/// a decimal on the right may be rounded or cut. Whatever else a text says is passed over: variables, units between
/// the numbers, powers, moduli, numbers beyond 64 bits. So this finds slips; it proves nothing.
/// Cost: O(length) and at most 200 characters of expression for each "=".
inline std::optional<std::string> wrong_equation(std::string_view text) {
  const std::string plain = detail::plain_arithmetic(text);
  const std::string_view whole = plain;
  std::size_t begin = 0;  // of what stands to the left of the next "="
  for (std::size_t at = whole.find('='); at != std::string_view::npos; at = whole.find('=', at + 1)) {
    const std::string_view before = whole.substr(begin, at - begin), after = whole.substr(at + 1);
    begin = at + 1;
    if (before.size() > 0 && std::string_view("<>!=~").find(before.back()) != std::string_view::npos) continue;  // "<=", "!="
    const auto left = detail::left_side(before.substr(before.size() - std::min(before.size(), 2 * detail::longest_side)));
    if (!left) continue;
    const std::string_view stated = detail::right_side(after.substr(0, detail::longest_side + 1));
    const auto right = detail::value_of(stated);
    if (!right || detail::agrees(*left, stated, *right)) continue;
    const std::string_view shown = ascii::trimmed(before);
    const std::size_t line = shown.find_last_of("\n.;:,") + 1;
    return std::string(ascii::trimmed(shown.substr(line))) + " = " + std::string(stated) + " (" + to_string(*left) + ")";
  }
  return std::nullopt;
}

}  // namespace prismatic
