#include "projection/blocks.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"

#include <prismatic/projection/kronecker.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace prismatic;
using test::project;
using test::whole_numbers;

namespace {

static_assert(factor_projection<kronecker, cpu_backend<>, float> && factor_projection<kronecker, cpu_backend<>, double>);

template <class T>
matrix<double> by_definition(const kronecker& r, const tensor_block& block, const matrix<T>& g) {
  matrix<double> z(g.rows(), r.width());
  for (index_t i = 0; i < block.rows; ++i)
    for (index_t c = 0; c < block.cols; ++c)
      for (index_t a = 0; a < r.left(); ++a)
        for (index_t b = 0; b < r.right(); ++b)
          for (index_t s = 0; s < g.rows(); ++s)
            z(s, a * r.right() + b) += double(g(s, i * block.cols + c)) * r.sign(block.name, 0, block.first_row + i, a) *
                                       r.sign(block.name, 1, c, b);
  return z;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the factored projection is the one its signs define", "[projection][kronecker]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  struct size {
    index_t rows, cols, width, samples;
  };
  for (const size n : {size{1, 1, 1, 1}, size{3, 5, 4, 2}, size{7, 2, 12, 3}, size{5, 9, 1024, 2}, size{4, 3, 2000, 1},
                       size{1, 300, 48, 9}, size{1, 7, 12, 0}}) {
    CAPTURE(B::name, n.rows, n.cols, n.width, n.samples);
    const kronecker r(n.width, 9);
    CHECK(r.width() == n.width);
    const tensor_block block{"model.layers.0.mlp.up_proj.weight", 5, n.rows, n.cols};
    const matrix<T> g = whole_numbers<T>(n.samples, n.rows * n.cols);
    CHECK(test::largest_difference(project<B, T>(cx, r, block, g), by_definition(r, block, g)) == 0);
  }
}

// More columns than a strip of signs holds, sequences without tokens, a row that several tokens share.
TEMPLATE_LIST_TEST_CASE("factors give the image of the matrix that they stand for", "[projection][kronecker]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const kronecker r(12, 4);
  const index_t rows = 5000, cols = 3;
  layout seq;
  for (const index_t tokens : {2, 0, 3}) seq.append(tokens);
  const matrix<T> dy = whole_numbers<T>(5, rows), x = whole_numbers<T>(5, cols);
  const std::vector<token_id> ids{7, 4999, 0, 7, 0};
  matrix<T> outer(3, rows * cols), one_hot(3, rows * cols);
  for (index_t s = 0; s < 3; ++s)
    for (index_t t = seq[s].begin; t < seq[s].end; ++t)
      for (index_t c = 0; c < cols; ++c) {
        for (index_t i = 0; i < rows; ++i) outer(s, i * cols + c) += dy(t, i) * x(t, c);
        one_hot(s, ids[static_cast<std::size_t>(t)] * cols + c) += x(t, c);
      }
  const tensor_block tensor{"lm_head.weight", 0, rows, cols};
  matrix<T> z(3, 12), e(3, 12);
  r.accumulate_outer(cx, tensor, dy.view(), x.view(), seq, z.view());
  r.accumulate_rows(cx, tensor, ids, x.view(), seq, e.view());
  CHECK(test::largest_difference(z, test::widened(project<B, T>(cx, r, tensor, outer))) == 0);
  CHECK(test::largest_difference(e, test::widened(project<B, T>(cx, r, tensor, one_hot))) == 0);
}

TEST_CASE("inner products of factored images are unbiased, within the variance that is claimed", "[projection][kronecker]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  constexpr index_t side = 12, seeds = 1500;
  const index_t width = 36;
  const bool rank_one = GENERATE(false, true);
  // Two tensors; of rank one the first term of the bound is nearly reached.
  matrix<double> g(2, 2 * side * side);
  const matrix<double> u = test::gaussian<double>(4, side, "u"), full = test::gaussian<double>(2, 2 * side * side, "g");
  for (index_t s = 0; s < 2; ++s)
    for (index_t p = 0; p < g.cols(); ++p)
      g(s, p) = rank_one ? (p < side * side ? (u(2, p / side) > 0 ? 1 : -1) * (u(3, p % side) > 0 ? 1 : -1) : 0.0) : full(s, p);
  double ab = 0, bound = 0, all[2] = {0, 0};
  const double both = (1 + 2.0 / 6) * (1 + 2.0 / 6) - 1;
  for (index_t half = 0; half < 2; ++half) {
    double square[2] = {0, 0};
    for (index_t p = half * side * side; p < (half + 1) * side * side; ++p) {
      ab += g(0, p) * g(1, p);
      for (const index_t s : {0, 1}) square[s] += g(s, p) * g(s, p);
    }
    bound += both * square[0] * square[1];
    for (const index_t s : {0, 1}) all[s] += square[s];
  }
  bound += 2 * all[0] * all[1] / double(width);

  double mean = 0, squares = 0, fourth = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const kronecker r(width, seed);
    matrix<double> z(2, width);
    r.accumulate(cx, {"first", 0, side, side}, g.view().middle_cols(0, side * side), z.view());
    r.accumulate(cx, {"second", 0, side, side}, g.view().middle_cols(side * side, side * side), z.view());
    double inner = 0;
    for (index_t j = 0; j < width; ++j) inner += z(0, j) * z(1, j) * r.scale() * r.scale();
    mean += (inner - ab) / seeds;
    squares += std::pow(inner - ab, 2) / seeds;
    fourth += std::pow(inner - ab, 4) / seeds;
  }
  CHECK(std::abs(mean) < 4 * std::sqrt(squares / seeds));
  CHECK(squares < bound + 5 * std::sqrt((fourth - squares * squares) / seeds));
  if (rank_one) CHECK(squares > 0.6 * bound);  // bounds hold for entries of any size; these are all 1
}

TEST_CASE("a width without two like factors is refused", "[projection][kronecker]") {
  CHECK(kronecker(1024).left() == 32);
  CHECK(kronecker(2000).left() == 40);
  CHECK_THROWS_WITH(kronecker(1021), Catch::Contains("width: found 1021, expected a product of two numbers"));
  CHECK_THROWS_AS(kronecker(0), option_error);
}
