#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/vendi.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

using namespace prismatic;

struct planted {
  matrix<double> rows;
  std::vector<label_t> topics;
};

// Topics of very unequal size, spread differently about their centres.
static planted planted_rows(index_t n, index_t d, index_t topics) {
  const auto centres = test::gaussian<double>(topics, d, "centres");
  planted out{test::gaussian<double>(n, d, "noise"), {}};
  const random_stream random(1, "topics");
  for (index_t i = 0; i < n; ++i) {
    const double u = random.uniform(static_cast<std::uint64_t>(i));
    const auto topic = static_cast<index_t>(static_cast<double>(topics) * std::pow(u, 4));
    out.topics.push_back(static_cast<label_t>(topic));
    for (index_t j = 0; j < d; ++j)
      out.rows(i, j) = centres(topic, j) + 0.1 * static_cast<double>(1 + topic % 4) * out.rows(i, j);
  }
  return out;
}

template <class T>
static matrix<T> narrowed(const matrix<double>& x) {
  matrix<T> out(x.rows(), x.cols());
  for (index_t i = 0; i < x.size(); ++i) out.data()[i] = static_cast<T>(x.data()[i]);
  return out;
}

// Greedy by the definition: f(S) anew for every pick, every row looked at.
template <class F>
static std::vector<index_t> naive_greedy(const matrix<double>& rows, index_t m, double prior, F&& f) {
  const auto x = test::oracle::unit_rows(rows);
  const index_t d = x.cols();
  matrix<double> s(d, d);
  for (index_t i = 0; i < d; ++i) s(i, i) = prior / static_cast<double>(d);
  std::vector<index_t> chosen;
  while (static_cast<index_t>(chosen.size()) < m) {
    const auto system = test::oracle::eigensystem(s.clone());
    index_t best = -1;
    double most = 0;
    for (index_t i = 0; i < x.rows(); ++i) {
      if (std::ranges::find(chosen, i) != chosen.end()) continue;
      const double value = -test::oracle::quadratic_form(system, f, &x(i, 0));
      if (best < 0 || value > most + 1e-9) {
        best = i;
        most = value;
      }
    }
    chosen.push_back(best);
    for (index_t a = 0; a < d; ++a)
      for (index_t b = 0; b < d; ++b) s(a, b) += x(best, a) * x(best, b);
  }
  return chosen;
}

TEST_CASE("lazy picks are the picks of the definition, however often the eigensystem is renewed",
          "[diversity][greedy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t n = 70, d = 9, m = 30;
  const double prior = GENERATE(1.0, 0.2);
  const auto x = planted_rows(n, d, 6).rows;
  const auto expected = naive_greedy(x, m, prior, monotone_log(prior / d, prior / d + static_cast<double>(m)));
  const auto never = select_greedy(cx, x, m, {.prior_rows = prior, .refresh = m});
  CHECK(never.rows == expected);
  CHECK(select_greedy(cx, x, m, {.prior_rows = prior, .refresh = 1}).rows == expected);
  CHECK(select_greedy(cx, x, m, {.prior_rows = prior, .refresh = 7}).rows == expected);
  CHECK(never.evaluations < n * (m - 1) / 2);
}

TEMPLATE_LIST_TEST_CASE("each pick is the most surprising row left, within the logarithm's error",
                        "[diversity][greedy]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t n = 90, d = 12, m = 25;
  const auto x = planted_rows(n, d, 8).rows;
  const auto chosen = select_greedy(cx, narrowed<T>(x), m, {.refresh = 10});
  REQUIRE(chosen.rows.size() == static_cast<std::size_t>(m));
  CHECK(std::set<index_t>(chosen.rows.begin(), chosen.rows.end()).size() == static_cast<std::size_t>(m));

  const auto unit = test::oracle::unit_rows(x);
  const auto minus_log = [](double l) { return -std::log(l); };
  for (index_t j = 1; j < m; ++j) {
    matrix<double> c(d, d);
    for (index_t i = 0; i < d; ++i) c(i, i) = 1.0 / static_cast<double>(d * (j + 1));
    for (index_t k = 0; k < j; ++k)
      for (index_t a = 0; a < d; ++a)
        for (index_t b = 0; b < d; ++b) {
          const index_t row = chosen.rows[static_cast<std::size_t>(k)];
          c(a, b) += unit(row, a) * unit(row, b) / static_cast<double>(j + 1);
        }
    const auto system = test::oracle::eigensystem(std::move(c));
    double most = 0;
    for (index_t i = 0; i < n; ++i)
      if (std::find(chosen.rows.begin(), chosen.rows.begin() + j, i) == chosen.rows.begin() + j)
        most = std::max(most, test::oracle::quadratic_form(system, minus_log, &unit(i, 0)));
    const double own =
        test::oracle::quadratic_form(system, minus_log, &unit(chosen.rows[static_cast<std::size_t>(j)], 0));
    CAPTURE(B::name, j);
    CHECK(own > most - 0.025);
    CHECK(std::abs(chosen.surprisals[static_cast<std::size_t>(j)] - own) < 0.025);
  }
}

TEST_CASE("greedy beats cluster-balanced, which beats random", "[diversity][greedy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t n = 600, d = 32, m = 60;
  const auto data = planted_rows(n, d, 24);
  const auto score = [&](const std::vector<index_t>& chosen) {
    matrix<double> part(static_cast<index_t>(chosen.size()), d);
    for (index_t i = 0; i < part.rows(); ++i)
      for (index_t j = 0; j < d; ++j) part(i, j) = data.rows(chosen[static_cast<std::size_t>(i)], j);
    return vendi(cx, part).score;
  };
  const double greedy = score(select_greedy(cx, data.rows, m).rows);
  const double balanced = score(select_cluster_balanced(data.topics, m, {1, "balanced"}));
  const double random = score(select_random(n, m, {1, "random"}));
  CAPTURE(greedy, balanced, random);
  CHECK(greedy >= balanced);
  CHECK(balanced > 1.1 * random);
}

TEST_CASE("ties go to the smaller index; rows may have any length", "[diversity][greedy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<float> x(8, 4);  // two rows along each axis
  for (index_t i = 0; i < 8; ++i) x(i, i % 4) = i % 2 == 0 ? 1e6f : -1e-6f;
  const auto chosen = select_greedy(cx, x, 8, {.refresh = 100});
  CHECK(std::vector<index_t>(chosen.rows.begin(), chosen.rows.begin() + 4) == std::vector<index_t>{0, 1, 2, 3});
  CHECK(std::set<index_t>(chosen.rows.begin(), chosen.rows.end()).size() == 8);
  CHECK(chosen.surprisals[0] == Approx(std::log(4.0)).margin(0.03));
  CHECK(chosen.surprisals[1] == Approx(std::log(8.0)).margin(0.03));
  CHECK(select_greedy(cx, x, 0).rows.empty());
}

TEST_CASE("a selection refuses what it cannot do", "[diversity][greedy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto x = test::gaussian<float>(5, 3, "refused");
  CHECK_THROWS_AS(select_greedy(cx, x, 6), option_error);
  CHECK_THROWS_AS(select_greedy(cx, x, -1), option_error);
  CHECK_THROWS_AS(select_greedy(cx, x, 2, {.prior_rows = 0}), option_error);
  CHECK_THROWS_AS(select_greedy(cx, x, 2, {.refresh = -1}), option_error);
  CHECK_THROWS_AS(select_greedy(cx, matrix<float>(5, 0), 2), shape_error);
  x(4, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(select_greedy(cx, x, 2), Catch::Matchers::Contains("row 4"));
}
