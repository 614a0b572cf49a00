// Writes the seed problems of examples/data to standard output, one JSON object a line. The same everywhere.
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/procedural.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>

int main() {
  using namespace prismatic;
  constexpr index_t wanted = 200;
  const procedural_generator writer({.seed = 2025, .malformed_rate = 0});
  overlap_index seen;
  for (std::uint64_t number = 0; seen.size() < wanted; ++number) {
    const generation_request request{number, {}};
    const problem posed = *writer.generate({&request, 1}).front().posed;
    if (seen.add_if_new(posed.question, seen.size())) continue;
    char id[16];
    std::snprintf(id, sizeof id, "seed-%03d", static_cast<int>(seen.size()));
    std::cout << nlohmann::ordered_json{{"id", id},
                                        {"topic", posed.topic},
                                        {"problem", posed.question},
                                        {"solution", posed.solution},
                                        {"answer", posed.answer}}
                     .dump()
              << '\n';
  }
}
