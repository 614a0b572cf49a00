// Ragged sequences laid end to end.
#include <prismatic/core/layout.hpp>

#include "support/catch.hpp"

#include <limits>
#include <span>
#include <vector>

using namespace prismatic;

TEST_CASE("an empty layout has no sequences and no rows", "[core][layout]") {
  const layout none;
  CHECK(none.sequences() == 0);
  CHECK(none.rows() == 0);
  CHECK(none.longest() == 0);
  CHECK(none.ranges().empty());
}

TEST_CASE("sequences lie end to end, an empty one among them", "[core][layout]") {
  const layout seq{3, 0, 1, 5};
  CHECK(seq.sequences() == 4);
  CHECK(seq.rows() == 9);
  CHECK(seq.longest() == 5);
  CHECK(seq[0] == row_range{0, 3});
  CHECK(seq[1] == row_range{3, 3});
  CHECK(seq[1].size() == 0);
  CHECK(seq[2] == row_range{3, 4});
  CHECK(seq[3] == row_range{4, 9});
  CHECK(seq.ranges().size() == 4);
}

TEST_CASE("append, span and list build the same layout", "[core][layout]") {
  const std::vector<index_t> lengths{2, 7, 1};
  layout appended;
  for (const index_t length : lengths) appended.append(length);
  CHECK(appended == layout(std::span<const index_t>(lengths)));
  CHECK(appended == layout{2, 7, 1});
  CHECK_FALSE(appended == layout{2, 7});
}

TEST_CASE("within cuts every sequence to some rows", "[core][layout]") {
  CHECK(layout{3, 0, 2, 4}.within({2, 6}) == layout{1, 0, 2, 1});
  CHECK(layout{3, 2}.within({0, 5}) == layout{3, 2});
  CHECK(layout{3, 2}.within({4, 4}) == layout{0, 0});
}

TEST_CASE("split turns rows into heads", "[core][layout]") {
  CHECK(layout{3, 0, 2}.split(4) == layout{12, 0, 8});
  CHECK(layout{3, 2}.split(1) == layout{3, 2});
  CHECK(layout{}.split(4) == layout{});
}

TEST_CASE("a negative or overflowing length is refused and changes nothing", "[core][layout]") {
  layout seq{5};
  CHECK_THROWS_AS(seq.append(-1), size_error);
  CHECK_THROWS_AS(seq.append(std::numeric_limits<index_t>::max()), size_error);
  CHECK(seq == layout{5});
  CHECK_THROWS_AS((layout{1, -2}), size_error);
}
