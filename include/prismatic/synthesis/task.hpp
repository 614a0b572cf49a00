/// What kind of data a run makes: how a problem is read from its writer's text, and an answer from its solver's.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/labelled_text.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

enum class synthesis_task : std::uint8_t {
  mathematics,   ///< "Problem:", "Solution:"; the final answer is voted on
  inference,     ///< "Premise:", "Hypothesis:"; the label is voted on
  instructions,  ///< "Instruction:", "Response:"; any text is an answer, all agree: ask for one attempt
};

inline constexpr std::array<std::string_view, 3> synthesis_task_names{"mathematics", "inference", "instructions"};

/// The problem in a writer's text, thoughts aside, or nothing: a text that was cut or refused has none.
inline std::optional<problem> read_problem(synthesis_task task, const response& written) {
  if (!written.is_whole()) return std::nullopt;
  if (task == synthesis_task::mathematics) return parse_problem(written.text);
  const std::string_view text = without_thoughts(written.text);
  problem out;
  if (task == synthesis_task::inference) {
    constexpr std::array<std::string_view, 3> labels{"Premise", "Hypothesis", "Label"};
    const std::vector<std::string> parts = labelled_parts(text, labels);
    if (parts[0].empty() || parts[1].empty()) return std::nullopt;
    out.question = inference_question(parts[0], parts[1]);
    out.solution = parts[2];
    out.answer = extract_answer(parts[2], {.kind = answer_kind::label}).value_or("");
  } else {
    constexpr std::array<std::string_view, 2> labels{"Instruction", "Response"};
    const std::vector<std::string> parts = labelled_parts(text, labels);
    if (parts[0].empty()) return std::nullopt;
    out.question = parts[0];
    out.solution = parts[1];
  }
  return out;
}

/// The answer a solver's text votes for, in canonical form, or nothing: a text that was cut or refused has no vote.
inline std::optional<std::string> read_answer(synthesis_task task, const response& solved) {
  if (!solved.is_whole()) return std::nullopt;
  const std::string_view text = without_thoughts(solved.text);
  if (task == synthesis_task::mathematics) return extract_answer(text);
  if (task == synthesis_task::inference) return extract_answer(text, {.kind = answer_kind::label});
  return ascii::trimmed(text).empty() ? std::nullopt : std::optional(std::string());
}

}  // namespace prismatic
