#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/diversity/ceiling.hpp>
#include <prismatic/diversity/vendi.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace prismatic;

TEST_CASE("the ceiling of order 1 is the published law and the other orders surround it",
          "[diversity][ceiling]") {
  CHECK(score_ceiling(2000, 1024) == Approx(1024 * std::exp(-1024.0 / 4000)));
  CHECK(score_ceiling(100, 1024) == Approx(100 * std::exp(-100.0 / 2048)));
  CHECK(score_ceiling(1, 1024) == Approx(1).epsilon(1e-3));
  CHECK(score_ceiling(1, 1) == 1);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double n : {50.0, 64.0, 300.0}) {
    CAPTURE(n);
    // Order 2 in closed form: 1 / (1/n + 1/d).
    CHECK(score_ceiling(n, 64, 2) == Approx(1 / (1 / n + 1.0 / 64)).epsilon(1e-6));
    CHECK(score_ceiling(n, 64, 0) == Approx(std::min(n, 64.0)).epsilon(1e-6));
    CHECK(score_ceiling(n, 64, 0.999) == Approx(score_ceiling(n, 64)).epsilon(1e-2));
    CHECK(score_ceiling(n, 64, 0.5) > score_ceiling(n, 64));
    CHECK(score_ceiling(n, 64) > score_ceiling(n, 64, 2));
    CHECK(score_ceiling(n, 64, 2) > score_ceiling(n, 64, infinity));
  }
  CHECK_THROWS_AS(score_ceiling(0, 4), option_error);
  CHECK_THROWS_AS(score_ceiling(4, 0), option_error);
  CHECK_THROWS_AS(score_ceiling(4, 4, -1), option_error);
}

TEST_CASE("random directions score their ceiling", "[diversity][ceiling]") {
  context<cpu_backend<>> cx({.threads = 1});
  const auto n = GENERATE(index_t{24}, index_t{48}, index_t{200});
  const double order = GENERATE(0.5, 1.0, 2.0);
  double mean = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    mean += vendi(cx, test::gaussian<double>(n, 48, "ceiling", seed), {.order = order}).score / 8;
  CAPTURE(n, order, mean);
  // The law is asymptotic: its next term is of relative order 1 / min(n, d), 4 % for the smallest here.
  CHECK(std::abs(mean / score_ceiling(static_cast<double>(n), 48, order) - 1) < 0.04);
}

TEST_CASE("order 2 loses its projection bias", "[diversity][ceiling]") {
  // Rows of known cosines, from equal to orthogonal, in a space of 96, seen through Gaussian sketches of 16.
  context<cpu_backend<>> cx({.threads = 1});
  const index_t n = 40, wide = 96, d = 16, draws = 300;
  matrix<double> x(n, wide);
  for (index_t i = 0; i < n; ++i) {
    x(i, i % 7) = 1 + static_cast<double>(i % 3);
    x(i, 10 + i) = static_cast<double>(i % 4);
  }
  const double exact = 1 / vendi(cx, x, {.order = 2}).score;
  double raw = 0, corrected = 0, squares = 0;
  for (index_t draw = 0; draw < draws; ++draw) {
    const auto projection = test::gaussian<double>(d, wide, "bias", static_cast<std::uint64_t>(draw));
    matrix<double> sketch(n, d);
    cpu_backend<>::gemm(cx, op::none, op::transpose, 1, x, projection, 0, sketch.view());
    const vendi_result seen = vendi(cx, sketch, {.order = 2});
    raw += 1 / seen.order2 / draws;
    corrected += 1 / seen.order2_debiased / draws;
    squares += 1 / seen.order2_debiased / seen.order2_debiased / draws;
  }
  const double error = std::sqrt((squares - corrected * corrected) / draws);
  CAPTURE(exact, raw, corrected, error);
  CHECK(raw > 1.3 * exact);
  // Four standard errors, and the part of the bias the linear form leaves: at most 2/d of the off-diagonal.
  CHECK(std::abs(corrected - exact) < 4 * error + 2.0 / d * (exact - 1.0 / n));
  CHECK(std::abs(corrected - exact) < 0.1 * (raw - exact));
}

TEST_CASE("order 2 is exact where the sketch cannot mislead", "[diversity][ceiling]") {
  CHECK(debiased_order2(1, 0.1, 8) == Approx(1));                     // identical rows
  CHECK(debiased_order2(0.1 + 0.9 / 8, 0.1, 8) == Approx(10));        // orthogonal on average
  CHECK(debiased_order2(0.1 + 0.5 * 0.9 / 8, 0.1, 8) == Approx(10));  // never above 1 / sum p^2
  CHECK(debiased_order2(1, 0.1, 1) == 1);
}
