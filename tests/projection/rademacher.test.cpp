#include "projection/blocks.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"

#include <prismatic/projection/rademacher.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace prismatic;
using test::project;
using test::whole_numbers;

namespace {

template <class T>
matrix<double> by_definition(const rademacher& r, const tensor_block& block, const matrix<T>& g) {
  matrix<double> z(g.rows(), r.width());
  for (index_t s = 0; s < g.rows(); ++s)
    for (index_t j = 0; j < r.width(); ++j)
      for (index_t i = 0; i < block.rows; ++i)
        for (index_t c = 0; c < block.cols; ++c)
          z(s, j) += double(g(s, i * block.cols + c)) * r.sign(block.name, block.first_row + i, c, j);
  return z;
}

// Sum over outputs and entries of one sign times another: 0 on average, with deviation sqrt(terms).
template <class F, class G>
double agreement(index_t rows, index_t cols, index_t width, F&& f, G&& g) {
  double sum = 0;
  for (index_t i = 0; i < rows; ++i)
    for (index_t c = 0; c < cols; ++c)
      for (index_t j = 0; j < width; ++j) sum += f(i, c, j) * g(i, c, j);
  return sum / std::sqrt(static_cast<double>(rows * cols * width));
}

// Fifteen rows give the same bits all at once and a few at a time.
template <class B, class T>
void check_batches(context<B>& one, context<B>& three, const rademacher& r, const tensor_block& block, const matrix<T>& g) {
  const matrix<T> z = project<B, T>(one, r, block, g);
  CHECK(test::identical(z, project<B, T>(three, r, block, g)));
  for (const index_t batch : {1, 2, 4, 7})
    for (index_t first = 0; first < 15; first += batch) {
      const index_t count = std::min(batch, 15 - first);
      const matrix<T> part = project<B, T>(three, r, block, g.view().middle_rows(first, count));
      CHECK(test::identical<T>(part.view(), z.view().middle_rows(first, count)));
    }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the projection is the one its signs define", "[projection][rademacher]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  struct size {
    index_t rows, cols, width, samples;
  };
  for (const size n : {size{1, 1, 1, 1}, size{3, 127, 64, 2}, size{2, 128, 63, 3}, size{2, 129, 65, 8},
                       size{1, 300, 130, 17}, size{7, 3, 200, 5}, size{2, 31, 7, 0}, size{0, 5, 4, 2}}) {
    CAPTURE(B::name, n.rows, n.cols, n.width, n.samples);
    const rademacher r(n.width, 9);
    const tensor_block block{"model.layers.0.mlp.up_proj.weight", 5, n.rows, n.cols};
    const matrix<T> g = whole_numbers<T>(n.samples, n.rows * n.cols);
    CHECK(test::largest_difference(project<B, T>(cx, r, block, g), by_definition(r, block, g)) == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("real gradients are projected up to rounding", "[projection][rademacher]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const rademacher r(100, 1);
  const tensor_block block{"w", 0, 6, 150};
  const matrix<T> g = test::gaussian<T>(5, 900, "g");
  CHECK(test::largest_difference(project<B, T>(cx, r, block, g), by_definition(r, block, g)) <=
        test::rounding_bound<T>(900, 30));
}

TEMPLATE_LIST_TEST_CASE("a row is the same for any batch, thread count and shard", "[projection][rademacher]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const rademacher r(200, 4);
  const tensor_block block{"w", 0, 12, 130};  // enough work for more than one thread
  const matrix<T> g = test::gaussian<T>(15, 12 * 130, "g");
  check_batches(one, three, r, block, g);
  // Shards add partial sums in another order: bits are compared where the sums are exact.
  const matrix<T> whole = whole_numbers<T>(15, 12 * 130);
  matrix<T> sharded(15, 200);
  for (const auto& [first, count] : {std::pair<index_t, index_t>{6, 6}, {0, 1}, {1, 5}})
    r.accumulate(three, {"w", first, count, 130}, whole.view().middle_cols(first * 130, count * 130), sharded.view());
  CHECK(test::identical(sharded, project<B, T>(one, r, block, whole)));
}

TEMPLATE_LIST_TEST_CASE("a row is the same where few outputs are shared out by samples", "[projection][rademacher]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1});
  const rademacher r(70, 4);
  const tensor_block block{"w", 0, 20, 130};
  const matrix<T> g = test::gaussian<T>(41, 20 * 130, "g");
  const matrix<T> z = project<B, T>(one, r, block, g);
  for (const int threads : {2, 3, 5}) {
    CAPTURE(threads);
    context<B> several({.threads = threads});
    CHECK(test::identical(z, project<B, T>(several, r, block, g)));
  }
}

TEMPLATE_LIST_TEST_CASE("dense rows of a tensor by one call are those of a call each", "[projection][rademacher]", test::built) {
  test::check_rows_in_one_call<typename TestType::backend, typename TestType::scalar>(rademacher(150, 9));
}

TEST_CASE("work is shared out by outputs, and by samples where outputs are few", "[projection][rademacher]") {
  const auto best = [](index_t workers, index_t samples, index_t units) {
    const detail::sign_parts parts = detail::sign_parts::best(workers, samples, units);
    CHECK(parts.samples * parts.outputs <= workers);
    CHECK(parts.outputs <= std::max<index_t>(units, 1));
    return std::pair(parts.samples, parts.outputs);
  };
  using parts = std::pair<index_t, index_t>;
  CHECK(best(1, 8, 16) == parts{1, 1});
  CHECK(best(2, 8, 16) == parts{1, 2});
  CHECK(best(2, 8, 1) == parts{2, 1});
  CHECK(best(16, 64, 16) == parts{4, 4});
  CHECK(best(8, 1, 4) == parts{1, 4});
  CHECK(best(3, 0, 2) == parts{1, 1});
}

TEMPLATE_LIST_TEST_CASE("accumulate adds, into strided rows too, and touches nothing else", "[projection][rademacher]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const rademacher r(70, 4);
  const tensor_block block{"w", 0, 2, 40};
  test::strided<T> g(whole_numbers<T>(3, 80)), z(whole_numbers<T>(3, 70));
  r.accumulate(cx, block, g.view(), z.view());
  matrix<double> expected = by_definition(r, block, g.packed());
  const matrix<T> before = whole_numbers<T>(3, 70);
  for (index_t i = 0; i < expected.size(); ++i) expected.data()[i] += double(before.data()[i]);
  CHECK(test::largest_difference(z.packed(), expected) == 0);
  CHECK(z.padding_untouched());
}

TEST_CASE("signs are fair coins, and those of other seeds, tensors, rows, columns and outputs are others",
          "[projection][rademacher]") {
  const rademacher r(64, 1), other(64, 2);
  const auto sign = [&](index_t i, index_t c, index_t j) { return r.sign("w", i, c, j); };
  const auto limit = 5.0;  // deviations
  CHECK(std::abs(agreement(8, 300, 64, sign, [](auto...) { return 1; })) < limit);
  CHECK(std::abs(agreement(8, 300, 64, sign, [&](auto... at) { return other.sign("w", at...); })) < limit);
  CHECK(std::abs(agreement(8, 300, 64, sign, [&](auto... at) { return r.sign("v", at...); })) < limit);
  for (const index_t by : {1, 2, 32, 128}) {
    CHECK(std::abs(agreement(8, 300, 64, sign, [&](auto i, auto c, auto j) { return sign(i + by, c, j); })) < limit);
    CHECK(std::abs(agreement(8, 300, 64, sign, [&](auto i, auto c, auto j) { return sign(i, c + by, j); })) < limit);
    CHECK(std::abs(agreement(8, 300, 64, sign, [&](auto i, auto c, auto j) { return sign(i, c, j + by); })) < limit);
  }
  for (index_t j = 0; j < 64; ++j)  // of each output by itself; 64 chances
    CHECK(std::abs(agreement(8, 300, 1, [&](auto i, auto c, auto) { return sign(i, c, j); }, [](auto...) { return 1; })) <
          limit);
}

TEST_CASE("inner products are unbiased, with the variance that is claimed", "[projection][rademacher]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  constexpr index_t width = 32, first = 24, second = 16, seeds = 400;
  // A gradient over two tensors, and one at an angle to it.
  matrix<double> g = test::gaussian<double>(2, first + second, "g");
  const double mix = GENERATE(0.0, 0.6, 1.0);
  for (index_t p = 0; p < g.cols(); ++p) g(1, p) = mix * g(0, p) + std::sqrt(1 - mix * mix) * g(1, p);
  double aa = 0, bb = 0, ab = 0, same = 0;
  for (index_t p = 0; p < g.cols(); ++p) {
    aa += g(0, p) * g(0, p), bb += g(1, p) * g(1, p), ab += g(0, p) * g(1, p);
    same += g(0, p) * g(0, p) * g(1, p) * g(1, p);
  }
  const double variance = (aa * bb + ab * ab - 2 * same) / double(width);

  double mean = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const rademacher r(width, seed);
    matrix<double> z(2, width);
    r.accumulate(cx, {"first", 0, 4, first / 4}, g.view().middle_cols(0, first), z.view());
    r.accumulate(cx, {"second", 0, 1, second}, g.view().middle_cols(first, second), z.view());
    double inner = 0;
    for (index_t j = 0; j < width; ++j) inner += z(0, j) * z(1, j) * r.scale() * r.scale();
    mean += (inner - ab) / seeds;
    squares += (inner - ab) * (inner - ab) / seeds;
  }
  CAPTURE(mix);
  CHECK(std::abs(mean) < 4 * std::sqrt(variance / seeds));
  CHECK(std::abs(squares / variance - 1) < 5 * std::sqrt(2.0 / seeds));  // a variance estimate's own deviation
  const double cosine = ab / std::sqrt(aa * bb);
  CHECK(std::sqrt(variance / (aa * bb)) <= std::sqrt((1 + cosine * cosine) / double(width)));
  CHECK(std::sqrt(squares / (aa * bb)) <= 1.15 * std::sqrt((1 + cosine * cosine) / double(width)));
}

TEST_CASE("the kernels for each processor agree with the portable one", "[projection][rademacher]") {
  for (const index_t samples : {1, 2, 3, 7, 8, 13})
    for (const index_t cols : {1, 31, 32, 33, 127, 128, 129, 300}) {
      CAPTURE(samples, cols);
      constexpr index_t width = 192, first = 64;
      const sign_block block{stream_key(8, "w"), 3, 2, cols};
      const matrix<float> whole = whole_numbers<float>(samples, 2 * cols), real = test::gaussian<float>(samples, 2 * cols, "g");
      std::vector<std::uint32_t> words(4 * width);
      const auto portable = [&](const matrix<float>& g) {
        matrix<float> z(samples, width);
        detail::accumulate_signs_portable<float>(block, g, first, z.view(), words.data());
        return z;
      };
      const auto check = [&](auto&& kernel) {
        matrix<float> exact(samples, width), rounded(samples, width);
        kernel(whole, exact.view());
        kernel(real, rounded.view());
        CHECK(test::identical(exact, portable(whole)));
        CHECK(test::largest_difference(rounded, test::widened(portable(real))) <= test::rounding_bound<float>(2 * cols, 25));
      };
      (void)check;
#if PRISMATIC_X86
      std::vector<float> tables(detail::sign_table_floats);
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        check([&](const matrix<float>& g, matrix_view<float> z) {
          detail::accumulate_signs<detail::signs_avx2>(block, g, first, z, words.data(), tables.data());
        });
      if (__builtin_cpu_supports("avx512f"))
        check([&](const matrix<float>& g, matrix_view<float> z) {
          detail::accumulate_signs<detail::signs_avx512>(block, g, first, z, words.data(), tables.data());
        });
#endif
    }
}

#if PRISMATIC_X86
namespace {

bool has_fixed_signs() { return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"); }

matrix<float> by_fixed_signs(const sign_block& block, const matrix<float>& g, index_t width) {
  std::vector<std::uint32_t> words(static_cast<std::size_t>(4 * width));
  std::vector<float> tables(detail::sign_table_floats);
  matrix<float> z(g.rows(), width);
  REQUIRE(detail::accumulate_fixed_signs(block, g, 64, z.view(), words.data(), tables.data()));
  return z;
}

// Half a unit a table and block: 32 tables, a unit of which is the larger sum over 64 columns / 32750.
double largest_error(matrix_view<const float> g, index_t sample, index_t cols) {
  double sum = 0;
  for (index_t begin = 0; begin < g.cols(); begin += cols)
    for (index_t block = 0; block < cols; block += 128) {
      double half[2] = {};
      for (index_t c = block; c < std::min(block + 128, cols); ++c)
        half[c / 16 % 2] += std::abs(double(g(sample, begin + c)));
      sum += 16 * std::max(half[0], half[1]) / 32750;
    }
  return sum;
}

}  // namespace

TEST_CASE("tables of 16 bits err by what they say", "[projection][rademacher]") {
  if (!has_fixed_signs()) return;
  for (const index_t samples : {1, 2, 3, 7, 8, 13})
    for (const index_t cols : {1, 15, 16, 17, 31, 32, 33, 100, 127, 128, 129, 300})
      for (const bool is_spiked : {false, true}) {
        CAPTURE(samples, cols, is_spiked);
        constexpr index_t width = 192;
        const sign_block block{stream_key(8, "w"), 3, 2, cols};
        matrix<float> g = test::gaussian<float>(samples, 2 * cols, "g");
        if (is_spiked)
          for (index_t s = 0; s < samples; ++s) g(s, cols / 2) = 1e4F;
        std::vector<std::uint32_t> words(4 * width);
        matrix<float> exact(samples, width);
        detail::accumulate_signs_portable<float>(block, g, 64, exact.view(), words.data());
        const matrix<float> found = by_fixed_signs(block, g, width);
        for (index_t s = 0; s < samples; ++s) {
          double length = 0, error = 0, worst = 0;
          for (index_t i = 0; i < g.cols(); ++i) length += double(g(s, i)) * double(g(s, i));
          for (index_t j = 0; j < width; ++j) {
            const double off = std::abs(double(found(s, j)) - double(exact(s, j)));
            error += off * off / width, worst = std::max(worst, off);
          }
          CHECK(worst <= largest_error(g, s, cols) + test::rounding_bound<float>(2 * cols, is_spiked ? 1e4 : 25));
          CHECK(std::sqrt(error / length) <= 4.0e-4 * 1.1);
          CHECK((cols < 100 || error > 0));  // it was rounded
        }
      }
}

TEST_CASE("tables of 16 bits keep zeros, and what is not finite or next to nothing", "[projection][rademacher]") {
  if (!has_fixed_signs()) return;
  constexpr index_t width = 64;
  const sign_block block{stream_key(8, "w"), 0, 1, 200};
  matrix<float> g(8, 200);
  g(1, 3) = std::numeric_limits<float>::infinity();
  g(2, 150) = std::numeric_limits<float>::quiet_NaN();
  g(3, 40) = -std::numeric_limits<float>::infinity();
  g(4, 7) = 1e-38F;
  g(5, 7) = 1e30F;
  g(6, 7) = std::numeric_limits<float>::max() / 4;
  g(7, 7) = 1e-25F;
  const matrix<float> z = by_fixed_signs(block, g, width);
  for (index_t j = 0; j < width; ++j) {
    CAPTURE(j);
    CHECK(z(0, j) == 0);
    for (const index_t s : {1, 2, 3}) CHECK(!std::isfinite(z(s, j)));
    CHECK(std::abs(z(4, j)) <= 1e-30F);
    for (const index_t s : {5, 6, 7}) CHECK(std::abs(std::abs(z(s, j)) / g(s, 7) - 1) <= 1e-3F);
  }
}

TEST_CASE("a row looked up in 16 bits is the same for any batch and thread count", "[projection][rademacher]") {
  using B = cpu_backend<>;
  context<B> one({.threads = 1}), three({.threads = 3});
  const products_at<B> rounded(one, product_precision::bf16_backward), also(three, product_precision::bf16);
  const rademacher r(200, 4);
  const tensor_block block{"w", 0, 12, 130};
  const matrix<float> g = test::gaussian<float>(15, 12 * 130, "g");
  check_batches(one, three, r, block, g);
  // Asked for, or not: a CPU that has no such tables gives the same sums for both.
  context<B> full({.threads = 1});
  CHECK(test::identical(project<B, float>(one, r, block, g), project<B, float>(full, r, block, g)) == !has_fixed_signs());
}
#endif

TEST_CASE("a projection says what it is and refuses what does not fit", "[projection][rademacher]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const rademacher r(16, 7);
  CHECK(r.width() == 16);
  CHECK(r.seed() == 7);
  CHECK(r.scale() == 0.25);
  CHECK(rademacher::name == "rademacher");
  CHECK_THROWS_AS(rademacher(0), option_error);
  CHECK_THROWS_WITH(rademacher(-3), "rademacher: width: found -3, expected at least 1");
  matrix<float> g(2, 6), narrow(2, 15), short_one(1, 16), z(2, 16);
  CHECK_NOTHROW(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), z.view()));
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 4}, g.view(), z.view()), shape_error);
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), narrow.view()), shape_error);
  CHECK_THROWS_AS(r.accumulate(cx, {"w", 0, 2, 3}, g.view(), short_one.view()), shape_error);
}
