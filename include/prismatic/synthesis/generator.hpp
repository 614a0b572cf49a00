/// What writes problems and what solves them: the two concepts, and the plain records they exchange.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// A problem with a worked solution. `answer` is canonical (see canonical_answer); topic, solution and
/// answer may be empty where the writer gave none.
struct problem {
  std::string topic;
  std::string question;
  std::string solution;
  std::string answer;
};

/// An example shown to the writer of a new problem.
struct few_shot {
  std::string_view question;
  std::string_view solution;
};

/// One new problem is asked for. The response depends on this record alone (and on the
/// generator's own seed), never on what else is in the batch, so a run can be resumed request by request.
struct generation_request {
  std::uint64_t number = 0;
  std::span<const few_shot> examples;
  std::optional<double> temperature = {};  ///< nothing: the generator's own; one that does not sample takes no notice
};

/// What came back: the text as received, kept so that it can be parsed again, and the problem read from
/// it, or nothing when the text has none.
struct generation {
  std::string text;
  std::optional<problem> posed;
};

/// A problem is to be solved `attempts` times, independently. Only the built-in solver, which has to know
/// the truth, may look past posed->question. `number` is as in generation_request.
struct solve_request {
  std::uint64_t number = 0;
  const problem* posed = nullptr;
  index_t attempts = 1;
};

/// One worked solution as received, and the canonical answer read from it, if any.
struct attempt {
  std::string text;
  std::optional<std::string> answer;
};

/// All attempts at one problem, in order.
struct solution {
  std::vector<attempt> attempts;
};

/// Writes new problems: result i belongs to request i. An implementation may keep many requests in
/// flight; it returns when all are answered, and hands out a response that failed for good as empty text.
template <class G>
concept generator = requires(G& g, std::span<const generation_request> requests) {
  { g.generate(requests) } -> std::same_as<std::vector<generation>>;
};

/// Solves problems: result i belongs to request i and holds the number of attempts it asked for.
template <class S>
concept solver = requires(S& s, std::span<const solve_request> requests) {
  { s.solve(requests) } -> std::same_as<std::vector<solution>>;
};

/// What a model says once it has thought: the text behind the last </think>. Nothing when it never stops thinking.
inline std::string_view without_thoughts(std::string_view text) noexcept {
  constexpr std::string_view open = "<think>", close = "</think>";
  if (const std::size_t end = text.rfind(close); end != std::string_view::npos) return text.substr(end + close.size());
  return text.starts_with(open) ? std::string_view{} : text;
}

/// Reads a problem from the text of a generator, its thoughts aside. Lines that start with "Topic:", "Problem:" and
/// "Solution:" open the three parts; only "Problem:" is required.
/// @return nothing when the text holds no problem
inline std::optional<problem> parse_problem(std::string_view text) {
  text = without_thoughts(text);
  problem out;
  std::string* part = nullptr;
  while (!text.empty()) {
    std::string_view line = ascii::take_until(text, "\n");
    const auto opens = [&](std::string_view label, std::string& target) {
      if (!line.starts_with(label) || !target.empty()) return;
      line.remove_prefix(label.size());
      part = &target;
    };
    opens("Topic:", out.topic);
    opens("Problem:", out.question);
    opens("Solution:", out.solution);
    if (part == nullptr) continue;
    if (!part->empty()) *part += '\n';
    *part += part->empty() ? ascii::trimmed(line) : line;
  }
  for (std::string* p : {&out.topic, &out.question, &out.solution}) *p = ascii::trimmed(*p);
  if (out.question.empty()) return std::nullopt;
  out.answer = extract_answer(out.solution, {.guess = false}).value_or("");
  return out;
}

/// The text that parse_problem reads back.
inline std::string write_problem(std::string_view topic, std::string_view question, std::string_view solution) {
  std::string out;
  if (!topic.empty()) out.append("Topic: ").append(topic).append("\n");
  return out.append("Problem: ").append(question).append("\nSolution: ").append(solution);
}

}  // namespace prismatic
