/// What a synthesis run is asked for, what it returns, and when it ends.
#pragma once

#include <prismatic/core/matrix.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/few_shots.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/run_state.hpp>
#include <prismatic/synthesis/task.hpp>
#include <prismatic/synthesis/text_filter.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

struct synthesis_options {
  synthesis_task task = synthesis_task::mathematics;  ///< how texts are read
  index_t target = 1000;                ///< samples to keep, seeds not counted
  index_t rounds = 50;                  ///< at most
  bool warm_clusters = false;           ///< k-means starts from the last round's centroids, not afresh as in the paper
  std::optional<double> plateau = {};   ///< stop when plateau_rounds rounds raised G-Vendi by less than this share, if given
  index_t plateau_rounds = 3;
  index_t candidates = 500;             ///< problems asked for in a round
  std::vector<index_t> quotas = {};     ///< most kept in round 1, 2, ...; the last holds for all further rounds
  index_t shots = 4;                    ///< examples shown to the generator
  few_shot_rule examples = few_shot_rule::uniform;
  std::vector<double> temperatures = {};  ///< of the writer in round 1, 2, ...; the last holds on; none: its own
  index_t attempts = 3;                 ///< m, solutions of each problem
  double agreement = 0.5;               ///< the winner needs more than this share of them
  bool check_arithmetic = false;        ///< a solution with a wrong equation has no vote
  text_filter_options texts = {};
  filter_options filter = {};
  overlap_options overlap = {};
  truncation too_long = truncation::prompt;
  collect_options collecting = {};      ///< its progress is not used
  index_t requests_at_once = prismatic::requests_at_once;  ///< asking_options::at_once
  progress on_progress = {};
};

/// Why a run took no further round.
enum class stop_reason : std::uint8_t { target, rounds, plateau, barren, budget };

/// The same in words, in the order of the enumeration.
inline constexpr std::string_view stop_reason_texts[] = {"the target is reached", "all rounds are done",
                                                         "G-Vendi rises no more", "the last rounds brought nothing to keep",
                                                         "the budget is spent"};

/// A pool and how it came to be.
template <class T>
struct synthesis_result {
  std::vector<sample> pool;  ///< the seeds, then the kept samples in order
  index_t seeds = 0;
  matrix<T> rows;            ///< of the pool
  std::vector<round_record> rounds;
  stop_reason stopped = stop_reason::target;
  std::string spent;         ///< the budget that ended the run, in words, or empty
};

/// The rounds at the end of a run of which nothing was kept.
inline index_t barren_rounds(std::span<const round_record> rounds) {
  const auto fertile = std::find_if(rounds.rbegin(), rounds.rend(), [](const round_record& r) { return r.kept > 0; });
  return fertile - rounds.rbegin();
}

/// Whether the last `window` rounds together raised G-Vendi by less than the share `gain` of what it was before them.
inline bool is_plateau(std::span<const round_record> rounds, index_t window, double gain) {
  if (window < 1 || static_cast<index_t>(rounds.size()) < window) return false;
  const double before = rounds[rounds.size() - static_cast<std::size_t>(window)].vendi_before;
  return rounds.back().vendi_after < before * (1 + gain);
}

/// Entry `round` - 1 of a list in which the last holds for all further rounds, or `otherwise` where the list is empty.
template <class T, class U>
U of_round(const std::vector<T>& list, index_t round, U otherwise) {
  return list.empty() ? otherwise : U(list[std::min(static_cast<std::size_t>(round), list.size()) - 1]);
}

}  // namespace prismatic
