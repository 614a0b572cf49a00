/// Asking generators and solvers for what is not stored yet: every response is kept before it is read.
#pragma once

#include <prismatic/core/progress.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// Texts by request number; one a problem, m a solution.
using response_map = std::map<index_t, std::vector<std::string>>;

struct asking_options {
  index_t at_once = 64;       ///< responses are stored each time this many have come
  progress on_progress = {};  ///< counts requests that were not stored before
  std::optional<double> temperature = {};  ///< of generators: see generation_request
};

namespace detail {

template <class F>
void in_chunks(std::span<const index_t> items, std::string_view stage, const asking_options& options, F&& body) {
  const auto step = static_cast<std::size_t>(std::max<index_t>(1, options.at_once));
  for (std::size_t i = 0; i < items.size(); i += step) {
    const std::span<const index_t> part = items.subspan(i, std::min(step, items.size() - i));
    body(part);
    options.on_progress(stage, static_cast<index_t>(i + part.size()), static_cast<index_t>(items.size()));
  }
}

inline std::vector<index_t> unanswered(std::span<const index_t> numbers, const response_map& stored) {
  std::vector<index_t> out;
  std::ranges::copy_if(numbers, std::back_inserter(out), [&](index_t number) { return !stored.contains(number); });
  return out;
}

}  // namespace detail

/// The problems with the given numbers. `examples(number)` gives the few shots of a request and is called
/// for those only that were not answered before.
/// @throws what the generator or the state throws; what was answered until then is stored
template <generator Generator, class Examples>
[[nodiscard]] response_map ask_generator(Generator& writer, run_state& state, std::span<const index_t> numbers,
                                         Examples&& examples, const asking_options& options = {}) {
  response_map out = state.responses("problem", numbers);
  detail::in_chunks(detail::unanswered(numbers, out), "generating", options, [&](std::span<const index_t> part) {
    std::vector<std::vector<few_shot>> shots;
    for (const index_t number : part) shots.push_back(examples(number));
    std::vector<generation_request> requests;
    for (std::size_t i = 0; i < part.size(); ++i) requests.push_back({static_cast<std::uint64_t>(part[i]), shots[i], options.temperature});
    const std::vector<generation> answers = writer.generate(requests);
    response_map fresh;
    for (std::size_t i = 0; i < part.size(); ++i) fresh[part[i]] = {answers[i].text};
    state.store_responses("problem", fresh);
    out.merge(fresh);
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
  detail::in_chunks(detail::unanswered(numbers, out), "solving", options, [&](std::span<const index_t> part) {
    std::vector<solve_request> requests;
    for (const index_t number : part)
      requests.push_back({static_cast<std::uint64_t>(number), &problems.at(number), attempts});
    const std::vector<solution> answers = solves.solve(requests);
    response_map fresh;
    for (std::size_t i = 0; i < part.size(); ++i)
      for (const attempt& a : answers[i].attempts) fresh[part[i]].push_back(a.text);
    state.store_responses("solution", fresh);
    out.merge(fresh);
  });
  return out;
}

}  // namespace prismatic
