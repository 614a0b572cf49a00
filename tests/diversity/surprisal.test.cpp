#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/diversity/surprisal.hpp>

#include <cmath>
#include <numeric>
#include <vector>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("surprisal agrees with the oracle", "[diversity][surprisal]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto d = GENERATE(index_t{1}, index_t{9}, index_t{24});
  const auto count = GENERATE(index_t{0}, index_t{1}, index_t{1025});
  const index_t n = 15;
  CAPTURE(B::name, d, count);
  const auto seen = test::gaussian<T>(n, d, "seen"), fresh = test::gaussian<T>(count, d, "fresh");
  covariance_accumulator<B, T> sums(d);
  sums.add(cx, seen);
  const surprisal_model<B, T> model(cx, sums, {.prior_rows = 2});
  std::vector<double> found(static_cast<std::size_t>(count));
  model.score(cx, fresh, found);

  matrix<double> mixed = test::oracle::covariance(test::widened(seen));
  for (index_t i = 0; i < d; ++i)
    for (index_t j = 0; j < d; ++j)
      mixed(i, j) = (n * mixed(i, j) + (i == j ? 2.0 / static_cast<double>(d) : 0.0)) / (n + 2);
  const auto expected = test::oracle::eigensystem(std::move(mixed));
  const auto unit = test::oracle::unit_rows(test::widened(fresh));
  const auto minus_log = [](double l) { return -std::log(l); };
  // Entries of C carry rounding of T, and -log amplifies it by 1 / least eigenvalue = some 400 here.
  const double bound = test::rounding_bound<T>(d, 400);
  double worst = 0;
  for (index_t i = 0; i < count; ++i)
    worst = std::max(worst, std::abs(found[static_cast<std::size_t>(i)] -
                                     test::oracle::quadratic_form(expected, minus_log, &unit(i, 0))));
  CHECK(worst <= bound);
  double average = 0;
  for (const double l : expected.values) average -= l * std::log(l);
  CHECK(model.average() == Approx(average).epsilon(1e-5).margin(1e-7));
}

TEST_CASE("unseen, once seen and often seen directions", "[diversity][surprisal]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t d = 50;
  matrix<double> x(100, d);  // axis 0 once, axis 1 ninety-nine times
  x(0, 0) = 1;
  for (index_t i = 1; i < 100; ++i) x(i, 1) = 1;
  covariance_accumulator<B, double> sums(d);
  sums.add(cx, x);
  const surprisal_model<B, double> model(cx, sums);
  matrix<double> axes(3, d);
  axes(0, 7) = 3;
  axes(1, 0) = -2;
  axes(2, 1) = 1e-9;
  std::vector<double> s(3);
  model.score(cx, axes, s);
  CHECK(s[0] == Approx(std::log(50.0 * 101)));
  CHECK(s[1] == Approx(std::log(101 / 1.02)));
  CHECK(s[2] == Approx(std::log(101 / 99.02)));
}

TEST_CASE("surprisal bounds the gain in entropy and orders it", "[diversity][surprisal]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t n = 60, d = 8, candidates = 40;
  auto seen = test::gaussian<double>(n, d, "bounded");
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) seen(i, j) /= static_cast<double>(1 + j);
  const auto fresh = test::gaussian<double>(candidates, d, "candidates");
  const auto c = test::oracle::covariance(seen);
  const surprisal_model<B, double> model(cx, c, n, {.prior_rows = 1e-10});
  std::vector<double> s(static_cast<std::size_t>(candidates)), gains;
  model.score(cx, fresh, s);
  const double entropy_before = test::oracle::entropy(test::oracle::eigensystem(c.clone()).values, 1);
  const auto unit = test::oracle::unit_rows(fresh);
  for (index_t k = 0; k < candidates; ++k) {
    matrix<double> grown(d, d);
    for (index_t i = 0; i < d; ++i)
      for (index_t j = 0; j < d; ++j) grown(i, j) = (n * c(i, j) + unit(k, i) * unit(k, j)) / (n + 1);
    gains.push_back(test::oracle::entropy(test::oracle::eigensystem(std::move(grown)).values, 1) -
                    entropy_before);
    const double bound = (s[static_cast<std::size_t>(k)] - entropy_before) / (n + 1);
    CHECK(gains.back() <= bound + 1e-9);
    CHECK(gains.back() >= bound - 0.03);
  }
  // Pearson correlation of bound and gain.
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  double sg = 0, ss = 0, gg = 0;
  for (std::size_t k = 0; k < s.size(); ++k) {
    sg += (s[k] - mean(s)) * (gains[k] - mean(gains));
    ss += std::pow(s[k] - mean(s), 2);
    gg += std::pow(gains[k] - mean(gains), 2);
  }
  CHECK(sg / std::sqrt(ss * gg) > 0.98);
}

TEST_CASE("a model refuses what is no covariance, and rows without a direction", "[diversity][surprisal]") {
  using B = cpu_backend<>;
  using model = surprisal_model<B, float>;
  context<B> cx({.threads = 1});
  matrix<double> c(2, 2), wide(2, 3), negative(2, 2);
  CHECK_THROWS_AS(model(cx, c, 5), numeric_error);  // trace 0
  c(0, 0) = 1;
  negative(0, 0) = 2;
  negative(1, 1) = -1;
  CHECK_THROWS_AS(model(cx, negative, 5), numeric_error);
  CHECK_THROWS_AS(model(cx, wide, 5), shape_error);
  CHECK_THROWS_AS(model(cx, c, 0), option_error);
  CHECK_THROWS_AS(model(cx, c, 5, {.prior_rows = 0}), option_error);
  const model fine(cx, c, 5);
  std::vector<double> out(2);
  auto rows = test::gaussian<float>(2, 2, "scored");
  CHECK_THROWS_AS(fine.score(cx, matrix<float>(2, 3), out), shape_error);
  CHECK_THROWS_AS(fine.score(cx, rows.view().middle_rows(0, 1), out), shape_error);
  rows(1, 0) = rows(1, 1) = 0;
  CHECK_THROWS_WITH(fine.score(cx, rows, out), Catch::Matchers::Contains("row 1"));
}
