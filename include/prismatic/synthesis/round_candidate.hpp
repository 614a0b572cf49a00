/// A candidate on its way through a round, and the steps that look at its texts alone.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/equations.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/run_state.hpp>
#include <prismatic/synthesis/text_filter.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

struct round_candidate {
  candidate_record record;
  sample made;
  index_t row = -1;  ///< among those of the round that have a gradient
  bool alive = true;

  /// It goes no further, and this is why.
  void drop(std::string verdict, std::string detail = {}) {
    alive = false;
    record.verdict = std::move(verdict);
    record.detail = std::move(detail);
  }
};

/// Drops those whose text is too short or too long ("length"), or not in the scripts ("script") or languages ("language")
/// asked for.
/// @param text  which of the candidates' texts
inline void drop_unfit(std::vector<round_candidate>& candidates, std::string candidate_record::*text, length_range range,
                       const text_filter_options& options) {
  for (round_candidate& c : candidates) {
    if (!c.alive) continue;
    if (auto fault = length_fault(c.record.*text, range))
      c.drop("length", std::move(*fault));
    else if (auto other = script_fault(c.record.*text, options))
      c.drop("script", std::move(*other));
    else if (auto foreign = language_fault(c.record.*text, options))
      c.drop("language", std::move(*foreign));
  }
}

/// Drops all but the first `quota` that are left ("surplus").
inline void drop_surplus(std::vector<round_candidate>& candidates, index_t quota) {
  for (round_candidate& c : candidates)
    if (c.alive && --quota < 0) c.drop("surplus");
}

/// How many are left.
inline index_t alive(const std::vector<round_candidate>& candidates) {
  return std::ranges::count_if(candidates, &round_candidate::alive);
}

/// How many were dropped for this.
inline index_t with_verdict(const std::vector<round_candidate>& candidates, std::string_view verdict) {
  return std::ranges::count_if(candidates, [&](const round_candidate& c) { return c.record.verdict == verdict; });
}

/// Attempts that lost their vote, and the first wrong equation among them.
struct wrong_votes {
  index_t withdrawn = 0;
  std::string first;
};

/// Takes the vote from attempts that state a wrong equation between numbers.
inline wrong_votes withdraw_wrong(std::vector<attempt>& attempts) {
  wrong_votes out;
  for (attempt& a : attempts) {
    auto wrong = wrong_equation(without_thoughts(a.text));
    if (!wrong) continue;
    a.answer.reset();
    if (++out.withdrawn == 1) out.first = std::move(*wrong);
  }
  return out;
}

}  // namespace prismatic
