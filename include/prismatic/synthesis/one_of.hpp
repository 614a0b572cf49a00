/// A generator or solver of which kind is known only when the program runs.
#pragma once

#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/generator.hpp>

#include <concepts>
#include <span>
#include <utility>
#include <variant>

namespace prismatic {

/// Holds one of a closed list of generators, of solvers or of both, and is a streaming one itself: a program that lets its
/// user choose names every kind it knows, and a new kind is one more name.
template <class... Kinds>
class one_of {
 public:
  template <class Kind>
    requires(std::same_as<Kind, Kinds> || ...)
  explicit one_of(Kind kind) : kind_(std::move(kind)) {}

  void generate(std::span<const generation_request> requests, const arrival_sink& arrived)
    requires(generator<Kinds> && ...)
  {
    std::visit([&](auto& kind) { prismatic::generate(kind, requests, arrived); }, kind_);
  }

  void solve(std::span<const solve_request> requests, const arrival_sink& arrived)
    requires(solver<Kinds> && ...)
  {
    std::visit([&](auto& kind) { prismatic::solve(kind, requests, arrived); }, kind_);
  }

 private:
  std::variant<Kinds...> kind_;
};

}  // namespace prismatic
