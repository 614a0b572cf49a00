/// The grammar of word problems: templates with drawn numbers, computed numbers and drawn words.
///
///   {a*p}          the value of a formula (arithmetic.hpp) over the form's variables
///   {x:$}          as money: 12 or 12.50          {x:/}      as a fraction in lowest terms: 3/10
///   {t:clock}      minutes after midnight as 14:05
///   {yes|no}       one of the alternatives, which are templates again; drawn at each place
///   {@fruit}       a word from a list (word_lists.hpp), the same at each place; {@fruit2} is another one
///   {@name} {@name2} {@he} {@He} {@his} {@His} {@him}     two people; the pronouns belong to the first
///
/// Variables are defined in order, separated by spaces: n=2..9 (drawn, both ends included), n=5|10|25
/// (drawn), or n=formula.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/arithmetic.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/dice.hpp>
#include <prismatic/synthesis/word_lists.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// One way of asking one kind of question.
struct word_problem_form {
  std::string_view topic;
  std::string_view variables;
  std::string_view question;
  /// One step a line, each one sentence; equations in them are true as written.
  std::string_view steps;
  std::string_view answer;
};

namespace detail {

// Splits at separators that stand outside braces.
inline std::vector<std::string_view> split_outside_braces(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  index_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (text[i] != separator || depth != 0) continue;
    out.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  out.push_back(text.substr(begin));
  return out;
}

inline std::string money(rational value) {
  std::string out = to_string(value);
  const std::size_t point = out.find('.');
  if (point != std::string::npos && out.size() - point == 2) out += '0';
  return out;
}

inline std::string clock(rational value) {
  const index_t minutes = value.numerator();
  const std::string past = std::to_string(minutes % 60);
  return std::to_string(minutes / 60) + ':' + (past.size() == 1 ? "0" : "") + past;
}

inline std::string shown(rational value, std::string_view format) {
  if (format.empty()) return to_string(value);
  if (format == "$") return money(value);
  if (format == "clock") return clock(value);
  if (format == "/" && !value.is_integer())
    return std::to_string(value.numerator()) + '/' + std::to_string(value.denominator());
  if (format == "/") return to_string(value);
  throw data_error("", 0, "template", "format '" + std::string(format) + "'", "$, / or clock");
}

}  // namespace detail

/// Fills the templates of one problem: the same numbers, people and words throughout.
class template_writer {
 public:
  /// Draws and computes the variables. @throws data_error  a definition or formula cannot be read
  template_writer(std::string_view definitions, dice& random) : random_(random) {
    while (!definitions.empty()) define(ascii::take_until(definitions, " "));
  }

  /// @throws data_error  the template cannot be read
  [[nodiscard]] std::string write(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t open = text.find('{');
      out += text.substr(0, open);
      if (open == std::string_view::npos) break;
      const auto inside = ascii::braced(text, open);
      if (!inside) throw data_error("", 0, "template", "'" + std::string(text) + "'", "a closing brace");
      out += fill(*inside);
      text.remove_prefix(open + inside->size() + 2);
    }
    return out;
  }

 private:
  void define(std::string_view definition) {
    const std::string_view name = ascii::take_until(definition, "=");
    values_.set(name, drawn(definition));
  }

  rational drawn(std::string_view rule) {
    if (const std::size_t dots = rule.find(".."); dots != std::string_view::npos)
      return random_.between(evaluate(rule.substr(0, dots)).numerator(),
                             evaluate(rule.substr(dots + 2)).numerator());
    return evaluate(random_.pick(detail::split_outside_braces(rule, '|')));
  }

  rational evaluate(std::string_view text) const { return formula::evaluate(text, values_); }

  std::string fill(std::string_view inside) {
    if (inside.starts_with('@')) return word(inside.substr(1));
    const auto alternatives = detail::split_outside_braces(inside, '|');
    if (alternatives.size() > 1) return write(random_.pick(alternatives));
    const std::string_view value = ascii::take_until(inside, ":");
    return detail::shown(evaluate(value), inside);
  }

  std::string word(std::string_view slot) {
    const std::size_t digit = slot.find_first_of("23");
    const std::string_view list = slot.substr(0, digit);
    const index_t which = digit == std::string_view::npos ? 0 : slot[digit] - '1';
    if (list == "name") return name(which);
    if (const auto pronoun = std::ranges::find(pronouns, list, &pronoun_pair::slot);
        pronoun != std::end(pronouns))
      return std::string(first_is_woman() ? pronoun->woman : pronoun->man);
    const auto words = word_list(list);
    const word_draw draw = drawn_words(list, static_cast<index_t>(words.size()));
    const index_t at = (draw.first + which * draw.step) % static_cast<index_t>(words.size());
    return std::string(words[static_cast<std::size_t>(at)]);
  }

  struct pronoun_pair {
    std::string_view slot, woman, man;
  };
  static constexpr pronoun_pair pronouns[] = {{"he", "she", "he"},
                                              {"He", "She", "He"},
                                              {"his", "her", "his"},
                                              {"His", "Her", "His"},
                                              {"him", "her", "him"}};

  bool first_is_woman() { return drawn_words("gender", 2).first == 0; }

  // The second person is of the other sex, so that pronouns stay clear.
  std::string name(index_t which) {
    const auto names = word_list((which == 0) == first_is_woman() ? "woman" : "man");
    const word_draw draw = drawn_words(which == 0 ? "name" : "name2", static_cast<index_t>(names.size()));
    return std::string(names[static_cast<std::size_t>(draw.first)]);
  }

  // Words 0, 1, 2 of a list of n >= 5 are entries first + which * step, all different as 2 step < n.
  struct word_draw {
    index_t first, step;
  };
  word_draw drawn_words(std::string_view list, index_t n) {
    const auto [at, is_new] = words_.try_emplace(std::string(list));
    if (is_new) at->second = {random_.below(n), random_.between(1, std::max<index_t>(1, (n - 1) / 2))};
    return at->second;
  }

  dice& random_;
  variables values_;
  std::map<std::string, word_draw> words_;
};

/// Whether `text` could have been written from `form.question`: its fixed parts occur in order.
inline bool could_be(const word_problem_form& form, std::string_view text) {
  std::string_view pattern = form.question;
  bool anchored = true;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    const std::string_view fixed = pattern.substr(0, open);
    const std::size_t at = text.find(fixed);
    if (at == std::string_view::npos || (anchored && at != 0)) return false;
    text.remove_prefix(at + fixed.size());
    if (open == std::string_view::npos) return text.empty();
    const auto inside = ascii::braced(pattern, open);
    if (!inside) return false;
    pattern.remove_prefix(open + inside->size() + 2);
    anchored = false;
  }
  return true;
}

}  // namespace prismatic
