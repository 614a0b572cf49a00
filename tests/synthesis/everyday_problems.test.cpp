#include <prismatic/synthesis/everyday_problems.hpp>

#include "problem_table.hpp"

using numbers = std::vector<double>;

TEST_CASE("everyday problems are correct and readable", "[synthesis][everyday_problems]") {
  test::check_table(prismatic::everyday_problems);
}

TEST_CASE("everyday answers agree with another way of solving", "[synthesis][everyday_problems]") {
  const auto check = [](auto topic, std::size_t which, auto solve) {
    test::check_answers(prismatic::everyday_problems, topic, which, solve);
  };
  check("shopping", 0, [](const numbers& n) { return n[0] * n[1] + n[2] * n[3]; });
  check("shopping", 1, [](const numbers& n) { return n[0] * n[1] - n[2] + n[3]; });
  check("travel", 0, [](const numbers& n) { return n[0] * n[1] + n[2] * n[3]; });
  check("travel", 1, [](const numbers& n) { return n[0] / n[1] * 60 + n[2] * n[3]; });
  check("change", 2, [](const numbers& n) {  // baskets are bought one by one
    double left = n[1];
    while (left >= n[0]) left -= n[0];
    return left;
  });
  check("discount", 0, [](const numbers& n) { return n[0] * (1 - n[1] / 100) * (1 + n[2] / 100); });
  check("discount", 1, [](const numbers& n) { return n[1] / (1 - n[0] / 100) - n[1]; });
  check("ages", 1, [](const numbers& n) { return (n[0] + n[1]) / 2 + n[2]; });
  check("work", 0, [](const numbers& n) { return n[2] / (1 / n[0] + 1 / n[1]); });
  check("work", 2, [](const numbers& n) {  // minute by minute
    double minutes = 0;
    for (double litres = n[3]; litres < n[2]; litres += n[0] - n[1]) ++minutes;
    return minutes;
  });
  check("savings", 2, [](const numbers& n) { return n[0] * std::pow(1 + n[1] / 100, 2) - n[0]; });
  check("recipes", 1, [](const numbers& n) {  // batch by batch
    double eggs = n[3], flour = n[4], made = 0;
    while (eggs >= n[0] && flour >= n[1]) eggs -= n[0], flour -= n[1], made += n[2];
    return made;
  });
  check("wages", 0, [](const numbers& n) { return n[0] * (40 + 1.5 * (n[2] - 40)); });
}
