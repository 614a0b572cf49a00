#include "projection/blocks.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"

#include <prismatic/projection/sparse_sign.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace prismatic;
using test::project;
using test::whole_numbers;

namespace {

static_assert(projection<sparse_sign, cpu_backend<>, float> && projection<sparse_sign, cpu_backend<>, double>);

template <class T>
matrix<double> by_definition(const sparse_sign& r, const tensor_block& block, const matrix<T>& g) {
  matrix<double> z(g.rows(), r.width());
  for (index_t i = 0; i < block.rows; ++i)
    for (index_t c = 0; c < block.cols; ++c)
      for (const auto& [output, sign] : r.entries(block.name, block.first_row + i, c))
        for (index_t s = 0; s < g.rows(); ++s) z(s, output) += double(g(s, i * block.cols + c)) * sign;
  return z;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the sparse projection is the one its entries define", "[projection][sparse_sign]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  struct size {
    index_t rows, cols, width, nonzeros, samples;
  };
  // One output and one entry; every tail of 8 samples, 8 columns, 128 columns; s = d; s that does not divide d;
  // few entries for many outputs; many entries, in parts, for few; more codes than are drawn at once; more parts than a device adds up in one go.
  for (const size n : {size{1, 1, 1, 1, 1}, size{3, 127, 64, 4, 2}, size{2, 128, 63, 1, 3}, size{2, 129, 71, 8, 8},
                       size{1, 300, 131, 3, 17}, size{7, 3, 24, 24, 5}, size{2, 31, 7, 2, 0}, size{0, 5, 4, 4, 2},
                       size{4, 5, 1024, 4, 9}, size{40, 131, 16, 4, 9}, size{40, 131, 16, 4, 1}, size{70, 300, 34, 5, 10},
                       size{3, 140, 300, 300, 16}, size{1, 17, 40000, 2, 3}, size{150, 70, 20, 5, 24},
                       size{2200, 3, 64, 4, 2}}) {
    CAPTURE(B::name, n.rows, n.cols, n.width, n.nonzeros, n.samples);
    const sparse_sign r(n.width, n.nonzeros, 9);
    const tensor_block block{"model.layers.0.mlp.up_proj.weight", 5, n.rows, n.cols};
    const matrix<T> g = whole_numbers<T>(n.samples, n.rows * n.cols);
    CHECK(test::largest_difference(project<B, T>(cx, r, block, g), by_definition(r, block, g)) == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("real gradients are sparsely projected up to rounding", "[projection][sparse_sign]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const sparse_sign r(100, 3, 1);
  for (const index_t samples : {1, 5, 16}) {
    const tensor_block block{"w", 0, 60, 150};
    const matrix<T> g = test::gaussian<T>(samples, 9000, "g");
    CHECK(test::largest_difference(project<B, T>(cx, r, block, g), by_definition(r, block, g)) <=
          test::rounding_bound<T>(270, 60));
  }
}

TEMPLATE_LIST_TEST_CASE("a sparse row is the same for any thread count, batch and shard", "[projection][sparse_sign]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const sparse_sign r(40, 4, 4);
  const tensor_block block{"w", 0, 90, 130};  // 16 parts
  const matrix<T> g = test::gaussian<T>(19, 90 * 130, "g");
  const matrix<T> z = project<B, T>(one, r, block, g);
  CHECK(test::identical(z, project<B, T>(three, r, block, g)));
  // Where Z was zero, a sample alone and one in a register with seven others are summed in one order.
  for (const index_t batch : {1, 2, 4, 7, 8, 9})
    for (index_t first = 0; first < 19; first += batch) {
      const index_t count = std::min<index_t>(batch, 19 - first);
      const matrix<T> part = project<B, T>(three, r, block, g.view().middle_rows(first, count));
      CHECK(test::identical<T>(part.view(), z.view().middle_rows(first, count)));
    }
  // Shards add partial sums in another order: bits are compared where the sums are exact.
  const matrix<T> whole = whole_numbers<T>(15, 90 * 130);
  matrix<T> sharded(15, 40);
  for (const auto& [first, count] : {std::pair<index_t, index_t>{60, 30}, {0, 1}, {1, 59}})
    r.accumulate(three, {"w", first, count, 130}, whole.view().middle_cols(first * 130, count * 130), sharded.view());
  CHECK(test::identical(sharded, project<B, T>(one, r, block, whole)));
}

TEMPLATE_LIST_TEST_CASE("sparse accumulate adds, into strided rows too, and touches nothing else",
                        "[projection][sparse_sign]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const auto& [width, samples] : {std::pair<index_t, index_t>{70, 3}, {70, 1}, {21, 11}, {2000, 4}}) {
    CAPTURE(width, samples);
    const sparse_sign r(width, 2, 4);
    const tensor_block block{"w", 0, 2, 45};
    test::strided<T> g(whole_numbers<T>(samples, 90)), z(whole_numbers<T>(samples, width));
    r.accumulate(cx, block, g.view(), z.view());
    matrix<double> expected = by_definition(r, block, g.packed());
    const matrix<T> before = whole_numbers<T>(samples, width);
    for (index_t i = 0; i < expected.size(); ++i) expected.data()[i] += double(before.data()[i]);
    CHECK(test::largest_difference(z.packed(), expected) == 0);
    CHECK(z.padding_untouched());
  }
}

TEMPLATE_LIST_TEST_CASE("sparse rows of a tensor by one call are those of a call each", "[projection][sparse_sign]", test::built) {
  test::check_rows_in_one_call<typename TestType::backend, typename TestType::scalar>(sparse_sign(150, 4, 9));
  test::check_rows_in_one_call<typename TestType::backend, typename TestType::scalar>(sparse_sign(70, 70, 9));
}

TEST_CASE("a parameter has one non-zero in each block of the outputs", "[projection][sparse_sign]") {
  for (const auto& [width, nonzeros] : {std::pair<index_t, index_t>{1, 1}, {64, 64}, {64, 1}, {100, 7}, {32768, 1}}) {
    const sparse_sign r(width, nonzeros, 3);
    for (index_t column = 0; column < 200; ++column) {
      const auto entries = r.entries("w", 2, column);
      REQUIRE(static_cast<index_t>(entries.size()) == nonzeros);
      for (index_t t = 0; t < nonzeros; ++t) {
        const sparse_entry e = entries[static_cast<std::size_t>(t)];
        CHECK((e.output >= t * width / nonzeros && e.output < (t + 1) * width / nonzeros));
        CHECK((e.sign == 1 || e.sign == -1));
      }
    }
  }
}

TEST_CASE("outputs are uniform, signs are fair, and those of other seeds, tensors, rows, columns and blocks are others",
          "[projection][sparse_sign]") {
  constexpr index_t width = 64, nonzeros = 2, half = 32, rows = 8, cols = 3000;
  const sparse_sign r(width, nonzeros, 1), other(width, nonzeros, 2);
  // Chi-square of the outputs, with signs: 2 * 32 cells a block; mean 63, deviation sqrt(126).
  for (std::size_t t = 0; t < nonzeros; ++t) {
    std::vector<double> count(2 * half);
    for (index_t i = 0; i < rows; ++i)
      for (index_t c = 0; c < cols; ++c) {
        const sparse_entry e = r.entries("w", i, c)[t];
        count[static_cast<std::size_t>(e.output % half * 2 + (e.sign > 0))] += 1;
      }
    double chi = 0;
    const double expected = double(rows * cols) / (2 * half);
    for (const double n : count) chi += (n - expected) * (n - expected) / expected;
    CHECK(std::abs(chi - 63) < 5 * std::sqrt(126.0));
  }
  // Two parameters meet in a block once in 32 times, with equal signs in half of the cases: the sum of sign
  // products over meetings is 0 on average with variance 1 / 32 a pair, the number of meetings is binomial.
  const auto independent = [&](auto&& a, auto&& b) {
    double meetings = 0, products = 0;
    for (index_t i = 0; i < rows; ++i)
      for (index_t c = 0; c < cols; ++c) {
        const sparse_entry x = a(i, c), y = b(i, c);
        if (x.output % half != y.output % half) continue;
        meetings += 1;
        products += x.sign * y.sign;
      }
    const double pairs = rows * cols, p = 1.0 / half;
    CHECK(std::abs(meetings - pairs * p) < 5 * std::sqrt(pairs * p * (1 - p)));
    CHECK(std::abs(products) < 5 * std::sqrt(pairs * p));
  };
  const auto at = [&](index_t i, index_t c) { return r.entries("w", i, c)[0]; };
  independent(at, [&](auto i, auto c) { return other.entries("w", i, c)[0]; });
  independent(at, [&](auto i, auto c) { return r.entries("v", i, c)[0]; });
  independent(at, [&](auto i, auto c) { return r.entries("w", i, c)[1]; });
  for (const index_t by : {1, 2, 16, 32, 128}) {
    independent(at, [&](auto i, auto c) { return at(i + by, c); });
    independent(at, [&](auto i, auto c) { return at(i, c + by); });
  }
}

TEST_CASE("inner products of sparse images are unbiased, with the variance that is claimed", "[projection][sparse_sign]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  constexpr index_t first = 24, second = 16, seeds = 600;
  const auto [width, nonzeros] = GENERATE(std::pair<index_t, index_t>{32, 1}, std::pair<index_t, index_t>{32, 4},
                                          std::pair<index_t, index_t>{32, 32}, std::pair<index_t, index_t>{30, 4});
  const double mix = GENERATE(0.0, 0.6, 1.0);
  CAPTURE(width, nonzeros, mix);
  // A gradient over two tensors, and one at an angle to it.
  matrix<double> g = test::gaussian<double>(2, first + second, "g");
  for (index_t p = 0; p < g.cols(); ++p) g(1, p) = mix * g(0, p) + std::sqrt(1 - mix * mix) * g(1, p);
  double aa = 0, bb = 0, ab = 0, same = 0;
  for (index_t p = 0; p < g.cols(); ++p) {
    aa += g(0, p) * g(0, p), bb += g(1, p) * g(1, p), ab += g(0, p) * g(1, p);
    same += g(0, p) * g(0, p) * g(1, p) * g(1, p);
  }
  double meet = 0;  // c of the definition
  for (index_t t = 0; t < nonzeros; ++t)
    meet += 1.0 / double(((t + 1) * width / nonzeros - t * width / nonzeros) * nonzeros * nonzeros);
  if (width % nonzeros == 0) CHECK(meet == Approx(1.0 / double(width)));
  const double below = double(width / nonzeros);
  CHECK(meet * double(width) <= 1 + 1 / (4 * below * below) + 1e-12);
  const double variance = (aa * bb + ab * ab - 2 * same) * meet;

  double mean = 0, squares = 0, fourth = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const sparse_sign r(width, nonzeros, seed);
    matrix<double> z(2, width);
    r.accumulate(cx, {"first", 0, 4, first / 4}, g.view().middle_cols(0, first), z.view());
    r.accumulate(cx, {"second", 0, 1, second}, g.view().middle_cols(first, second), z.view());
    double inner = 0;
    for (index_t j = 0; j < width; ++j) inner += z(0, j) * z(1, j) * r.scale() * r.scale();
    mean += (inner - ab) / seeds;
    squares += std::pow(inner - ab, 2) / seeds;
    fourth += std::pow(inner - ab, 4) / seeds;
  }
  CHECK(std::abs(mean) < 4 * std::sqrt(variance / seeds));
  CHECK(std::abs(squares - variance) < 5 * std::sqrt((fourth - squares * squares) / seeds));
}

TEST_CASE("the sparse kernels for each processor agree with the portable one, bit for bit", "[projection][sparse_sign]") {
  const auto codes = [](auto&& draw) {
    std::vector<std::uint32_t> out;
    for (const auto& [first, size] : {std::pair<index_t, index_t>{0, 1}, {5, 256}, {1000, 32768}, {77, 100}})
      for (const index_t row : {index_t{0}, index_t{3}, (index_t{1} << 32) - 1})
        for (const index_t unit : {index_t{0}, index_t{7}, index_t{1} << 20}) {
          out.resize(out.size() + detail::sparse_unit);
          draw(stream_key(8, "w"), row, unit, 3, first, size, out.data() + out.size() - detail::sparse_unit);
        }
    return out;
  };
  const auto expected = codes(detail::sparse_codes_portable);
  CHECK(codes(detail::sparse_codes) == expected);
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx512bw")) CHECK(codes(detail::sparse_codes_avx512::run) == expected);
  if (!__builtin_cpu_supports("avx2")) return;
  CHECK(codes(detail::sparse_codes_avx2::run) == expected);
  constexpr index_t width = 200, nonzeros = 3;
  for (const index_t cols : {1, 7, 8, 9, 120, 127, 128}) {
    const matrix<float> g = test::gaussian<float>(8, cols, "g");
    std::vector<std::uint32_t> drawn(nonzeros * detail::sparse_unit);
    for (index_t t = 0; t < nonzeros; ++t)
      detail::sparse_codes(stream_key(8, "w"), 4, 5, t, 60 * t, 60, drawn.data() + t * detail::sparse_unit);
    matrix<float> side(width, 8), alone(8, width);  // both 64-byte aligned
    detail::sparse_scatter_avx2::eight_rows rows;
    for (index_t s = 0; s < 8; ++s) {
      rows[static_cast<std::size_t>(s)] = g.view().row(s);
      detail::scatter_entries(g.view().row(s), cols, drawn.data(), nonzeros, alone.view().row(s));
    }
    detail::sparse_scatter_avx2::run(rows, cols, drawn.data(), nonzeros, side.data());
    bool equal = true;
    for (index_t s = 0; s < 8; ++s)
      for (index_t j = 0; j < width; ++j) equal &= side(j, s) == alone(s, j);
    CAPTURE(cols);
    CHECK(equal);
  }
#endif
}

TEST_CASE("a sparse projection says what it is and refuses what does not fit", "[projection][sparse_sign]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const sparse_sign r(16, 4, 7);
  CHECK(r.width() == 16);
  CHECK(r.nonzeros() == 4);
  CHECK(r.seed() == 7);
  CHECK(r.scale() == 0.5);
  CHECK(sparse_sign::name == "sparse-sign");
  CHECK_THROWS_WITH(sparse_sign(0, 1), "sparse_sign: width: found 0, expected 1 to 67108864");
  CHECK_THROWS_WITH(sparse_sign(16, 0), "sparse_sign: non-zeros: found 0, expected 1 to the width, 16");
  CHECK_THROWS_WITH(sparse_sign(16, 17), "sparse_sign: non-zeros: found 17, expected 1 to the width, 16");
  CHECK_THROWS_WITH(sparse_sign(32769, 1), "sparse_sign: non-zeros: found 1, expected at least 2 for width 32769");
  CHECK_THROWS_AS(sparse_sign(sparse_sign::widest + 1, 4096), option_error);
  CHECK_NOTHROW(sparse_sign(32768, 1));
  matrix<float> g(2, 6), narrow(2, 15), short_one(1, 16), z(2, 16);
  CHECK_NOTHROW(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), z.view()));
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 4}, g.view(), z.view()), shape_error);
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), narrow.view()), shape_error);
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), short_one.view()), shape_error);
}
