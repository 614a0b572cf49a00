/// One spelling for each answer, so that votes for the same answer meet.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/rational.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// The labels of natural-language inference.
inline constexpr std::array<std::string_view, 3> inference_labels{"entailment", "neutral", "contradiction"};

/// \frac{a}{b} and \frac12 become a/b; a part longer than one number or letter is put in parentheses.
inline void plain_fractions(std::string& text) {
  constexpr std::string_view command = "\\frac";
  for (std::size_t at = text.find(command); at != std::string::npos; at = text.find(command, at)) {
    std::size_t end = at + command.size();
    const bool mixed = at > 0 && ascii::is_digit(text[at - 1]);
    std::array<std::string, 2> parts;
    for (std::string& part : parts) {
      while (end < text.size() && text[end] == ' ') ++end;
      if (end >= text.size()) return;
      const auto inside = text[end] == '{' ? ascii::braced(text, end) : std::string_view(text).substr(end, 1);
      if (!inside) return;
      end += inside->size() + (text[end] == '{' ? 2 : 0);
      part = ascii::trimmed(*inside);
      const bool is_negative = !mixed && &part == &parts.front() && part.starts_with('-');
      const bool simple = std::ranges::all_of(part.begin() + (is_negative ? 1 : 0), part.end(),
                                              [](char c) { return ascii::is_digit(c) || c == '.' || c == ','; });
      if (!simple && part.size() > 1) part = '(' + part + ')';
    }
    text.replace(at, end - at, (mixed ? " " : "") + parts[0] + '/' + parts[1]);
  }
}

namespace detail {

// \text{km} becomes " km": what a wrapper shows, without the wrapper.
inline void unwrap(std::string& text, std::string_view command) {
  for (std::size_t at = text.find(command); at != std::string::npos; at = text.find(command, at)) {
    const auto inside = ascii::braced(text, at + command.size() - 1);
    if (!inside) return;
    text.replace(at, command.size() + inside->size() + 1, ' ' + std::string(*inside));
  }
}

inline std::string collapse_spaces(std::string_view text) {
  std::string out;
  for (const char c : ascii::trimmed(text))
    if (!ascii::is_space(c))
      out += c;
    else if (out.back() != ' ')
      out += ' ';
  return out;
}

// One character for a fraction or a power.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 9> typeset_signs{{
    {"\xC2\xBD", " 1/2"}, {"\xC2\xBC", " 1/4"}, {"\xC2\xBE", " 3/4"}, {"\xE2\x85\x93", " 1/3"}, {"\xE2\x85\x94", " 2/3"},
    {"\xC2\xB2", "^2"}, {"\xC2\xB3", "^3"}, {"\xC3\x97", "\\times "}, {"\\cdot", "\\times"}}};

// "^{2}" is "^2": braces around one digit or letter say nothing.
inline void unbrace(std::string& text) {
  for (const std::string_view opening : {"^{", "_{"})
    for (std::size_t at = text.find(opening); at != std::string::npos; at = text.find(opening, at + 1))
      if (at + 3 < text.size() && text[at + 3] == '}' && (ascii::is_digit(text[at + 2]) || ascii::is_letter(text[at + 2])))
        text.replace(at, 4, {text[at], text[at + 2]});
}

// "(3, 4)" and "( 3,4 )" are "(3,4)".
inline void close_up(std::string& text) {
  if (text.empty() || std::string_view("([{").find(text.front()) == std::string_view::npos) return;
  for (const std::string_view mark : {",", "(", ")", "[", "]"})
    for (const auto& spaced : {std::string(mark) + " ", " " + std::string(mark)}) ascii::replace_all(text, spaced, mark);
}

// Typesetting that does not change the value: LaTeX spacing and wrappers, markdown stars, Unicode minus.
inline std::string without_typesetting(std::string_view raw) {
  std::string text(raw);
  ascii::replace_all(text, "\xE2\x88\x92", "-");  // U+2212 minus
  for (const std::string_view space : {"\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"})  // no-break, narrow no-break, thin
    ascii::replace_all(text, space, " ");
  for (const auto& [sign, plain] : typeset_signs) ascii::replace_all(text, sign, plain);
  ascii::replace_all(text, "{,}", ",");
  ascii::replace_all(text, "\\dfrac", "\\frac");
  ascii::replace_all(text, "\\tfrac", "\\frac");
  for (const std::string_view gone :
       {"\\left", "\\right", "\\displaystyle", "\\(", "\\)", "\\[", "\\]", "\\!", "**"})
    ascii::replace_all(text, gone, "");
  for (const std::string_view space : {"\\,", "\\;", "\\:", "\\ ", "~"}) ascii::replace_all(text, space, " ");
  for (const std::string_view wrapper :
       {"\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\mbox{", "\\boxed{"})
    unwrap(text, wrapper);
  plain_fractions(text);
  unbrace(text);
  ascii::replace_all(text, "\\$", "$");
  ascii::replace_all(text, "\\%", "%");
  text = collapse_spaces(text);
  if (text.size() >= 2 && text.front() == '$' && text.back() == '$') text = text.substr(1, text.size() - 2);
  while (!text.empty() && std::string_view(".,;:!").find(text.back()) != std::string_view::npos)
    text.pop_back();
  text = ascii::trimmed(text);
  close_up(text);
  return text;
}

// "x = 5" says 5; "2x = 5" and "x = y = 5" are left alone.
inline std::string_view right_hand_side(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || text.find('=', equals + 1) != std::string_view::npos) return text;
  const std::string_view name = ascii::trimmed(text.substr(0, equals));
  const bool is_name = !name.empty() && name.size() <= 12 && std::ranges::all_of(name, ascii::is_letter);
  return is_name ? ascii::trimmed(text.substr(equals + 1)) : text;
}

// Whether `text`, which follows a number, only names what was counted: "apples", "km/h", "square metres".
inline bool is_unit(std::string_view text) {
  constexpr std::array<std::string_view, 49> short_units{
      "m",   "g",    "s",    "h",   "l",          "L",         "W",          "J",         "N",   "V",
      "km",  "cm",   "mm",   "kg",  "mg",         "ml",        "mL",         "in",        "ft",  "yd",
      "mi",  "lb",   "oz",   "hr",  "kW",         "km/h",      "m/s",        "mph",       "min", "cm^2",
      "m^2", "km^2", "cm^3", "m^3", "cm\xC2\xB2", "m\xC2\xB2", "cm\xC2\xB3", "m\xC2\xB3", "kWh", "%",
      "MB",  "GB",   "Hz",  "kHz", "ms",         "ha",        "in^2",       "ft^2",      "mm^2"};
  constexpr std::array<std::string_view, 16> never_units{
      "and",     "plus",     "minus",   "times",   "over",  "mod",      "sqrt",       "root",
      "hundred", "thousand", "million", "billion", "dozen", "trillion", "percentage", "modulo"};
  const bool attached = !text.empty() && !ascii::is_space(text.front());
  text = ascii::trimmed(text);
  if (std::ranges::find(short_units, text) != short_units.end()) return true;
  if (attached || std::ranges::count(text, ' ') > 2) return false;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (std::ranges::find(short_units, word) != short_units.end()) continue;
    const bool is_word =
        std::ranges::all_of(word, [](char c) { return ascii::is_letter(c) || c == '/' || c == '-'; });
    if (word == "of" || word == "per") continue;
    if (!is_word || word.size() < 3 ||
        std::ranges::find(never_units, ascii::lower_case(word)) != never_units.end())
      return false;
  }
  return true;
}

// "\times 10^3", "e3" and "e-3" behind a number, removed from `text`.
inline std::optional<rational> take_power_of_ten(std::string_view& text) {
  std::string_view rest = text;
  const auto take = [&](std::string_view what) {
    if (!rest.starts_with(what)) return false;
    rest.remove_prefix(what.size());
    return true;
  };
  const bool written_out = [&] {
    rest = ascii::trimmed(rest);
    const bool times = take("\\times") || take("*") || take("x ");
    rest = ascii::trimmed(rest);
    return times && (take("10^") || take("10**"));
  }();
  if (!written_out) {
    rest = text;
    if (!(take("e") || take("E"))) return std::nullopt;
  }
  const bool braced = written_out && take("{");
  const bool negative = take("-");
  if (!negative) (void)take("+");
  index_t exponent = 0, count = 0;
  for (; !rest.empty() && ascii::is_digit(rest.front()) && count < 3; ++count) {
    exponent = 10 * exponent + (rest.front() - '0');
    rest.remove_prefix(1);
  }
  if (count == 0 || (braced && !take("}")) || exponent > 18) return std::nullopt;
  index_t power = 1;
  for (index_t i = 0; i < exponent; ++i) power *= 10;
  text = rest;
  return negative ? rational(1, power) : rational(power);
}

// "12 345 678": thousands set apart by spaces, and nothing else.
inline std::optional<rational> spaced_thousands(std::string_view text) {
  std::string joined(ascii::take_until(text, " "));
  if (joined.empty() || joined.size() > 3 || text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::string_view group = ascii::take_until(text, " ");
    if (group.size() != 3) return std::nullopt;
    joined += group;
  }
  return std::ranges::all_of(joined, ascii::is_digit) ? parse_rational(joined) : std::nullopt;
}

// "$1,250.00", "-$3", "50%", "90°", "2 1/2", "12 apples": the number, without what stands around it.
inline std::optional<rational> number_in(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  for (const std::string_view currency :
       {"$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "USD ", "US$", "EUR ", "GBP ", "Rs. "})
    if (text.starts_with(currency)) text = ascii::trimmed(text.substr(currency.size()));
  const std::string_view digits = text;
  std::optional<rational> value = take_rational(text);
  if (!value) return std::nullopt;
  if (const auto power = take_power_of_ten(text)) value = *value * *power;
  else if (const auto grouped = spaced_thousands(digits)) return negative ? -*grouped : *grouped;
  if (std::string_view rest = text; value->is_integer() && rest.starts_with(' ')) {  // a mixed number
    rest.remove_prefix(1);
    const bool unsigned_digits = !rest.empty() && ascii::is_digit(rest.front());
    const auto part = unsigned_digits ? take_rational(rest) : std::nullopt;
    if (part && !part->is_integer() && *part < rational(1) && !(*value < rational(0))) {
      *value = *value + *part;
      text = rest;
    }
  }
  for (const std::string_view sign :
       {"$", "^\\circ", "^{\\circ}", "\xC2\xB0", "\xE2\x82\xAC"})  // 12$, degrees, 12€
    if (text.starts_with(sign)) {
      text = text.substr(sign.size());
      if (sign != "$" && (text == "C" || text == "F")) text = {};
    }
  if (!text.empty() && !is_unit(text)) return std::nullopt;
  return negative ? -*value : *value;
}

// The labels in other words.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 9> label_words{{
    {"entails", "entailment"}, {"entailed", "entailment"}, {"entail", "entailment"}, {"implied", "entailment"},
    {"contradicts", "contradiction"}, {"contradicted", "contradiction"}, {"contradictory", "contradiction"},
    {"undetermined", "neutral"}, {"unrelated", "neutral"}}};

// "(B)", "B", "B)", "b)" and "option B" are the choice B; a bare "b" is a variable.
inline std::optional<char> choice_in(std::string_view text) {
  for (const std::string_view word : {"option ", "choice ", "Option ", "Choice ", "answer ", "Answer "})
    if (text.starts_with(word)) text.remove_prefix(word.size());
  const bool opened = text.starts_with('(');
  if (opened) text.remove_prefix(1);
  const bool closed = text.ends_with(')');
  if (closed) text.remove_suffix(1);
  if (text.size() != 1 || (opened && !closed)) return std::nullopt;
  const char letter = text.front();
  if (letter >= 'A' && letter <= 'E') return letter;
  if (!closed || letter < 'a' || letter > 'e') return std::nullopt;
  return static_cast<char>(letter - 'a' + 'A');
}

}  // namespace detail

/// The canonical spelling of an answer:
///   numbers   without thousands separators, currency, percent sign, units, leading + or trailing zeros;
///             fractions and terminating decimals as one exact rational ("1/2" and "0.50" are "0.5");
///             powers of ten multiplied out ("1.5 \times 10^3" and "1.5e3" are "1500")
///   choices   "(b)", "B." and "option B" are "B" (A to E)
///   labels    entailment, neutral, contradiction in lower case; "entails", "contradictory" and their like are these
///   the rest  without LaTeX wrappers and extra spaces; in lower case unless it has LaTeX commands
/// Units and percent signs are dropped, not converted: "50%" is "50", and "2 thousand" stays text.
/// Applying it twice changes nothing. Cost: O(length).
inline std::string canonical_answer(std::string_view text) {
  const std::string plain = detail::without_typesetting(text);
  const std::string_view said = detail::right_hand_side(plain);
  try {
    if (const auto number = detail::number_in(said)) return to_string(*number);
  } catch (const size_error&) {  // beyond 64 bits: compared as text
  }
  if (const auto choice = detail::choice_in(said)) return std::string(1, *choice);
  if (said.size() == 1 || said.find('\\') != std::string_view::npos) return std::string(said);
  std::string out = ascii::lower_case(said);
  for (const auto& [word, label] : detail::label_words)
    if (out == word) return std::string(label);
  return out;
}

}  // namespace prismatic
