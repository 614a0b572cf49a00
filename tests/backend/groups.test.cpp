#include <prismatic/backend/functors/groups.hpp>

#include "support/backends.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/host.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

using namespace prismatic;

TEST_CASE("a piece is a sum in the order of its rows", "[backend][groups]") {
  const matrix<float> x = test::gaussian<float>(12, 3, "piece");
  const std::vector<token_id> order{7, 0, 3, 11, 5, 2, 9};
  const std::vector<float> factors{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const std::vector<row_range> pieces{{1, 7}, {2, 3}, {4, 4}}, groups{{0, 2}, {2, 3}, {3, 3}};
  for (const float* scale : {static_cast<const float*>(nullptr), factors.data()}) {
    matrix<float> sums(3, 3), all(3, 3);
    const detail::sum_piece<float> piece{x.view(), scale, order.data(), pieces.data(), sums.view()};
    const detail::sum_pieces<float> whole{matrix_view<const float>(sums.view()), groups.data(), all.view()};
    for (index_t j = 0; j < 3; ++j) {
      for (index_t g = 0; g < 3; ++g) piece(g, j);
      for (index_t g = 0; g < 3; ++g) whole(g, j);
      for (std::size_t g = 0; g < 3; ++g) {
        float expected = 0;
        for (auto t = static_cast<std::size_t>(pieces[g].begin); t < static_cast<std::size_t>(pieces[g].end); ++t)
          expected += x(order[t], j) * (scale == nullptr ? 1 : scale[order[t]]);
        CHECK(sums(static_cast<index_t>(g), j) == expected);
      }
      CHECK(all(0, j) == sums(0, j) + sums(1, j));
      CHECK(all(1, j) == 0);
      CHECK(all(2, j) == 0);
    }
  }
}

#if PRISMATIC_TEST_THRUST || PRISMATIC_TEST_CUDA
TEMPLATE_LIST_TEST_CASE("rows are grouped, summed and measured by label", "[backend][groups]", test::resident) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  constexpr memory space = B::space;
  const index_t n = GENERATE(1, 40, 3000), d = 17, k = 5;
  CAPTURE(B::name, n);
  context<B> cx({.threads = 2});
  const matrix<T> x = test::gaussian<T>(n, d, "rows"), c = test::gaussian<T>(k, d, "centres");
  matrix<label_t> labels(1, n);
  matrix<T> factors(1, n);
  for (index_t i = 0; i < n; ++i) {
    labels(0, i) = static_cast<label_t>(i % 7 == 0 ? 3 : i % 11 == 0 ? 0 : 4);  // 1 and 2 have none, 4 has several pieces
    factors(0, i) = T(1) / T(1 + i % 3);
  }
  const auto there = moved_to<space>(x.clone()), centres = moved_to<space>(c.clone()), scales = moved_to<space>(factors.clone());
  auto own = moved_to<space>(labels.clone()), others = moved_to<space>(labels.clone());
  matrix<token_id, space> order(1, n);
  matrix<index_t, space> begins(1, k + 1);
  B::group_rows(cx, own.flat(), order.flat(), begins.flat());
  const matrix<token_id> ids = copy_to_host(order.view());
  const matrix<index_t> at = copy_to_host(begins.view());
  CHECK(at(0, 0) == 0);
  CHECK(at(0, k) == n);
  std::vector<token_id> expected(static_cast<std::size_t>(n));
  std::iota(expected.begin(), expected.end(), token_id{0});
  std::ranges::stable_sort(expected, {}, [&](token_id i) { return labels(0, i); });
  CHECK(std::vector<token_id>(ids.data(), ids.data() + n) == expected);
  for (label_t g = 0; g < k; ++g)
    CHECK(at(0, g + 1) - at(0, g) == std::count(labels.data(), labels.data() + n, g));

  for (const bool scaled : {false, true}) {
    matrix<T, space> sums(k, d);
    B::template sum_groups<T>(cx, there.view(), scaled ? scales.flat() : vector_view<const T, space>(), order.flat(),
                              std::span<const index_t>(at.data(), static_cast<std::size_t>(k + 1)), sums.view());
    matrix<double> exact(k, d);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < d; ++j)
        exact(labels(0, i), j) += static_cast<double>(x(i, j)) * (scaled ? static_cast<double>(factors(0, i)) : 1);
    CHECK(test::largest_difference<T>(copy_to_host(sums.view()), exact) <= test::rounding_bound<T>(n, 4));
  }

  matrix<T, space> distances(1, n);
  B::template group_distances<T>(cx, there.view(), centres.view(), own.flat(), distances.flat());
  const matrix<T> found = copy_to_host(distances.view());
  for (index_t i = 0; i < n; ++i) {
    double squared = 0;
    for (index_t j = 0; j < d; ++j)
      squared += std::pow(static_cast<double>(x(i, j)) - static_cast<double>(c(labels(0, i), j)), 2);
    CHECK(static_cast<double>(found(0, i)) == Approx(squared).epsilon(1e-6));
  }

  CHECK(B::same_labels(cx, own.flat(), others.flat()));
  labels(0, n - 1) = 1;
  copy_from_host(matrix_view<const label_t>(labels.view()), others.view());
  CHECK(!B::same_labels(cx, own.flat(), others.flat()));
}
#endif
