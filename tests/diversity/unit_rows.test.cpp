#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/diversity/unit_rows.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

TEMPLATE_LIST_TEST_CASE("tiles hold the planned rows at the length of their weight", "[diversity][unit_rows]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto tile = GENERATE(index_t{1}, index_t{3}, index_t{4}, index_t{100});
  const index_t n = 13, d = 5;
  auto x = test::gaussian<T>(n, d + 2, "tiles");
  const matrix_view<const T> rows = x.view().middle_cols(1, d);
  x(4, 3) = std::numeric_limits<T>::quiet_NaN();
  for (index_t j = 0; j < d; ++j) x(7, 1 + j) = 0;
  std::vector<double> weights(static_cast<std::size_t>(n), 1);
  weights[0] = 0;
  weights[2] = 4;

  const row_plan plan = plan_rows<B, T>(cx, rows, weights, {.unusable = unusable_rows::skip});
  CHECK(plan.rows == std::vector<index_t>{1, 2, 3, 5, 6, 8, 9, 10, 11, 12});
  CHECK(plan.skipped == 2);
  CHECK(plan.weights.rows == 10);
  CHECK(plan.weights.total == 13);
  CHECK(plan.weights.squares == 25);
  index_t seen = 0;
  for_each_tile<B, T>(cx, rows, plan, tile, [&](index_t first, matrix_view<const T> part) {
    CHECK(first == seen);
    CHECK(part.rows() <= tile);
    for (index_t i = 0; i < part.rows(); ++i, ++seen) {
      const index_t from = plan.rows[static_cast<std::size_t>(seen)];
      double squared = 0;
      for (index_t j = 0; j < d; ++j) squared += std::pow(static_cast<double>(part(i, j)), 2);
      CHECK(squared == Approx(weights[static_cast<std::size_t>(from)]).epsilon(1e-5));
      CHECK(part(i, 0) * rows(from, 1) == Approx(part(i, 1) * rows(from, 0)).epsilon(1e-4));
    }
  });
  CHECK(seen == 10);
}

TEST_CASE("an unusable row is named, wrong weights are refused", "[diversity][unit_rows]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto x = test::gaussian<float>(6, 4, "refused");
  const matrix_view<const float> rows = x;
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS((plan_rows<B, float>(cx, rows, std::vector<double>(5, 1), {})), shape_error);
  CHECK_THROWS_AS((plan_rows<B, float>(cx, rows, std::vector<double>{1, 1, 1, 1, 1, -1}, {})), option_error);
  CHECK_THROWS_AS((plan_rows<B, float>(cx, rows, std::vector<double>{1, 1, 1, 1, 1, infinity}, {})),
                  option_error);
  CHECK_THROWS_AS((plan_rows<B, float>(cx, rows, std::vector<double>{1, 1, 1, 1, 1, std::nan("")}, {})),
                  option_error);
  x(3, 2) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH((plan_rows<B, float>(cx, rows, {}, {})), Contains("row 3"));
  CHECK_THROWS_AS((plan_rows<B, float>(cx, rows, {}, {})), numeric_error);
  CHECK_NOTHROW(plan_rows<B, float>(cx, rows, std::vector<double>{1, 1, 1, 0, 1, 1}, {}));
  CHECK(plan_rows<B, float>(cx, rows, {}, {.rows_are_unit = true}).factors.empty());
}

TEST_CASE("a plan of every row names none", "[diversity][unit_rows]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto x = test::gaussian<float>(6, 4, "every");
  const std::vector<double> some{1, 2, 3, 4, 5, 6}, most{1, 2, 0, 4, 5, 6};
  const row_plan equal = plan_rows<B, float>(cx, x.view(), {}, {}), weighted = plan_rows<B, float>(cx, x.view(), some, {});
  CHECK(equal.rows.empty());
  CHECK(equal.factors.size() == 6);
  CHECK(equal.weights.total == 6);
  CHECK(weighted.rows.empty());
  CHECK(weighted.weights.rows == 6);
  CHECK(weighted.weights.total == 21);
  const row_plan others = plan_rows<B, float>(cx, x.view(), most, {});
  CHECK(others.rows == std::vector<index_t>{0, 1, 3, 4, 5});
  CHECK(others.factors.size() == 5);
  CHECK(others.factors[2] == weighted.factors[3]);
  const auto kept = [&](unusable_rows unusable) { return plan_rows<B, float>(cx, x.view(), {}, {.unusable = unusable}); };
  for (index_t j = 0; j < 4; ++j) x(0, j) = 0;
  CHECK(kept(unusable_rows::skip).rows == std::vector<index_t>{1, 2, 3, 4, 5});
  CHECK(kept(unusable_rows::skip).weights.total == 5);
  for (index_t i = 1; i < 6; ++i)
    for (index_t j = 0; j < 4; ++j) x(i, j) = 0;
  CHECK(kept(unusable_rows::skip).weights.rows == 0);
  CHECK(kept(unusable_rows::skip).skipped == 6);
  CHECK_THROWS_WITH(kept(unusable_rows::refuse), Contains("row 0"));
}

TEST_CASE("sums of weights know effective sizes", "[diversity][unit_rows]") {
  weight_sums equal, uneven;
  equal.add(3, 8);
  CHECK(equal.effective_rows() == Approx(8));
  CHECK(equal.concentration() == Approx(1.0 / 8));
  for (const double w : {2.0, 1.0, 1.0}) uneven.add(w);
  CHECK(uneven.effective_rows() == Approx(std::pow(2, 1.5)));
  CHECK(uneven.concentration() == Approx(0.375));
  uneven.add(equal, 1);
  uneven.add(equal, -1);
  CHECK(uneven.rows == 3);
  CHECK(uneven.effective_rows() == Approx(std::pow(2, 1.5)));
}
