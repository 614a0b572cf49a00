#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/diversity/covariance.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("blocks, shards and removal all give the oracle's covariance",
                        "[diversity][covariance]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto n = GENERATE(index_t{1}, index_t{47}, index_t{2049});
  const auto d = GENERATE(index_t{1}, index_t{13});
  CAPTURE(B::name, n, d);
  const auto x = test::gaussian<T>(n, d + 3, "covariance");
  const matrix_view<const T> rows = x.view().middle_cols(2, d);
  std::vector<double> weights;
  for (index_t i = 0; i < n; ++i) weights.push_back(1 + static_cast<double>(i % 5));
  const auto expected = test::oracle::covariance(test::widened<T>(rows), weights);
  const double bound = test::rounding_bound<T>(std::min<index_t>(n, 2048), 1);

  covariance_accumulator<B, T> whole(d);
  whole.add(cx, rows, weights);
  CHECK(test::largest_difference(whole.covariance(), expected) <= bound);
  CHECK(whole.rows() == n);

  const index_t half = n / 2;
  const std::span<const double> w = weights;
  covariance_accumulator<B, T> first(d), second(d);
  first.add(cx, rows.middle_rows(0, half), w.first(static_cast<std::size_t>(half)));
  second.add(cx, rows.middle_rows(half, n - half), w.subspan(static_cast<std::size_t>(half)));
  first.merge(second);
  CHECK(first.rows() == n);
  CHECK(first.weights().total == Approx(whole.weights().total));
  CHECK(test::largest_difference(first.covariance(), expected) <= bound);

  first.add(cx, rows, weights);
  first.remove(cx, rows, weights);
  CHECK(first.rows() == n);
  CHECK(test::largest_difference(first.covariance(), expected) <= 3 * bound);
  first.remove(cx, rows, weights);
  CHECK(first.rows() == 0);
  CHECK_THROWS_AS(first.covariance(), numeric_error);
  CHECK_THROWS_AS(first.remove(cx, rows, weights), option_error);

  matrix<double> copy(d, d);
  for (index_t i = 0; i < copy.size(); ++i) copy.data()[i] = whole.sum().data()[i];
  CHECK(test::largest_difference(std::move(whole).sum(), copy) == 0);
}

TEST_CASE("the same blocks give the same bits on any number of threads", "[diversity][covariance]") {
  using B = cpu_backend<>;
  context<B> one({.threads = 1}), three({.threads = 3});
  const auto x = test::gaussian<float>(500, 150, "bits");
  covariance_accumulator<B, float> a(150), b(150);
  a.add(one, x);
  b.add(three, x);
  bool equal = true;
  for (index_t i = 0; i < a.sum().size(); ++i) equal &= a.sum().data()[i] == b.sum().data()[i];
  CHECK(equal);
}

TEST_CASE("a refused block leaves the sums alone; a skipped row is counted", "[diversity][covariance]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto x = test::gaussian<float>(4, 3, "refused block");
  covariance_accumulator<B, float> strict(3), lenient(3, {.unusable = unusable_rows::skip});
  strict.add(cx, x);
  const auto before = strict.covariance();
  x(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(strict.add(cx, x), numeric_error);
  CHECK(strict.rows() == 4);
  CHECK(test::largest_difference(strict.covariance(), before) == 0);
  lenient.add(cx, x);
  CHECK(lenient.rows() == 3);
  CHECK(lenient.skipped() == 1);
  CHECK_THROWS_AS(strict.add(cx, matrix<float>(1, 4)), shape_error);
  CHECK_THROWS_AS(strict.merge(covariance_accumulator<B, float>(4)), shape_error);
  CHECK_THROWS_AS((covariance_accumulator<B, float>(0)), shape_error);
  CHECK_NOTHROW(strict.add(cx, matrix<float>(0, 3)));
}
