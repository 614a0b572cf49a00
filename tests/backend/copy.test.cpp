#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <vector>

using namespace prismatic;

namespace {
constexpr index_t shapes[][2] = {{0, 3}, {3, 0}, {1, 1}, {7, 13}, {501, 1031}};
}

TEMPLATE_LIST_TEST_CASE("copy copies the view and nothing beside it", "[backend][copy]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    const auto a = test::gaussian<T>(n, d, "a");
    test::strided<T> from(a);
    matrix<T> frame(n + 2, d + 2);
    B::copy(cx, from.view(), frame.view().middle_rows(1, n).middle_cols(1, d));
    bool same = true;
    for (index_t i = 0; i < n + 2; ++i)
      for (index_t j = 0; j < d + 2; ++j) {
        const bool inside = i > 0 && i <= n && j > 0 && j <= d;
        same = same && frame(i, j) == (inside ? a(i - 1, j - 1) : T{0});
      }
    CHECK(same);
  }
}

TEMPLATE_LIST_TEST_CASE("fill fills the view and nothing beside it", "[backend][copy]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    matrix<T> frame(n + 2, d + 2);
    B::fill(cx, T{3}, frame.view().middle_rows(1, n).middle_cols(1, d));
    CHECK(std::count(frame.data(), frame.data() + frame.size(), T{3}) == n * d);
    CHECK(std::count(frame.data(), frame.data() + frame.size(), T{0}) == (n + 2) * (d + 2) - n * d);
  }
}
