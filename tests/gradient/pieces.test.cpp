#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/gradient/pieces.hpp>

#include <string>
#include <vector>

using namespace prismatic;

namespace {

const parameter_info table{"table", 12, 9};

// One gradient kept in pieces, and the same as a matrix in double.
template <class B, class T>
struct kept {
  gradient_pieces<B, T> pieces;
  matrix<double> whole{table.rows, table.cols};

  void outer(context<B>& cx, index_t tokens, const std::string& name) {
    const matrix<T> a = test::gaussian<T>(tokens, table.rows, "a " + name), x = test::gaussian<T>(tokens, table.cols, name);
    pieces.add_outer(cx, table, a, x);
    for (index_t t = 0; t < tokens; ++t)
      for (index_t i = 0; i < table.rows; ++i)
        for (index_t j = 0; j < table.cols; ++j) whole(i, j) += double(a(t, i)) * double(x(t, j));
  }
  void rows(context<B>& cx, const std::vector<token_id>& ids, const std::string& name) {
    const matrix<T> x = test::gaussian<T>(static_cast<index_t>(ids.size()), table.cols, name);
    pieces.add_rows(cx, table, ids, x);
    for (index_t t = 0; t < x.rows(); ++t)
      for (index_t j = 0; j < table.cols; ++j) whole(ids[static_cast<std::size_t>(t)], j) += double(x(t, j));
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("inner products of every mixture of pieces are those of the sums", "[gradient][pieces]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  std::vector<kept<B, T>> g(10);
  // 0 stays empty: a gradient of zero
  g[1].outer(cx, 1, "1");
  g[2].outer(cx, 4, "2");
  g[3].rows(cx, {3, 3, 0}, "3");
  g[4].outer(cx, 2, "4"), g[4].rows(cx, {11, 3}, "4r");             // tied
  g[5].outer(cx, 2, "5"), g[5].outer(cx, 1, "5b");                  // the same weight used twice
  g[6].outer(cx, 6, "6");                                           // as large as the matrix: whole
  g[7].rows(cx, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 3}, "7");    // whole
  g[8].outer(cx, 2, "8"), g[8].rows(cx, {0, 5}, "8r"), g[8].outer(cx, 30, "8b");  // pieces become whole
  g[9].outer(cx, 6, "9"), g[9].outer(cx, 1, "9b"), g[9].rows(cx, {2}, "9r");      // whole takes the rest
  for (std::size_t i = 0; i < g.size(); ++i) CHECK(g[i].pieces.whole().empty() == (i < 6));
  for (std::size_t i = 0; i < g.size(); ++i)
    for (std::size_t j = 0; j < g.size(); ++j) {
      CAPTURE(B::name, i, j);
      double expected = 0, scale = 0;
      for (index_t k = 0; k < table.size(); ++k) {
        expected += g[i].whole.data()[k] * g[j].whole.data()[k];
        scale += std::abs(g[i].whole.data()[k] * g[j].whole.data()[k]);
      }
      const double found = gradient_pieces<B, T>::inner(cx, g[i].pieces, g[j].pieces);
      CHECK(std::abs(found - expected) <= test::rounding_bound<T>(32, scale + 10));
    }
  for (std::size_t i = 6; i < g.size(); ++i)
    CHECK(test::largest_difference(g[i].pieces.whole(), g[i].whole.view()) <= test::rounding_bound<T>(40, 10));
}

TEMPLATE_LIST_TEST_CASE("a dense gradient is kept whole, and adds up", "[gradient][pieces]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  const parameter_info bias{"bias", 1, 5};
  const matrix<T> g = test::gaussian<T>(1, 5, "g");
  gradient_pieces<B, T> once, twice;
  once.add_dense(cx, bias, g);
  twice.add_dense(cx, bias, g);
  twice.add_dense(cx, bias, g);
  const double square = gradient_pieces<B, T>::inner(cx, once, once);
  CHECK(gradient_pieces<B, T>::inner(cx, once, twice) == Approx(2 * square));
  CHECK(gradient_pieces<B, T>::inner(cx, twice, twice) == Approx(4 * square));
  CHECK(twice.whole()(0, 3) == 2 * g(0, 3));
}

TEST_CASE("pieces of no tokens leave no trace", "[gradient][pieces]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  kept<B, double> g;
  g.outer(cx, 0, "none");
  g.rows(cx, {}, "none");
  CHECK(gradient_pieces<B, double>::inner(cx, g.pieces, g.pieces) == 0.0);
}
