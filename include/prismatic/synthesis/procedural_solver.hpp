/// The built-in solver: it knows the answer, and is wrong or unreadable as often as it is told to be.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/dice.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/rational.hpp>
#include <prismatic/synthesis/worked_text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

struct procedural_solver_options {
  std::uint64_t seed = 0;
  /// Probability that a readable attempt ends in a wrong answer.
  double wrong_rate = 0.2;
  /// Probability that an attempt breaks off before its answer.
  double malformed_rate = 0.03;
};

/// A solver (see generator.hpp) of problems that come with their numerical answer. Attempt k at a request
/// is a pure function of (seed, request number, k, problem). Wrong answers scatter: an intermediate
/// result, a slip, a factor; so a majority of attempts rarely agrees on one.
class procedural_solver {
 public:
  /// @throws option_error  a rate outside [0, 1]
  explicit procedural_solver(procedural_solver_options opt = {}) : opt_(opt) {
    for (const double rate : {opt.wrong_rate, opt.malformed_rate})
      require_option(rate >= 0 && rate <= 1, "procedural_solver: rates must lie in [0, 1]");
  }

  /// @throws option_error  a request without a problem, or with negative attempts
  [[nodiscard]] std::vector<solution> solve(std::span<const solve_request> requests) const {
    std::vector<solution> out(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      require_option(requests[i].posed != nullptr, "procedural_solver: a request has no problem");
      require_option(requests[i].attempts >= 0, "procedural_solver: attempts must not be negative");
      for (index_t k = 0; k < requests[i].attempts; ++k) {
        dice random(opt_.seed, "procedural solver", requests[i].number, static_cast<std::uint32_t>(k));
        std::string text = respond(*requests[i].posed, random);
        std::optional<std::string> answer = extract_answer(text, {.guess = false});
        out[i].attempts.push_back({std::move(text), std::move(answer)});
      }
    }
    return out;
  }

 private:
  [[nodiscard]] std::string respond(const problem& posed, dice& random) const {
    const solution_layout layout = random.pick(solution_layouts);
    std::vector<std::string> steps = steps_of(posed.solution);
    const std::optional<rational> truth = parse_rational(posed.answer);
    if (random.chance(opt_.malformed_rate) || !truth) return broken_off(steps, layout, random);
    if (!random.chance(opt_.wrong_rate)) return lay_out(steps, posed.answer, layout);
    const std::string wrong = to_string(wrong_answer(*truth, steps, random));
    if (!steps.empty()) ascii::replace_whole(steps.back(), posed.answer, wrong);
    return lay_out(steps, wrong, layout);
  }

  // Some of the steps and the start of the final sentence, or less.
  static std::string broken_off(std::span<const std::string> steps, solution_layout layout, dice& random) {
    const auto kept = static_cast<std::size_t>(random.below(static_cast<index_t>(steps.size()) + 1));
    std::string text = lay_out(steps.first(kept), "", layout);
    const std::size_t without_answer = text.size() - final_sentence("").size();
    if (random.chance(0.5))
      text.resize(without_answer);
    else
      text.pop_back();
    return text;
  }

  static rational wrong_answer(rational truth, std::span<const std::string> steps, dice& random) {
    const rational slip = random.between(1, 9);
    const rational sign = random.chance(0.5) ? 1 : -1;
    const std::optional<rational> earlier = intermediate(steps, random);
    const bool is_share = rational(0) < truth && truth < rational(1);
    rational wrong = truth;
    switch (random.below(5)) {
      case 0:
        wrong = earlier.value_or(truth);
        break;
      case 1:
        wrong = is_share ? 1 - truth : truth + sign * slip;
        break;
      case 2:
        wrong = is_share ? truth * truth : truth + sign * slip * 10;
        break;
      case 3:
        wrong = is_share ? truth / 2 : truth * random.between(2, 3);
        break;
      default:
        wrong = truth / random.between(2, 4);
        break;
    }
    return wrong == truth ? truth + slip : wrong;
  }

  // A number that occurs in one of the steps.
  static std::optional<rational> intermediate(std::span<const std::string> steps, dice& random) {
    if (steps.empty()) return std::nullopt;
    std::string_view step = random.pick(steps);
    std::optional<rational> last;
    while (!step.empty()) {
      if (const auto number = take_rational(step))
        last = number;
      else
        step.remove_prefix(1);
    }
    return last;
  }

  procedural_solver_options opt_;
};

static_assert(solver<procedural_solver>);

}  // namespace prismatic
