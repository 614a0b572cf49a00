#include <prismatic/backend/cpu/matrix_units.hpp>

#include "support/catch.hpp"

using namespace prismatic;

#if PRISMATIC_X86 && defined(__linux__)
namespace {

template <int Parts>
void check_products() {
  using order = detail::part_products<Parts>;
  CAPTURE(Parts);
  bool formed[3][3] = {};
  formed[0][0] = true;
  for (int i = 0; i < order::small; ++i) {
    CHECK_FALSE(formed[order::left[i]][order::right[i]]);
    formed[order::left[i]][order::right[i]] = true;
  }
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) CHECK(formed[i][j] == (i + j < Parts));
}

}  // namespace
#endif

TEST_CASE("the products of parts are those that a float can tell from nothing, each once", "[backend][units]") {
#if PRISMATIC_X86 && defined(__linux__)
  check_products<1>();
  check_products<3>();
#endif
}

TEST_CASE("whether there are matrix units does not change", "[backend][units]") {
  const bool found = detail::has_matrix_units();
  CHECK(detail::has_matrix_units() == found);
  if (!found) WARN("no matrix units here: tests of their products have nothing to run on");
}
