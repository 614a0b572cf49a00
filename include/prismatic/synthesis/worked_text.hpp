/// The layouts in which worked solutions are written: the same steps, dressed differently.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// "Step 1: ..." lines, one paragraph, "1. ..." lines, "- ..." lines.
enum class solution_layout : std::uint8_t { steps, paragraph, numbers, bullets };

inline constexpr std::array<solution_layout, 4> solution_layouts{
    solution_layout::steps, solution_layout::paragraph, solution_layout::numbers, solution_layout::bullets};

/// The sentence that ends a worked solution and that extract_answer looks for.
inline std::string final_sentence(std::string_view answer) {
  return "The answer is " + std::string(answer) + '.';
}

/// `steps`, one sentence each, and the answer as a text in the given layout.
inline std::string lay_out(std::span<const std::string> steps, std::string_view answer,
                           solution_layout layout) {
  std::string out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (layout == solution_layout::steps) out += "Step " + std::to_string(i + 1) + ": ";
    if (layout == solution_layout::numbers) out += std::to_string(i + 1) + ". ";
    if (layout == solution_layout::bullets) out += "- ";
    out += steps[i] + (layout == solution_layout::paragraph ? ' ' : '\n');
  }
  return out + final_sentence(answer);
}

/// The layout that a text seems to follow.
inline solution_layout layout_of(std::string_view text) {
  if (text.starts_with("Step 1: ")) return solution_layout::steps;
  if (text.starts_with("1. ")) return solution_layout::numbers;
  return text.starts_with("- ") ? solution_layout::bullets : solution_layout::paragraph;
}

/// The steps of a text in any layout, undressed and without the final sentence. Other texts are split at
/// their lines, or at their sentences when they have one line.
inline std::vector<std::string> steps_of(std::string_view text) {
  const solution_layout layout = layout_of(text);
  const bool one_line = text.find('\n') == std::string_view::npos;
  std::vector<std::string> out;
  while (!text.empty()) {
    std::string_view step = ascii::take_until(text, one_line ? ". " : "\n");
    if (layout == solution_layout::steps && step.starts_with("Step ")) ascii::take_until(step, ": ");
    if (layout == solution_layout::numbers && ascii::is_digit(step.front())) ascii::take_until(step, ". ");
    if (layout == solution_layout::bullets && step.starts_with("- ")) step.remove_prefix(2);
    if (step.empty() || step.starts_with("The answer is ")) continue;
    out.emplace_back(step);
    if (one_line && !step.ends_with('.')) out.back() += '.';
  }
  return out;
}

}  // namespace prismatic
