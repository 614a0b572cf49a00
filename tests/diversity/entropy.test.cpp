#include "support/catch.hpp"

#include <prismatic/diversity/entropy.hpp>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace prismatic;

static constexpr double infinity = std::numeric_limits<double>::infinity();

TEST_CASE("a flat spectrum of m eigenvalues scores m at every order", "[diversity][entropy]") {
  const double order = GENERATE(0.0, 0.1, 0.5, 0.999999999, 1.0, 1.000000001, 1.4, 2.0, 7.0, 200.0, infinity);
  const int m = GENERATE(1, 2, 7, 1000);
  CAPTURE(order, m);
  std::vector<double> lambda(static_cast<std::size_t>(m), 1.0 / m);
  lambda.push_back(0);
  lambda.push_back(-1e-18);
  CHECK(vendi_from_spectrum(lambda, order) == Approx(m).epsilon(1e-12));
}

TEST_CASE("entropies of (1/2, 1/4, 1/4) by hand", "[diversity][entropy]") {
  const std::vector<double> lambda{0.25, 0.5, 0.25};
  CHECK(entropy(lambda, 0) == Approx(std::log(3.0)));
  CHECK(entropy(lambda, 0.5) == Approx(2 * std::log(std::sqrt(0.5) + 1)));
  CHECK(entropy(lambda, 1) == Approx(1.5 * std::log(2.0)));
  CHECK(entropy(lambda, 2) == Approx(-std::log(0.375)));
  CHECK(entropy(lambda, 3) == Approx(-0.5 * std::log(0.15625)));
  CHECK(entropy(lambda, infinity) == Approx(std::log(2.0)));
}

TEST_CASE("entropy falls with its order and is smooth at order 1", "[diversity][entropy]") {
  std::vector<double> lambda;
  double sum = 0;
  for (int i = 0; i < 40; ++i) sum += lambda.emplace_back(std::pow(0.7, i));
  for (double& l : lambda) l /= sum;
  double before = entropy(lambda, 0);
  for (const double order :
       {0.1, 0.49, 0.51, 0.9, 1 - 1e-6, 1.0, 1 + 1e-6, 1.49, 1.51, 2.0, 30.0, 1e4, infinity}) {
    const double h = entropy(lambda, order);
    CAPTURE(order);
    CHECK(h < before);
    before = h;
  }
  // A power series in q - 1 with coefficients of order 1.
  CHECK(std::abs(entropy(lambda, 1 + 1e-9) - entropy(lambda)) < 1e-8);
  CHECK(std::abs(entropy(lambda, 0.5 - 1e-9) - entropy(lambda, 0.5 + 1e-9)) < 1e-7);
}

TEST_CASE("a spectrum of another trace, a negative one, or NaN is refused", "[diversity][entropy]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(entropy(std::vector<double>{}), numeric_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{0.5, 0.6}), numeric_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{1.1, -0.1}), numeric_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{1, nan}), numeric_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{infinity}), numeric_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{1}, -0.5), option_error);
  CHECK_THROWS_AS(entropy(std::vector<double>{1}, nan), option_error);
  CHECK_NOTHROW(entropy(std::vector<double>{1 + 0.9 * trace_tolerance}));
}

TEST_CASE("clearing a spectrum sorts it, cuts it to its rank, drops rounding and restores the sum",
          "[diversity][entropy]") {
  std::vector<double> lambda{1e-17, 0.25, -1e-7, 0.75 + 1e-6, 1.9e-7};
  clean_spectrum<float>(lambda, 3);
  REQUIRE(lambda.size() == 3);
  CHECK(lambda[0] == Approx(0.75).epsilon(1e-5));
  CHECK(lambda[1] == Approx(0.25).epsilon(1e-5));
  CHECK(lambda[2] == 0);
  CHECK(lambda[0] + lambda[1] == Approx(1).epsilon(1e-15));
}

TEST_CASE("what is negative tells how large rounding is", "[diversity][entropy]") {
  const auto third = []<class T>(T, double small, double negative) {
    std::vector<double> lambda{0.75, 0.25 - small - negative, small, negative};
    clean_spectrum<T>(lambda, 4);
    return lambda[2];
  };
  CHECK(third(1.0f, 3e-7, 0) == Approx(3e-7));  // nothing negative: a small eigenvalue is one
  CHECK(third(1.0f, 3e-7, -1e-7) == Approx(3e-7));
  CHECK(third(1.0f, 1e-7, 0) == Approx(1e-7));
  CHECK(third(1.0f, 3e-7, -2e-7) == 0);
  CHECK(third(1.0f, 8e-7, -9e-7) == Approx(8e-7));  // beyond 8 epsilon(float) times 0.75
  CHECK(third(1.0f, 2e-15, 0) == Approx(2e-15));    // whatever the entries were
  CHECK(third(1.0, 2e-15, 0) == Approx(2e-15));
  CHECK(third(1.0, 1e-15, 0) == 0);  // below 8 epsilon(double) times 0.75
}

TEST_CASE("of many that rounding hides their sum is kept", "[diversity][entropy]") {
  const auto cleaned = [](double mean) {
    std::vector<double> lambda{0.75, 0.25};
    for (int i = 0; i < 100; ++i) lambda.push_back(mean + 1e-7 * std::cos(i * std::acos(-1.0) / 100));  // down to -1e-7 and `mean`
    lambda[1] -= std::accumulate(lambda.begin() + 2, lambda.end(), 0.0);
    clean_spectrum<float>(lambda, 102);
    return lambda;
  };
  const auto kept = cleaned(2e-8), gone = cleaned(3e-9);
  for (std::size_t i = 2; i < kept.size(); ++i) {
    CHECK(kept[i] == Approx(2.1e-8).epsilon(1e-3));  // the cosines sum to 1
    CHECK(gone[i] == 0);
  }
}
