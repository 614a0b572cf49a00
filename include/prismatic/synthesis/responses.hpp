/// Asking generators and solvers for what is not stored yet: every response is kept when it comes, before it is read.
#pragma once

#include <prismatic/core/progress.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace prismatic {

struct asking_options {
  index_t at_once = requests_at_once;  ///< what a generator or solver that does not stream is given at a time
  progress on_progress = {};           ///< counts responses that were not stored before
  std::optional<double> temperature = {};  ///< of generators: see generation_request
};

namespace detail {

// Stores what arrives, adds it to `out` and reports; `total` responses are to come.
template <class Ask>
void keep_arrivals(run_state& state, std::string_view role, std::string_view stage, index_t total, const progress& report,
                   response_map& out, Ask&& ask) {
  index_t done = 0;
  const auto keep = [&](std::span<const arrival> arrivals, std::span<const exchange> exchanges) {
    state.store(role, arrivals, exchanges);
    for (const arrival& a : arrivals)
      if (out[a.number].try_emplace(a.attempt, a.answer).second) ++done;
    report(stage, done, total);
  };
  if (total > 0) ask(arrival_sink(keep));
}

}  // namespace detail

/// The problems with the given numbers, each as attempt 0. `examples(number)` gives the few shots of a request and is
/// called for those only that were not answered before.
/// @throws what the generator or the state throws; what was answered until then is stored
template <generator Generator, class Examples>
[[nodiscard]] response_map ask_generator(Generator& writer, run_state& state, std::span<const index_t> numbers,
                                         Examples&& examples, const asking_options& options = {}) {
  response_map out = state.responses("problem", numbers);
  std::vector<std::vector<few_shot>> shots;
  std::vector<generation_request> requests;
  for (const index_t number : numbers)
    if (!out.contains(number)) {
      shots.push_back(examples(number));
      requests.push_back({static_cast<std::uint64_t>(number), shots.back(), options.temperature});
    }
  detail::keep_arrivals(state, "problem", "generating", static_cast<index_t>(requests.size()), options.on_progress, out,
                        [&](const arrival_sink& arrived) {
                          generate(writer, std::span<const generation_request>(requests), arrived, options.at_once);
                        });
  return out;
}

/// All attempts at the given problems, by their numbers. @throws as ask_generator
template <solver Solver>
[[nodiscard]] response_map ask_solver(Solver& solves, run_state& state, const std::map<index_t, problem>& problems,
                                      index_t attempts, const asking_options& options = {}) {
  std::vector<index_t> numbers;
  numbers.reserve(problems.size());
  for (const auto& [number, posed] : problems) numbers.push_back(number);
  response_map out = state.responses("solution", numbers);
  std::vector<std::vector<index_t>> missing;
  std::vector<solve_request> requests;
  index_t total = 0;
  for (const auto& [number, posed] : problems) {
    std::vector<index_t> open;
    for (index_t k = 0; k < attempts; ++k)
      if (!out[number].contains(k)) open.push_back(k);
    if (open.empty()) continue;
    total += static_cast<index_t>(open.size());
    missing.push_back(std::move(open));
    requests.push_back({static_cast<std::uint64_t>(number), &posed, attempts, missing.back()});
  }
  detail::keep_arrivals(state, "solution", "solving", total, options.on_progress, out, [&](const arrival_sink& arrived) {
    solve(solves, std::span<const solve_request>(requests), arrived, options.at_once);
  });
  return out;
}

}  // namespace prismatic
