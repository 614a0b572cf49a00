/// A generator or solver of which kind is known only when the program runs.
#pragma once

#include <prismatic/synthesis/generator.hpp>

#include <concepts>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace prismatic {

/// Holds one of a closed list of generators, of solvers or of both, and is one itself: a program that lets its user
/// choose names every kind it knows, and a new kind is one more name.
template <class... Kinds>
class one_of {
 public:
  template <class Kind>
    requires(std::same_as<Kind, Kinds> || ...)
  explicit one_of(Kind kind) : kind_(std::move(kind)) {}

  [[nodiscard]] std::vector<generation> generate(std::span<const generation_request> requests)
    requires(generator<Kinds> && ...)
  {
    return std::visit([&](auto& kind) { return kind.generate(requests); }, kind_);
  }

  [[nodiscard]] std::vector<solution> solve(std::span<const solve_request> requests)
    requires(solver<Kinds> && ...)
  {
    return std::visit([&](auto& kind) { return kind.solve(requests); }, kind_);
  }

 private:
  std::variant<Kinds...> kind_;
};

}  // namespace prismatic
