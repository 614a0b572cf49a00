#include <prismatic/synthesis/mathematics_problems.hpp>

#include "problem_table.hpp"

using numbers = std::vector<double>;

namespace {
double paths(int right, int up) {
  return right == 0 || up == 0 ? 1 : paths(right - 1, up) + paths(right, up - 1);
}
}  // namespace

TEST_CASE("mathematics problems are correct and readable", "[synthesis][mathematics_problems]") {
  test::check_table(prismatic::mathematics_problems);
}

TEST_CASE("mathematics answers agree with another way of solving", "[synthesis][mathematics_problems]") {
  const auto check = [](auto topic, std::size_t which, auto solve) {
    test::check_answers(prismatic::mathematics_problems, topic, which, solve);
  };
  check("area", 0, [](const numbers& n) { return (n[0] * n[1] - n[2] * n[3]) * n[4]; });
  check("equations", 0, [](const numbers& n) { return (n[3] + n[2]) / n[1] - n[0]; });
  check("equations", 1, [](const numbers& n) { return n[4] * (n[3] - n[1]) / (n[0] - n[2]) + n[5]; });
  check("sequences", 0, [](const numbers& n) {  // row by row
    double seats = 0;
    for (int row = 0; row < static_cast<int>(n[0]); ++row) seats += n[1] + row * n[2];
    return seats;
  });
  check("remainders", 1, [](const numbers& n) {  // second by second
    double together = 0;
    for (int s = 1; s <= static_cast<int>(n[2]) * 60; ++s)
      together += s % static_cast<int>(n[0]) == 0 && s % static_cast<int>(n[1]) == 0;
    return together;
  });
  check("remainders", 2, [](const numbers& n) {
    const int r = static_cast<int>(n[0]), a = static_cast<int>(n[2]), b = static_cast<int>(n[3]);
    int candidate = r + 1;
    while (candidate % a != r || candidate % b != r) ++candidate;
    return static_cast<double>(candidate);
  });
  check("probability", 1, [](const numbers& n) {  // all ordered pairs of tickets
    const int first = static_cast<int>(n[0]), all = first + static_cast<int>(n[1]);
    double both = 0, pairs = 0;
    for (int i = 0; i < all; ++i)
      for (int j = 0; j < all; ++j)
        if (i != j) ++pairs, both += i < first && j < first;
    return both / pairs;
  });
  check("probability", 2, [](const numbers& n) { return std::pow((n[0] - n[3]) / n[0], 2); });
  check("counting", 0, [](const numbers& n) { return n[0] * n[1] * n[2] - n[1]; });
  check("counting", 3, [](const numbers& n) {  // handshake by handshake; persons 2k and 2k + 1 are a couple
    double shakes = 0;
    for (int i = 0; i < 2 * static_cast<int>(n[0]); ++i)
      for (int j = 0; j < i; ++j) shakes += i / 2 != j / 2;
    return shakes;
  });
  check("digits", 0, [](const numbers& n) {
    for (int tens = 1; tens < 10; ++tens)
      for (int units = 0; units < 10; ++units)
        if (tens + units == static_cast<int>(n[0]) && tens - units == static_cast<int>(n[1]))
          return n[2] * (10 * tens + units);
    return -1.0;
  });
  check("digits", 2, [](const numbers& n) {
    double digits = 0;
    for (int page = 1; page <= static_cast<int>(n[1]); ++page)
      digits += static_cast<double>(std::to_string(page).size());
    return digits * n[2];
  });
  check("grids", 0, [](const numbers& n) { return paths(static_cast<int>(n[0]), static_cast<int>(n[1])); });
  check("grids", 1, [](const numbers& n) {
    return paths(static_cast<int>(n[0]), static_cast<int>(n[1])) *
           paths(static_cast<int>(n[2]), static_cast<int>(n[3]));
  });
}
