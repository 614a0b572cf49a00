#include "support/catch.hpp"

#include <prismatic/synthesis/one_of.hpp>

#include <string>
#include <type_traits>
#include <vector>

using namespace prismatic;

namespace {

// Answers with its own name and how often it was asked.
struct named {
  std::string name;
  int asked = 0;
  std::vector<generation> generate(std::span<const generation_request> requests) {
    return std::vector<generation>(requests.size(), {name + std::to_string(++asked), std::nullopt});
  }
  std::vector<solution> solve(std::span<const solve_request> requests) {
    return std::vector<solution>(requests.size(), {{{name + std::to_string(++asked), std::nullopt}}});
  }
};
struct writer_only {
  std::vector<generation> generate(std::span<const generation_request> requests) {
    return std::vector<generation>(requests.size(), {"written", std::nullopt});
  }
};
struct solver_only {
  std::vector<solution> solve(std::span<const solve_request> requests) {
    return std::vector<solution>(requests.size(), {{{"solved", std::nullopt}}});
  }
};

using any_generator = one_of<writer_only, named>;
using any_solver = one_of<solver_only, named>;

static_assert(generator<any_generator> && !solver<any_generator>);
static_assert(solver<any_solver> && !generator<any_solver>);
static_assert(streaming_generator<any_generator> && !batch_generator<any_generator>);
static_assert(generator<one_of<named>> && solver<one_of<named>>);
static_assert(!std::is_constructible_v<any_generator, solver_only>);

std::string heard;
const auto listen = [](std::span<const arrival> arrivals, std::span<const exchange>) {
  for (const arrival& a : arrivals) heard = a.answer.text;
};

std::string written(any_generator& g) {
  const generation_request request;
  g.generate(std::span(&request, 1), listen);
  return heard;
}

std::string solved(any_solver& s) {
  const solve_request request;
  s.solve(std::span(&request, 1), listen);
  return heard;
}

}  // namespace

TEST_CASE("the kind that was chosen answers, and keeps its state", "[synthesis][one_of]") {
  any_generator first(writer_only{}), second(named{"model"});
  CHECK(written(first) == "written");
  CHECK(written(second) == "model1");
  CHECK(written(second) == "model2");
  any_solver third(solver_only{}), fourth(named{"model"});
  CHECK(solved(third) == "solved");
  CHECK(solved(fourth) == "model1");
  heard = "nothing";
  third.solve({}, listen);
  CHECK(heard == "nothing");
}
