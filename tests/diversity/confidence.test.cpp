#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/diversity/confidence.hpp>

#include <cmath>
#include <vector>

using namespace prismatic;
using B = cpu_backend<>;

// Rows around a few directions of unequal weight.
static matrix<double> sample(index_t n, std::uint64_t seed) {
  auto x = test::gaussian<double>(n, 6, "confidence", seed);
  const random_stream random(seed, "direction");
  for (index_t i = 0; i < n; ++i)
    x(i, static_cast<index_t>(6 * std::pow(random.uniform(static_cast<std::uint64_t>(i)), 2))) += 4;
  return x;
}

TEST_CASE("the interval covers the mean score of fresh samples about as often as asked",
          "[diversity][confidence]") {
  context<B> cx({.threads = 1});
  const auto m = GENERATE(index_t{60}, index_t{80});
  double truth = 0;
  for (std::uint64_t s = 0; s < 400; ++s) truth += vendi(cx, sample(m, 1000 + s)).score / 400;
  int covered = 0;
  const int trials = 150;
  for (int trial = 0; trial < trials; ++trial) {
    const auto r = vendi_confidence(cx, sample(120, static_cast<std::uint64_t>(trial)),
                                    {.subsample = m, .repeats = 40, .level = 0.9});
    covered += r.lower <= truth && truth <= r.upper;
  }
  CAPTURE(m, covered);
  // 135 expected; first-order theory and percentiles of 40 numbers may cost several per cent.
  CHECK(covered >= 115);
  CHECK(covered <= 149);
}

TEST_CASE("an interval is ordered, repeatable and widens with its level", "[diversity][confidence]") {
  context<B> cx({.threads = 1, .seed = 5}), same({.threads = 2, .seed = 5}), other({.threads = 1, .seed = 6});
  const auto x = sample(50, 1);
  const auto r = vendi_confidence(cx, x);
  CHECK(r.subsample == 25);
  CHECK(r.scores.size() == 100);
  CHECK(r.lower < r.mean);
  CHECK(r.mean < r.upper);
  CHECK(r.standard_error == Approx(r.deviation));
  CHECK(r.upper - r.lower == Approx(4 * r.standard_error).epsilon(0.25));
  CHECK(r.mean < vendi(cx, x).score);
  CHECK(vendi_confidence(same, x).mean == Approx(r.mean).epsilon(1e-12));
  CHECK(vendi_confidence(other, x).mean != Approx(r.mean).epsilon(1e-12));
  const auto narrow_one = vendi_confidence(cx, x, {.level = 0.5});
  CHECK(narrow_one.upper - narrow_one.lower < r.upper - r.lower);
}

TEST_CASE("options out of range and unusable rows are refused", "[diversity][confidence]") {
  context<B> cx({.threads = 1});
  auto x = sample(10, 1);
  CHECK_THROWS_AS(vendi_confidence(cx, x, {.subsample = 10}), option_error);
  CHECK_THROWS_AS(vendi_confidence(cx, x, {.subsample = -1}), option_error);
  CHECK_THROWS_AS(vendi_confidence(cx, x.view().middle_rows(0, 1)), option_error);
  CHECK_THROWS_AS(vendi_confidence(cx, x, {.repeats = 1}), option_error);
  CHECK_THROWS_AS(vendi_confidence(cx, x, {.level = 1}), option_error);
  for (index_t j = 0; j < x.cols(); ++j) x(7, j) = 0;
  CHECK_THROWS_WITH(vendi_confidence(cx, x), Catch::Matchers::Contains("row 7"));
}
