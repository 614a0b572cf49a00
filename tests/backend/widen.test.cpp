#include <prismatic/backend/cpu/widen.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

using namespace prismatic;

TEMPLATE_TEST_CASE("every number is widened exactly, and nothing beside it is written", "[backend][widen]", float, double) {
  using T = TestType;
  for (const index_t rows : {0, 1, 3})
    for (const index_t cols : {0, 1, 7, 16, 33, 70}) {
      CAPTURE(rows, cols);
      test::strided<bf16> from(test::rounded(test::gaussian<float>(rows, cols, "x")));
      test::strided<T> to(rows, cols);
      detail::widen(from.view().data(), from.view().stride(), rows, cols, to.view().data(), to.view().stride());
      CHECK(to.padding_untouched());
      bool same = true;
      for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < cols; ++j) same &= to.view()(i, j) == static_cast<T>(from_bfloat16(from.view()(i, j).bits));
      CHECK(same);
    }
}
