#include "oracle/rows.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

using namespace prismatic;

namespace {

constexpr index_t shapes[][2] = {{0, 3}, {3, 0}, {1, 1}, {7, 13}, {5, 63}, {5, 64}, {5, 65}, {501, 211}};

std::vector<token_id> random_ids(index_t count, index_t below) {
  const random_stream random(3, "ids");
  std::vector<token_id> ids(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<token_id>(random.below(i, below));
  return ids;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("row-wise verbs agree with the oracle", "[backend][rows]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    const auto a = test::gaussian<T>(n, d, "a"), c = test::gaussian<T>(n, d, "c");
    const auto wide_a = test::widened(a), wide_c = test::widened(c);
    test::strided<T> sa(a), sc(c);
    const double bound = test::rounding_bound<T>(1, 10);

    std::vector<T> norms(static_cast<std::size_t>(n)), dots(norms.size());
    B::row_norms(cx, sa.view(), vector_view<T>(norms));
    B::row_dots(cx, sa.view(), sc.view(), vector_view<T>(dots));
    for (index_t i = 0; i < n; ++i) {
      const double norm = std::sqrt(test::oracle::dot(wide_a, i, wide_a, i));
      const double size = norm * std::sqrt(test::oracle::dot(wide_c, i, wide_c, i));
      CHECK(std::abs(static_cast<double>(norms[static_cast<std::size_t>(i)]) - norm) <=
            test::rounding_bound<T>(1, norm));
      CHECK(std::abs(static_cast<double>(dots[static_cast<std::size_t>(i)]) -
                     test::oracle::dot(wide_a, i, wide_c, i)) <= test::rounding_bound<T>(1, size));
    }

    matrix<double> expected(n, d);
    B::axpy(cx, T(-1.5), sa.view(), sc.view());
    for (index_t i = 0; i < expected.size(); ++i)
      expected.data()[i] = wide_c.data()[i] - 1.5 * wide_a.data()[i];
    CHECK(test::largest_difference(sc.packed(), expected) <= bound);
    CHECK(sc.padding_untouched());

    B::scale_rows(cx, norms, sa.view());
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < d; ++j)
        expected(i, j) = wide_a(i, j) * static_cast<double>(norms[static_cast<std::size_t>(i)]);
    CHECK(test::largest_difference(sa.packed(), expected) <=
          test::rounding_bound<T>(1, 5 * std::sqrt(static_cast<double>(d + 1))));
    CHECK(sa.padding_untouched());
  }
}

TEMPLATE_LIST_TEST_CASE("norms of rows whose squares leave the range of float", "[backend][rows]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> a(3, 2);
  a(0, 0) = T(3e30);
  a(0, 1) = T(4e30);
  a(1, 0) = T(3e-30);
  a(1, 1) = T(4e-30);
  std::vector<T> norms(3);
  B::row_norms(cx, a, vector_view<T>(norms));
  CHECK(static_cast<double>(norms[0]) == Approx(5e30));
  CHECK(static_cast<double>(norms[1]) == Approx(5e-30).margin(0));
  CHECK(norms[2] == T(0));
}

TEMPLATE_LIST_TEST_CASE("segment sums agree with the oracle for any threads", "[backend][rows]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const layout sequences{3, 0, 1, 64, 130, 0};
  for (const index_t d : {0, 1, 15, 16, 17, 64, 801}) {
    CAPTURE(B::name, d);
    const auto x = test::gaussian<T>(sequences.rows(), d, "x");
    const auto c = test::gaussian<T>(sequences.sequences(), d, "c");
    test::strided<T> sx(x), sc(c);
    B::segment_sum(three, sx.view(), sequences, sc.view());
    const auto expected = test::oracle::segment_sum(test::widened(x), sequences, test::widened(c));
    CHECK(test::largest_difference(sc.packed(), expected) <= test::rounding_bound<T>(1, 50));
    CHECK(sc.padding_untouched());
    matrix<T> again = c.clone();
    B::segment_sum(one, x, sequences, again.view());
    CHECK(test::identical(again, sc.packed()));
  }
}

TEMPLATE_LIST_TEST_CASE("gather copies and scatter adds, the adjoint of each other", "[backend][rows]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  constexpr index_t vocabulary = 19;
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    const auto ids = random_ids(n, vocabulary);
    const auto table = test::gaussian<T>(vocabulary, d, "table"), x = test::gaussian<T>(n, d, "x");

    test::strided<T> gathered(n, d), source(table);
    B::gather_rows(three, source.view(), ids, gathered.view());
    bool same = true;
    for (index_t t = 0; t < n; ++t)
      for (index_t j = 0; j < d; ++j)
        same = same && gathered.view()(t, j) == table(ids[static_cast<std::size_t>(t)], j);
    CHECK(same);
    CHECK(gathered.padding_untouched());

    test::strided<T> sx(x), sc(table);
    B::scatter_rows(three, sx.view(), ids, sc.view());
    const auto expected = test::oracle::scatter_rows(test::widened(x), ids, test::widened(table));
    CHECK(test::largest_difference(sc.packed(), expected) <= test::rounding_bound<T>(n / vocabulary + 1, 30));
    CHECK(sc.padding_untouched());
    matrix<T> again = table.clone();
    B::scatter_rows(one, x, ids, again.view());
    CHECK(test::identical(again, sc.packed()));
  }
}
