/// Finds the final answer in a worked solution.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/canonical.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// What kind of answer is looked for.
enum class answer_kind : std::uint8_t { any, number, choice, label };

struct answer_options {
  /// Answers of another kind are not accepted.
  answer_kind kind = answer_kind::any;
  /// Where nothing marks the answer, take the last number (any, number), choice in parentheses or label.
  bool guess = true;
};

namespace detail {

inline bool fits(std::string_view canonical, answer_kind kind) {
  switch (kind) {
    case answer_kind::number:
      return parse_rational(canonical).has_value();
    case answer_kind::choice:
      return canonical.size() == 1 && canonical[0] >= 'A' && canonical[0] <= 'E';
    case answer_kind::label:
      return std::ranges::find(inference_labels, canonical) != inference_labels.end();
    case answer_kind::any:
      return !canonical.empty();
  }
  return false;
}

inline bool is_plain(std::string_view canonical) {
  return fits(canonical, answer_kind::number) || fits(canonical, answer_kind::choice) ||
         fits(canonical, answer_kind::label);
}

// The last number in the text, as written, and how many there are.
struct numbers_found {
  std::string_view last;
  index_t count = 0;
};
inline numbers_found find_numbers(std::string_view text) {
  numbers_found out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!ascii::is_digit(text[at])) continue;
    std::size_t begin = at;
    if (begin > 0 && text[begin - 1] == '$') --begin;
    const bool signed_number =
        begin > 0 && text[begin - 1] == '-' && (begin == 1 || !ascii::is_digit(text[begin - 2])) &&
        (begin == 1 || !ascii::is_letter(text[begin - 2])) && (begin == 1 || text[begin - 2] != ')');
    if (signed_number) --begin;
    std::string_view rest = text.substr(at);
    const bool readable = take_rational(rest).has_value();
    std::size_t end = readable ? text.size() - rest.size() : at;
    while (!readable && end < text.size() && ascii::is_digit(text[end])) ++end;
    out = {text.substr(begin, end - begin), out.count + 1};
    at = end - 1;
  }
  return out;
}

inline std::optional<std::string> last_choice(std::string_view text) {
  for (std::size_t at = text.rfind('('); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : text.rfind('(', at - 1))
    if (std::string choice = canonical_answer(text.substr(at, 3)); fits(choice, answer_kind::choice))
      return choice;
  return std::nullopt;
}

inline std::optional<std::string> last_label(const std::string& lower_text) {
  std::string_view best;
  std::size_t best_at = 0;
  for (const std::string_view label : inference_labels)
    if (const std::size_t at = lower_text.rfind(label);
        at != std::string::npos && (best.empty() || at > best_at)) {
      best = label;
      best_at = at;
    }
  if (best.empty()) return std::nullopt;
  return std::string(best);
}

// The end of the statement that starts the text: a line break, or a full stop that ends a sentence.
inline std::string_view statement(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  for (std::size_t at = text.find(". "); at != std::string_view::npos; at = text.find(". ", at + 1))
    if (at > 0) return text.substr(0, at);
  return text;
}

// What a marked statement answers: itself when it is plain, what it opens with ("(B) because ..."), its
// only number ("he has 12 of them left over"), or a short text.
inline std::optional<std::string> stated_answer(std::string_view marked, answer_kind kind) {
  while (!marked.empty() && (ascii::is_space(marked.front()) || marked.front() == ':' || marked.front() == '*'))
    marked.remove_prefix(1);
  bool says_choice = false;
  for (const std::string_view word : {"option ", "choice ", "Option ", "Choice "})
    if (marked.starts_with(word)) {
      marked.remove_prefix(word.size());
      says_choice = true;
    }
  std::string canonical = canonical_answer(marked);
  if (kind == answer_kind::any ? is_plain(canonical) : fits(canonical, kind)) return canonical;
  const std::string_view first_word = marked.substr(0, marked.find_first_of(" ,;."));
  const std::string opening = canonical_answer(first_word);
  const bool shows_a_choice = says_choice || marked.starts_with('(') || first_word.ends_with(')') || first_word.ends_with(':');
  const bool opens_with_choice =
      fits(opening, answer_kind::choice) && (shows_a_choice || kind == answer_kind::choice);
  const bool is_label = fits(opening, answer_kind::label);
  if ((opens_with_choice || is_label) && (kind == answer_kind::any || fits(opening, kind))) return opening;
  if (kind == answer_kind::choice) return last_choice(marked);
  if (kind == answer_kind::label) return last_label(ascii::lower_case(marked));
  const numbers_found numbers = find_numbers(marked);
  const bool formula = marked.find_first_of("\\^_=") != std::string_view::npos;
  if (numbers.count == 1 && !formula && marked.find(' ') != std::string_view::npos)
    if (std::string number = canonical_answer(numbers.last); fits(number, answer_kind::number)) return number;
  constexpr std::size_t longest_text = 80;
  if (kind == answer_kind::any && !canonical.empty() && canonical.size() <= longest_text) return canonical;
  return std::nullopt;
}

// Where the last marker of the answer ends, or npos.
inline std::size_t after_last_marker(const std::string& lower_text, answer_kind kind) {
  constexpr std::array<std::string_view, 8> markers{"answer is",         "answer:",           "answer :",  "answer =",
                                                    "correct option is", "correct choice is", "label is",  "label:"};
  const std::size_t common = kind == answer_kind::label ? markers.size() : 6;  // elsewhere a label is just a word
  std::size_t out = std::string::npos;
  for (const std::string_view marker : std::span(markers).first(common))
    if (const std::size_t at = lower_text.rfind(marker); at != std::string::npos)
      if (out == std::string::npos || at + marker.size() > out) out = at + marker.size();
  return out;
}

}  // namespace detail

/// The canonical final answer of a worked solution. The first of these that occurs decides, its last
/// occurrence if it occurs often: \boxed{...}, "#### ...", "the answer is ...", "answer: ...", "the correct option (or
/// choice) is ..." or, where a label is looked for, "the label is ..." and "label: ..."; else the
/// guess that the options allow. A marker with nothing usable behind it (a text cut short) yields nothing.
/// Cost: O(length).
inline std::optional<std::string> extract_answer(std::string_view text, answer_options opt = {}) {
  constexpr std::string_view box = "\\boxed{";
  if (const std::size_t at = text.rfind(box); at != std::string_view::npos) {
    const auto inside = ascii::braced(text, at + box.size() - 1);
    return inside ? detail::stated_answer(*inside, opt.kind) : std::nullopt;
  }
  if (const std::size_t at = text.rfind("####"); at != std::string_view::npos) {
    const std::string_view line = text.substr(at + 4, text.find('\n', at) - at - 4);
    return detail::stated_answer(line, opt.kind);
  }
  const std::string lower_text = ascii::lower_case(text);
  if (const std::size_t at = detail::after_last_marker(lower_text, opt.kind); at != std::string::npos)
    return detail::stated_answer(detail::statement(text.substr(at)), opt.kind);
  if (!opt.guess) return std::nullopt;
  if (opt.kind == answer_kind::choice) return detail::last_choice(text);
  if (opt.kind == answer_kind::label) return detail::last_label(lower_text);
  const detail::numbers_found numbers = detail::find_numbers(text);
  if (numbers.count == 0) return std::nullopt;
  return canonical_answer(numbers.last);
}

}  // namespace prismatic
