#include <prismatic/backend/functors/rounding.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace prismatic;

TEST_CASE("rows of any width and place are rounded to bfloat16", "[backend][rounding]") {
  for (const index_t cols : {1, 7, 8, 20, 33})
    for (const index_t shift : {0, 1, 4}) {
      CAPTURE(cols, shift);
      const index_t rows = 3, width = (cols + 7) / 8 * 8;
      matrix<float> all = test::gaussian<float>(rows, cols + 8, "rounding");
      const auto x = all.view().middle_cols(shift, cols);
      matrix<bf16> out(rows, width);
      const detail::round_eight round{cols, matrix_view<const float>(x), out.view()};
      for (index_t task = 0; task < rows * round.calls_a_row(); ++task) round(task);
      for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < width; ++j)
          CHECK(out(i, j).bits == (j < cols ? to_bfloat16(x(i, j)) : 0));
    }
}

TEST_CASE("what is finite stays finite when rounded", "[backend][rounding]") {
  const float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
  matrix<float> x(1, 8);
  x(0, 0) = largest, x(0, 1) = -largest, x(0, 2) = infinity, x(0, 3) = -infinity;
  x(0, 4) = std::numeric_limits<float>::quiet_NaN(), x(0, 5) = -0.0F, x(0, 6) = 1 + 0x1p-8F, x(0, 7) = 1 + 0x3p-8F;
  matrix<bf16> out(1, 8);
  detail::round_eight{8, matrix_view<const float>(x.view()), out.view()}(0);
  const auto at = [&](index_t j) { return static_cast<float>(out(0, j)); };
  CHECK(std::isfinite(at(0)));
  CHECK(at(1) == -at(0));
  CHECK(at(2) == infinity);
  CHECK(at(3) == -infinity);
  CHECK(std::isnan(at(4)));
  CHECK(std::signbit(at(5)));
  CHECK(at(6) == 1);             // ties to even
  CHECK(at(7) == 1 + 0x4p-8F);
}
