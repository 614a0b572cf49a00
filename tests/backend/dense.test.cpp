#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// A sum of k products of standard normals is about sqrt(k); four deviations for each factor.
template <class T>
double product_bound(index_t k) {
  return test::rounding_bound<T>(k, 16 + 4 * std::sqrt(static_cast<double>(k)));
}

constexpr index_t shapes[][3] = {{0, 3, 4},     {3, 0, 4},    {3, 4, 0},   {1, 1, 1},
                                 {1, 17, 5},    {17, 1, 5},   {13, 7, 11}, {64, 64, 64},
                                 {65, 63, 130}, {5, 301, 97}, {301, 5, 97}};

}  // namespace

TEMPLATE_LIST_TEST_CASE("gemm agrees with the oracle", "[backend][gemm]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [m, n, k] : shapes)
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose}) {
        CAPTURE(B::name, m, n, k, a_op, b_op);
        const auto a = a_op == op::none ? test::gaussian<T>(m, k, "a") : test::gaussian<T>(k, m, "a");
        const auto b = b_op == op::none ? test::gaussian<T>(k, n, "b") : test::gaussian<T>(n, k, "b");
        const auto c = test::gaussian<T>(m, n, "c");
        test::strided<T> sa(a), sb(b), sc(c);
        B::gemm(cx, a_op, b_op, T(0.5), sa.view(), sb.view(), T(-2), sc.view());
        const auto expected =
            test::oracle::gemm(a_op, b_op, 0.5, test::widened(a), test::widened(b), -2, test::widened(c));
        CHECK(test::largest_difference(sc.packed(), expected) <= product_bound<T>(k));
        CHECK(sc.padding_untouched());
      }
}

TEMPLATE_LIST_TEST_CASE("gemm and gather_rows read bfloat16 where a backend says so, to the bits of floats", "[backend][gemm]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  if constexpr (reads_bfloat16<B, T>) {
    context<B> cx({.threads = GENERATE(1, 3)});
    for (const auto& [m, n, k] : shapes)
      for (const op b_op : {op::none, op::transpose}) {
        CAPTURE(B::name, m, n, k, b_op);
        const auto a = test::gaussian<T>(m, k, "a"), c = test::gaussian<T>(m, n, "c");
        const auto narrow = test::rounded(b_op == op::none ? test::gaussian<T>(k, n, "b") : test::gaussian<T>(n, k, "b"));
        const auto wide = test::as_floats(narrow);
        matrix<T> expected = c.clone(), found = c.clone();
        B::gemm(cx, op::none, b_op, T(0.5), a, wide, T(-2), expected.view());
        B::gemm(cx, op::none, b_op, T(0.5), a, narrow.view(), T(-2), found.view());
        CHECK(test::identical(found, expected));
      }
    const auto table = test::rounded(test::gaussian<T>(9, 37, "table"));
    const std::vector<token_id> ids{3, 0, 8, 3};
    matrix<T> rows(4, 37);
    B::gather_rows(cx, table.view(), ids, rows.view());
    for (std::size_t t = 0; t < ids.size(); ++t)
      CHECK(std::equal(table.view().row(ids[t]), table.view().row(ids[t]) + 37, rows.view().row(static_cast<index_t>(t))));
  }
}

TEMPLATE_LIST_TEST_CASE("gemm with beta 0 does not read C", "[backend][gemm]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t k = GENERATE(0, 1, 9);
  const auto a = test::gaussian<T>(5, k, "a"), b = test::gaussian<T>(k, 3, "b");
  matrix<T> c(5, 3);
  std::fill_n(c.data(), c.size(), std::numeric_limits<T>::quiet_NaN());
  B::gemm(cx, op::none, op::none, T(1), a, b, T(0), c.view());
  const auto expected =
      test::oracle::gemm(op::none, op::none, 1, test::widened(a), test::widened(b), 0, matrix<double>(5, 3));
  CHECK(test::largest_difference(c, expected) <= product_bound<T>(k));
}

TEST_CASE("syrk of floats may have its sums in double", "[backend][syrk]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  for (const op a_op : {op::none, op::transpose})
    for (const index_t k : {7, 40}) {
      CAPTURE(a_op, k);
      const auto a = a_op == op::none ? test::gaussian<float>(37, k, "a") : test::gaussian<float>(k, 37, "a");
      auto c = test::gaussian<double>(37, 37, "c");
      const matrix<double> wide = test::widened(a);
      for (index_t i = 0; i < 37; ++i)
        for (index_t j = 0; j < i; ++j) c(j, i) = c(i, j);
      const auto expected = test::oracle::gemm(a_op, a_op == op::none ? op::transpose : op::none, 0.5, wide, wide, -2, c);
      B::syrk(cx, a_op, 0.5, matrix_view<const float>(a), -2.0, c.view());
      CHECK(test::largest_difference(c, expected) <= product_bound<float>(k));
      for (index_t i = 0; i < 37; ++i)
        for (index_t j = 0; j < i; ++j) REQUIRE(c(i, j) == c(j, i));
    }
}

TEMPLATE_LIST_TEST_CASE("syrk agrees with the oracle and is symmetric to the bit", "[backend][syrk]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const index_t m = GENERATE(0, 1, 31, 127, 128, 129, 257), k = GENERATE(0, 1, 65);
  const op a_op = GENERATE(op::none, op::transpose);
  CAPTURE(B::name, m, k, a_op);
  const auto a = a_op == op::none ? test::gaussian<T>(m, k, "a") : test::gaussian<T>(k, m, "a");
  matrix<T> c(m, m);
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < m; ++j) c(i, j) = static_cast<T>(i + j);
  test::strided<T> sa(a), sc(c);
  B::syrk(three, a_op, T(2), sa.view(), T(0.5), sc.view());
  const auto expected = test::oracle::syrk(a_op, 2, test::widened(a), 0.5, test::widened(c));
  const auto found = sc.packed();
  // |c| is up to 2 m and |row|^2 about k.
  CHECK(test::largest_difference(found, expected) <=
        test::rounding_bound<T>(k, static_cast<double>(4 * k + m)));
  CHECK(sc.padding_untouched());
  bool symmetric = true;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < i; ++j) symmetric = symmetric && found(i, j) == found(j, i);
  CHECK(symmetric);
  B::syrk(one, a_op, T(2), a, T(0.5), c.view());
  CHECK(test::identical(c, found));
}

TEMPLATE_LIST_TEST_CASE("the spectrum of small matrices known by hand", "[backend][eigen]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  matrix<T> two(2, 2);
  two(0, 0) = two(1, 1) = T(2);
  two(0, 1) = two(1, 0) = T(1);
  std::vector<T> w(2);
  B::eigensystem(cx, two.view(), vector_view<T>(w));
  CHECK(static_cast<double>(w[0]) == Approx(1));
  CHECK(static_cast<double>(w[1]) == Approx(3));
  // Eigenvectors are rows: (1, -1) / sqrt 2 and (1, 1) / sqrt 2 up to sign.
  CHECK(static_cast<double>(two(0, 0) * two(0, 1)) == Approx(-0.5));
  CHECK(static_cast<double>(two(1, 0) * two(1, 1)) == Approx(0.5));

  matrix<T> one(1, 1), none;
  one(0, 0) = T(-7);
  B::eigenvalues(cx, one.view(), vector_view<T>(w).middle(0, 1));
  CHECK(w[0] == T(-7));
  B::eigenvalues(cx, none.view(), vector_view<T>());
}

TEMPLATE_LIST_TEST_CASE("eigenvectors are orthonormal and reproduce the matrix", "[backend][eigen]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const index_t n = GENERATE(3, 31, 64, 65), rank = GENERATE(2, 200);
  CAPTURE(B::name, n, rank);
  const auto a = test::gaussian<T>(n, rank, "a");
  matrix<T> gram(n, n), values_only;
  B::syrk(cx, op::none, T(1), a, T(0), gram.view());
  const auto exact = test::widened(gram);
  test::strided<T> vectors(gram);
  values_only = gram.clone();
  std::vector<T> w(static_cast<std::size_t>(n)), alone(w.size());
  B::eigensystem(cx, vectors.view(), vector_view<T>(w));
  B::eigenvalues(cx, values_only.view(), vector_view<T>(alone));
  CHECK(vectors.padding_untouched());

  // Backward stability: errors of a few n epsilon times the spectral norm, at most the trace.
  double trace = 0, sum = 0;
  for (index_t i = 0; i < n; ++i) trace += exact(i, i);
  const double bound = test::rounding_bound<T>(n * n, trace);
  const auto v = test::widened(vectors.packed());
  matrix<double> back(n, n), identity(n, n);
  for (index_t l = 0; l < n; ++l) {
    identity(l, l) = 1;
    const auto at = static_cast<std::size_t>(l);
    const auto lambda = static_cast<double>(w[at]);
    sum += lambda;
    CHECK(std::abs(lambda - static_cast<double>(alone[at])) <= bound);
    if (l > 0) CHECK(w[at] >= w[at - 1]);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) back(i, j) += lambda * v(l, i) * v(l, j);
  }
  CHECK(std::abs(sum - trace) <= bound);
  CHECK(test::largest_difference(back, exact) <= bound);
  const auto products = test::oracle::syrk(op::none, 1, v, 0, matrix<double>(n, n));
  CHECK(test::largest_difference(products, identity) <= test::rounding_bound<T>(n * n, 1));
}

TEMPLATE_LIST_TEST_CASE("a matrix with a NaN has no spectrum", "[backend][eigen]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  auto a = test::gaussian<T>(9, 9, "a");
  a(4, 4) = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> w(9);
  CHECK_THROWS_AS(B::eigenvalues(cx, a.view(), vector_view<T>(w)), numeric_error);
}
