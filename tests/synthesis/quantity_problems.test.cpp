#include <prismatic/synthesis/quantity_problems.hpp>

#include "problem_table.hpp"

using numbers = std::vector<double>;

TEST_CASE("quantity problems are correct and readable", "[synthesis][quantity_problems]") {
  test::check_table(prismatic::quantity_problems);
}

TEST_CASE("quantity answers agree with another way of solving", "[synthesis][quantity_problems]") {
  const auto check = [](auto topic, std::size_t which, auto solve) {
    test::check_answers(prismatic::quantity_problems, topic, which, solve);
  };
  check("fractions", 0, [](const numbers& n) { return n[0] * (1 - n[1] / n[2]) * (1 - n[3] / n[4]); });
  check("averages", 0, [](const numbers& n) { return 4 * n[3] - n[0] - n[1] - n[2]; });
  check("averages", 1, [](const numbers& n) { return (n[0] * n[1] + n[2] * n[3]) / (n[0] + n[2]); });
  check("ratios", 0, [](const numbers& n) { return n[2] * (n[1] - n[0]) / (n[0] + n[1]); });
  check("units", 1, [](const numbers& n) { return n[0] * n[1] * n[2] / 1000; });
  check("clock", 0, [](const numbers& n) { return n[4] * 60 + n[5] - (n[0] * 60 + n[1]) - n[2] - n[3]; });
  check("mixtures", 0, [](const numbers& n) { return (n[0] * n[1] + n[2] * n[3]) / (n[0] + n[2]); });
  check("mixtures", 2, [](const numbers& n) { return n[0] * n[1] / n[2] - n[0]; });
  check("temperature", 0, [](const numbers& n) { return n[0] + n[1] * n[2] - n[3]; });
  check("temperature", 2, [](const numbers& n) { return (n[0] + n[1] + n[2] + n[3]) / 4; });
  check("trains", 0, [](const numbers& n) { return n[0] * n[1] / (n[1] + n[2]); });
  check("trains", 1, [](const numbers& n) { return n[0] * n[1] / (n[2] - n[0]); });
}
