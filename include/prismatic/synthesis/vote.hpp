/// Majority vote over several attempts at one problem.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/generator.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

struct vote_options {
  /// The winner needs strictly more than this share of all attempts, in [0, 1).
  double agreement = 0.5;
};

/// How many attempts gave one answer, and the first of them.
struct ballot {
  std::string answer;
  index_t votes;
  index_t first_attempt;
};

struct vote_result {
  /// Most votes first; among equals, the answer that was given first.
  std::vector<ballot> ballots;
  /// All attempts, those without an answer included.
  index_t attempts = 0;
  /// Attempts without an answer.
  index_t unparsed = 0;
  /// Votes of the leading answer / attempts; 0 without attempts.
  double share = 0;
  /// True when ballots.front() leads alone and has more than the required share.
  bool agreed = false;

  /// The agreed ballot, or null.
  [[nodiscard]] const ballot* winner() const noexcept { return agreed ? &ballots.front() : nullptr; }
};

/// Counts equal canonical answers. An attempt without an answer does not vote but counts in the
/// denominator; a tie for the lead is no agreement.
/// @throws option_error  agreement outside [0, 1)
/// Cost: attempts x distinct answers comparisons. Determinism: bitwise.
inline vote_result majority_vote(std::span<const attempt> attempts, vote_options opt = {}) {
  require_option(opt.agreement >= 0 && opt.agreement < 1, "majority_vote: agreement must lie in [0, 1)");
  vote_result out;
  out.attempts = static_cast<index_t>(attempts.size());
  for (index_t i = 0; i < out.attempts; ++i) {
    const std::optional<std::string>& answer = attempts[static_cast<std::size_t>(i)].answer;
    if (!answer) {
      ++out.unparsed;
      continue;
    }
    const auto known = std::ranges::find(out.ballots, *answer, &ballot::answer);
    if (known != out.ballots.end())
      ++known->votes;
    else
      out.ballots.push_back({*answer, 1, i});
  }
  if (out.ballots.empty()) return out;
  std::ranges::stable_sort(out.ballots, [](const ballot& a, const ballot& b) { return a.votes > b.votes; });
  const index_t lead = out.ballots.front().votes;
  const bool tied = out.ballots.size() > 1 && out.ballots[1].votes == lead;
  out.share = static_cast<double>(lead) / static_cast<double>(out.attempts);
  out.agreed = !tied && static_cast<double>(lead) > opt.agreement * static_cast<double>(out.attempts);
  return out;
}

}  // namespace prismatic
