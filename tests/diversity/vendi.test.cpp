#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/diversity/vendi.hpp>

#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

using namespace prismatic;

static constexpr double infinity = std::numeric_limits<double>::infinity();

// m groups of `each` equal rows along different axes, of various lengths.
template <class T>
static matrix<T> groups(index_t m, index_t each, index_t d) {
  matrix<T> x(m * each, d);
  for (index_t i = 0; i < x.rows(); ++i)
    x(i, i % m) = static_cast<T>(i % 2 == 0 ? 1 + static_cast<double>(i) : -0.25);
  return x;
}

template <class T>
static double tolerance() {  // relative, of a score: 1e-10 asked of double; float rows are good to some 1e-5
  return std::is_same_v<T, double> ? 1e-10 : 2e-5;
}

TEMPLATE_LIST_TEST_CASE("scores that are known", "[diversity][vendi]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto route = GENERATE(vendi_route::automatic, vendi_route::covariance, vendi_route::gram);
  const double order = GENERATE(0.1, 0.5, 1.0, 2.0, infinity);
  CAPTURE(B::name, order);
  const auto score = [&](const matrix<T>& x) { return vendi(cx, x, {.order = order, .route = route}).score; };
  CHECK(score(groups<T>(1, 9, 20)) == Approx(1).epsilon(tolerance<T>()));  // identical but for length and sign
  CHECK(score(groups<T>(11, 1, 20)) == Approx(11).epsilon(tolerance<T>()));  // orthogonal
  CHECK(score(groups<T>(6, 7, 20)) == Approx(6).epsilon(tolerance<T>()));    // equal groups
  CHECK(score(groups<T>(1, 1, 1)) == 1);
  // A dense direction, so that no product is exact: rounding must not be counted by the small orders.
  matrix<T> same(90, 40);
  const auto direction = test::gaussian<T>(1, 40, "direction");
  for (index_t i = 0; i < same.size(); ++i)
    same.data()[i] = direction.data()[i % 40] * static_cast<T>(1 + i / 40);
  CHECK(score(same) == Approx(1).epsilon(tolerance<T>()));

  // Two groups, 3 and 9 rows, made equal or uneven by their weights.
  auto pair = groups<T>(2, 6, 5);
  std::vector<double> weights;
  for (index_t i = 0; i < 12; ++i) weights.push_back(i % 2 == 0 ? 5 : 15);
  const double q = order;
  const double expected = std::exp(test::oracle::entropy({0.25, 0.75}, q));
  CHECK(vendi(cx, pair, {.order = order, .weights = weights, .route = route}).score ==
        Approx(expected).epsilon(tolerance<T>()));
}

TEMPLATE_LIST_TEST_CASE("covariance, Gram matrix, stream and exact Gram agree with the oracle",
                        "[diversity][vendi]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto n = GENERATE(index_t{1}, index_t{7}, index_t{23}, index_t{61});
  const auto d = GENERATE(index_t{2}, index_t{23});
  const double order = GENERATE(0.5, 1.0, 2.0, infinity);
  const bool weighted = GENERATE(false, true);
  CAPTURE(B::name, n, d, order, weighted);
  auto x = test::gaussian<T>(n, d, "routes");
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) x(i, j) += static_cast<T>(j == i % 3 ? 3 : 0);
  std::vector<double> weights;
  for (index_t i = 0; weighted && i < n; ++i)
    weights.push_back(i == 1 ? 0 : 1e-3 * static_cast<double>(1 + i % 4));

  vendi_options options{.order = order, .weights = weights, .route = vendi_route::covariance};
  const auto covariance = vendi(cx, x, options);
  options.route = vendi_route::gram;
  const auto gram = vendi(cx, x, options);
  covariance_accumulator<B, T> sums(d);
  for (index_t i = 0; i < n; i += 5)
    sums.add(cx, x.view().middle_rows(i, std::min<index_t>(5, n - i)),
             weighted ? std::span<const double>(weights).subspan(
                            static_cast<std::size_t>(i), static_cast<std::size_t>(std::min<index_t>(5, n - i)))
                      : std::span<const double>{});
  const auto streamed = vendi(cx, sums, order);
  matrix<double> products(n, n);
  const auto wide = test::widened(x);
  B::syrk(cx, op::none, 1, wide, 0, products.view());
  const auto exact = vendi_from_gram(cx, products, {.order = order, .weights = weights});

  const double expected = test::oracle::vendi(wide, order, weights);
  CHECK(covariance.score == Approx(expected).epsilon(tolerance<T>()));
  CHECK(gram.score == Approx(covariance.score).epsilon(tolerance<T>()));
  CHECK(streamed.score == Approx(covariance.score).epsilon(tolerance<T>()));
  CHECK(exact.score == Approx(covariance.score).epsilon(tolerance<T>()));
  CHECK(exact.width == 0);
  const index_t counted = weighted && n > 1 ? n - 1 : n;
  CHECK(covariance.rows == counted);
  CHECK(gram.rows == counted);
  CHECK(streamed.rows == counted);
  CHECK(exact.rows == counted);
  CHECK(covariance.score >= 1);
  CHECK(covariance.score <= static_cast<double>(std::min(counted, d)) * (1 + tolerance<T>()));
  CHECK(gram.ceiling == Approx(covariance.ceiling));
  CHECK(streamed.ceiling == Approx(covariance.ceiling));
  CHECK(gram.order2_debiased == Approx(covariance.order2_debiased).epsilon(100 * tolerance<T>()));
  CHECK(gram.score_at(order) == Approx(gram.score));
}

TEST_CASE("float rows keep the score, whatever the spectrum", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const index_t n = GENERATE(300, 1500), d = 320, kinds = 9;
  const matrix<float> centres = test::gaussian<float>(d, d, "centres");
  for (index_t kind = 0; kind < kinds; ++kind) {
    matrix<float> rows = test::gaussian<float>(n, d, "rows");
    matrix<double> same(n, d);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < d; ++j) {
        float& x = rows(i, j);
        const float column = static_cast<float>(j + 1);
        switch (kind) {
          case 0: break;
          case 1: x /= column; break;
          case 2: x /= column * column; break;
          case 3: x += 30; break;
          case 4: x = (x + 30) / column; break;
          case 5: x = centres(i % 40, j) + 1e-3f * x; break;   // many small ones beside a few that are alike
          case 6: x = centres(i % 150, j) + 1e-3f * x; break;
          case 7: x = centres(i % 150, j); break;              // as many that are 0
          default: x *= std::pow(0.95f, column);
        }
        same(i, j) = static_cast<double>(x);
      }
    CAPTURE(n, kind);
    CHECK(vendi(cx, rows).score == Approx(vendi(cx, same).score).epsilon(1e-6));
  }
}

// Most eigenvalues lie below epsilon(float) times the largest here: together they are 2e-4 of the score.
TEST_CASE("float rows keep what lies far below the largest eigenvalue", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const index_t n = 500, d = 520;
  matrix<float> rows = test::gaussian<float>(n, d, "rows");
  const auto common = test::gaussian<float>(1, d, "common");
  matrix<double> same(n, d);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) {
      float& x = rows(i, j);
      x = (x + 3 * common(0, j)) / static_cast<float>(j + 1);
      same(i, j) = static_cast<double>(x);
    }
  const auto found = vendi(cx, rows), expected = vendi(cx, same);
  CHECK(found.score == Approx(expected.score).epsilon(5e-6));
  CHECK(std::ranges::count_if(found.spectrum, [&](double l) { return l > 0 && l <= found.rounding; }) > 100);
  CHECK(found.score_at(0.1) <= expected.score_at(0.1));  // is sure of fewer
}

TEST_CASE("the score ignores order, length, sign, rotation and repetition", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t n = 29, d = 11;
  const double order = GENERATE(0.1, 1.0, 2.0);
  const auto x = test::gaussian<double>(n, d, "invariance");
  const double score = vendi(cx, x, {.order = order}).score;
  matrix<double> moved(n, d), twice(2 * n, d), turned(n, d);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < d; ++j) {
      moved((i * 12) % n, j) = x(i, j) * (i % 2 == 0 ? 1e-12 : -1e9);
      twice(i, j) = twice(i + n, j) = x(i, j);
    }
  const auto rotation =
      test::oracle::eigensystem(test::oracle::covariance(test::gaussian<double>(40, d, "turn")));
  B::gemm(cx, op::none, op::transpose, 1, x, rotation.vectors, 0, turned.view());
  CHECK(vendi(cx, moved, {.order = order}).score == Approx(score).epsilon(1e-10));
  CHECK(vendi(cx, twice, {.order = order}).score == Approx(score).epsilon(1e-10));
  CHECK(vendi(cx, turned, {.order = order}).score == Approx(score).epsilon(1e-10));
}

TEST_CASE("an order below 1 leaves out what may be rounding, however much there is", "[diversity][vendi]") {
  vendi_result r{};
  r.spectrum.assign(4001, 1e-7);
  r.spectrum[0] = 1 - 4e-4;
  r.rounding = 1.2e-7;
  CHECK(r.score_at(0.1) == Approx(1).epsilon(1e-12));
  CHECK(r.score_at(1) > 1.006);
}

TEST_CASE("a result reads consistently", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto x = test::gaussian<double>(40, 12, "consistent");
  const auto r = vendi(cx, x);
  const auto c = test::oracle::covariance(x);
  double squared_norm = 0;
  for (index_t i = 0; i < c.size(); ++i) squared_norm += c.data()[i] * c.data()[i];
  CHECK(r.order2 == Approx(1 / squared_norm).epsilon(1e-12));
  CHECK(r.order2 == Approx(vendi(cx, x, {.order = 2}).score).epsilon(1e-12));
  CHECK(r.order2 < r.score);
  CHECK(r.score < vendi(cx, x, {.order = 0.5}).score);
  CHECK(r.ceiling == Approx(score_ceiling(40, 12)));
  CHECK(r.width == 12);
  CHECK(r.rows == 40);
  CHECK(r.entropy == Approx(std::log(r.score)));
  REQUIRE(r.spectrum.size() == 12);
  CHECK(std::is_sorted(r.spectrum.rbegin(), r.spectrum.rend()));
  CHECK(std::accumulate(r.spectrum.begin(), r.spectrum.end(), 0.0) == Approx(1).epsilon(1e-14));
}

TEST_CASE("inputs without a score are refused with the right error", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto route = GENERATE(vendi_route::covariance, vendi_route::gram);
  const auto with = [&](std::vector<double> w, matrix<float>&& x) {
    return vendi(cx, x, {.weights = w, .route = route}).score;
  };
  const auto fine = [] { return test::gaussian<float>(3, 4, "fine"); };
  CHECK_THROWS_AS(with({}, matrix<float>(0, 4)), shape_error);
  CHECK_THROWS_AS(with({}, matrix<float>(4, 0)), shape_error);
  CHECK_THROWS_AS(with({1, 1}, fine()), shape_error);
  CHECK_THROWS_AS(with({1, 1, -1}, fine()), option_error);
  CHECK_THROWS_AS(with({0, 0, 0}, fine()), option_error);
  CHECK_THROWS_AS(with({1, infinity, 1}, fine()), option_error);
  CHECK_THROWS_AS(with({}, matrix<float>(3, 4)), numeric_error);
  CHECK(with({1e300, 1e300, 1e300}, fine()) == Approx(with({}, fine())));
  CHECK(with({1e-300, 1e-300, 1e-300}, fine()) == Approx(with({}, fine())));

  auto x = fine();
  CHECK_THROWS_AS(vendi(cx, x, {.order = -1, .route = route}), option_error);
  CHECK_THROWS_AS(vendi(cx, x, {.rows_are_unit = true, .route = route}), numeric_error);
  x(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(vendi(cx, x, {.route = route}), Catch::Matchers::Contains("row 1"));
  CHECK_THROWS_AS(vendi(cx, x, {.rows_are_unit = true, .route = route}), numeric_error);
  const auto rest = vendi(cx, x, {.unusable = unusable_rows::skip, .route = route});
  CHECK(rest.rows == 2);
  CHECK(rest.skipped == 1);
  matrix<float> zeros(3, 4);
  CHECK_THROWS_AS(vendi(cx, zeros, {.unusable = unusable_rows::skip, .route = route}), numeric_error);
}

TEST_CASE("Gram matrices that are none are refused", "[diversity][vendi]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto score = [&](std::vector<double> entries, index_t rows, index_t cols, std::vector<double> w = {}) {
    const matrix_view<const double> g(entries.data(), rows, cols);
    return vendi_from_gram(cx, g, {.weights = w}).score;
  };
  CHECK(score({4, 0, 0, 9}, 2, 2) == Approx(2));
  CHECK(score({4, 6, 6, 9}, 2, 2) == Approx(1));
  CHECK(score({4, 6, 0, 6, 9, 0, 0, 0, 0}, 3, 3, {1, 1, 0}) == Approx(1));
  CHECK_THROWS_AS(score({}, 0, 0), shape_error);
  CHECK_THROWS_AS(score({1, 0}, 1, 2), shape_error);
  CHECK_THROWS_AS(score({1, 0, 0, 0}, 2, 2), numeric_error);
  CHECK_THROWS_AS(score({1, 0.5, 0, 1}, 2, 2), numeric_error);
  CHECK_THROWS_AS(score({1, 2, 2, 1}, 2, 2), numeric_error);
  CHECK_THROWS_AS(score({1, infinity, infinity, 1}, 2, 2), numeric_error);
  CHECK_THROWS_AS(score({1, 0, 0, 1}, 2, 2, {0, 0}), option_error);
  CHECK_THROWS_AS(score({1, 0, 0, 1}, 2, 2, {1}), shape_error);
}

TEST_CASE("rounded rows change the score by less than a ten-thousandth", "[diversity][vendi]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 2});
  const index_t n = 2000, d = 96;
  const auto noise = test::gaussian<float>(n, d, "noise"), mean = test::gaussian<float>(1, d, "mean"), basis = test::gaussian<float>(3, d, "basis");
  const auto rows_of = [&](auto&& entry) {
    matrix<float> x(n, d);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < d; ++j) x(i, j) = entry(i, j);
    return x;
  };
  const matrix<float> sets[] = {
      noise.clone(),
      rows_of([&](index_t i, index_t j) { return noise(i, j) / static_cast<float>((j + 1) * (j + 1)); }),
      rows_of([&](index_t i, index_t j) { return mean(0, j) + noise(i, j) / 20; }),
      rows_of([&](index_t i, index_t j) { return noise(i, 0) * basis(0, j) + noise(i, 1) * basis(1, j) + noise(i, 2) * basis(2, j); }),
      rows_of([&](index_t, index_t j) { return mean(0, j); })};
  for (const matrix<float>& x : sets)
    for (const double order : {1.0, 2.0}) {
      const auto score = [&](product_precision products) {
        return vendi(cx, x, {.order = order, .route = vendi_route::covariance, .products = products}).score;
      };
      const double full = score(product_precision::full);
      CAPTURE(full, order);
      CHECK(std::abs(score(product_precision::bf16) / full - 1) < 1e-4);
    }
}
