#include <prismatic/backend/functors/row_walk.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <vector>

using namespace prismatic;

TEMPLATE_TEST_CASE("threads walk a row once, wherever it lies", "[backend][functors]", float, double) {
  using T = TestType;
  constexpr T untouched = T(-1);
  for (const index_t n : {0, 1, 3, 4, 31, 64})
    for (const int threads : {1, 3, 32})
      for (const int shift : {0, 1, 2}) {
        CAPTURE(n, threads, shift);
        struct alignas(16) {
          T read[80], added[80], written[80];
        } rows;
        for (int j = 0; j < 80; ++j) rows.read[j] = T(j), rows.added[j] = T(100), rows.written[j] = untouched;
        const T* const read = rows.read + shift;
        std::vector<T> seen;
        const auto visit = [&](T a, T& sum, T& out) {
          seen.push_back(a);
          sum += a;
          out = 2 * a;
        };
        for (int thread = 0; thread < threads; ++thread) {
          const std::size_t before = seen.size();
          detail::walk_row<T>(thread, threads, n, visit, read, rows.added + shift, detail::written_row<T>{rows.written + shift});
          CHECK(std::is_sorted(seen.begin() + static_cast<std::ptrdiff_t>(before), seen.end()));
        }
        CHECK(seen.size() == static_cast<std::size_t>(n));
        for (int j = 0; j < 80; ++j) {
          const bool in = j >= shift && j < shift + n;
          REQUIRE(rows.read[j] == T(j));
          REQUIRE(rows.added[j] == T(in ? 100 + j : 100));
          REQUIRE(rows.written[j] == (in ? T(2 * j) : untouched));
        }
      }
}
