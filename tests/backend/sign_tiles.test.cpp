#include <prismatic/backend/functors/sign_tiles.hpp>

#include "projection/blocks.hpp"
#include "support/catch.hpp"
#include "support/matrix_unit.hpp"
#include "support/strided.hpp"

#include <prismatic/backend/cpu.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace prismatic;
using test::widened_bf16;

namespace {

// The kernel on the host: the lanes of a warp take turns between the products.
template <int Tiles, int Parts>
void run_blocks(const detail::sign_tiles<Tiles, Parts>& all, index_t blocks) {
  using tiles = detail::sign_tiles<Tiles, Parts>;
  std::vector<typename tiles::state> lanes(32);
  for (index_t block = 0; block < blocks; ++block)
    for (int warp = 0; warp < tiles::warps && all.first_output(block, warp) < all.width; ++warp) {
      const auto each = [&](auto&& phase) {
        for (int lane = 0; lane < 32; ++lane) phase(lane, lanes[static_cast<std::size_t>(lane)]);
      };
      each([&](int lane, auto& mine) { all.begin(block, lane, mine); });
      for (int i = 0; i < all.stages(block); ++i) {
        each([&](int lane, auto& mine) { all.enter(i, all.first_output(block, warp), lane, mine); });
        for (int four = 0; four < tiles::fours; ++four) {
          std::uint32_t a[32][2][2][4];
          each([&](int lane, auto& mine) { all.signs(mine, a[lane]); });
          for (int p = 0; p < Parts; ++p)
            for (int n = 0; n < Tiles; ++n)
              for (int h = 0; h < 2; ++h)
                for (int m = 0; m < 2; ++m) {
                  test::fragments f;
                  each([&](int lane, auto& mine) {
                    const auto& word = all.entries(block)[i * tiles::stage_size + tiles::place(four, p, n, lane)].word;
                    for (int e = 0; e < 4; ++e)
                      f.c[lane][e] = mine.sums[m][n][e], f.a[lane][e] = a[lane][h][m][e];
                    for (int e = 0; e < 2; ++e) f.b[lane][e] = word[2 * h + e];
                  });
                  test::multiply_tile(f);
                  each([&](int lane, auto& mine) {
                    for (int e = 0; e < 4; ++e) mine.sums[m][n][e] = f.c[lane][e];
                  });
                }
        }
        each([&](int, auto& mine) { all.leave(i, mine); });
      }
      each([&](int lane, auto& mine) { all.finish(block, warp, lane, mine); });
    }
}

// z += g R with parts of `part_groups` groups, as the shell in signs.cuh does it, in slices of `at_once`
// groups.
template <int Tiles, int Parts>
void accumulate(const sign_block& block, matrix_view<const float> g, matrix_view<float> z, index_t part_groups,
                index_t at_once) {
  using tiles = detail::sign_tiles<Tiles, Parts>;
  for (index_t first = 0; first < detail::sign_runs::count(block); first += at_once) {
    const detail::sign_runs runs{block, first, std::min(at_once, detail::sign_runs::count(block) - first)};
    const index_t count = (runs.groups + part_groups - 1) / part_groups;
    std::vector<detail::four_words> packed(
        static_cast<std::size_t>(detail::packed_place<Tiles, Parts>(runs.groups, 0, 0, 0, 0)));
    std::vector<float> parts(static_cast<std::size_t>(count * z.size()),
                             std::numeric_limits<float>::quiet_NaN());
    const detail::pack_entries<Tiles, Parts> pack{runs, g.rows(), g, packed.data()};
    for (index_t task = 0; task < pack.count(runs.groups); ++task) pack(task);
    const tiles all{runs, part_groups, g.rows(), z.cols(), packed.data(), parts.data()};
    run_blocks(all, count * all.blocks_across());
    const detail::add_parts add{count, g.rows(), z.cols(), parts.data(), z};
    for (index_t s = 0; s < z.rows(); ++s)
      for (index_t j = 0; j < z.cols(); ++j) add(s, j);
  }
}

matrix<float> expected(const sign_block& block, matrix_view<const float> g, matrix_view<const float> start) {
  context<cpu_backend<>> cx({.threads = 1});
  matrix<float> z(start.rows(), start.cols());
  cpu_backend<>::copy(cx, start, z.view());
  cpu_backend<>::sign_accumulate(cx, block, g, z.view());
  return z;
}

template <int Tiles, int Parts>
void check(index_t rows, index_t cols, index_t samples, index_t width, index_t part_groups, index_t at_once) {
  CAPTURE(Tiles, Parts, rows, cols, samples, width, part_groups, at_once);
  const sign_block block{stream_key(7, "w"), 5, rows, cols};
  const auto g = test::whole_numbers<float>(samples, rows * cols);
  matrix<float> z = test::whole_numbers<float>(samples, width);
  const matrix<float> wanted = expected(block, g, z);
  accumulate<Tiles, Parts>(block, g, z.view(), part_groups, at_once);
  CHECK(test::identical(z, wanted));
}

}  // namespace

TEST_CASE("a float is the sum of its parts", "[backend][signs]") {
  const random_stream random(1, "floats");
  const auto sum = [](const auto& parts) {
    float all = 0;
    for (const std::uint32_t bits : parts.bits) {
      CHECK(bits <= 0xFFFFu);
      all += widened_bf16(bits);
    }
    return all;
  };
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const auto x = static_cast<float>(std::ldexp(random.normal(i), static_cast<int>(i % 200) - 90));
    REQUIRE(sum(detail::bf16_parts<3>(x)) == x);
    REQUIRE(std::abs(sum(detail::bf16_parts<2>(x)) - x) <= std::ldexp(std::abs(x), -16));
    REQUIRE(std::abs(sum(detail::bf16_parts<1>(x)) - x) <= std::ldexp(std::abs(x), -8));
  }
  using limits = std::numeric_limits<float>;
  for (const float x : {0.0F, -0.0F, limits::max(), -limits::max(), limits::min(), 1.0F}) {
    CHECK(sum(detail::bf16_parts<3>(x)) == x);
    CHECK(std::isfinite(widened_bf16(detail::bf16_parts<1>(x).bits[0])));
    for (const std::uint32_t bits : detail::bf16_parts<2>(x).bits) CHECK(std::isfinite(widened_bf16(bits)));
  }
  CHECK(sum(detail::bf16_parts<3>(limits::infinity())) == limits::infinity());
  CHECK(sum(detail::bf16_parts<1>(-limits::infinity())) == -limits::infinity());
  for (const std::uint32_t nan : {0x7FC00000u, 0x7F800001u, 0xFF800001u})
    CHECK(std::isnan(sum(detail::bf16_parts<2>(std::bit_cast<float>(nan)))));
}

TEST_CASE("two signs of a word are a pair of bf16", "[backend][signs]") {
  const std::uint32_t word = 0x9A3C51E7u;
  for (int j = 0; j < 16; ++j) {
    const std::uint32_t pair = detail::sign_pair(word, j);
    CHECK(widened_bf16(pair & 0xFFFFu) == ((word >> j & 1u) != 0 ? -1.0F : 1.0F));
    CHECK(widened_bf16(pair >> 16) == ((word >> (j + 16) & 1u) != 0 ? -1.0F : 1.0F));
  }
}

TEST_CASE("tiles project as the CPU does", "[backend][signs]") {
  check<1, 1>(1, 1, 1, 1, 4, 8);
  check<1, 3>(3, 127, 2, 64, 4, 8);
  check<1, 2>(9, 128, 8, 40, 1, 8);
  check<2, 3>(5, 129, 9, 33, 1, 2);     // runs of one column; a slice that ends within a row
  check<2, 1>(1, 1300, 16, 257, 2, 8);  // a second block across, of one output
  check<4, 3>(7, 3, 27, 20, 4, 8);
  check<4, 2>(2, 600, 32, 7, 1, 1);
  check<8, 3>(3, 200, 41, 30, 1, 8);
  check<8, 1>(4, 513, 64, 31, 2, 8);
  check<8, 2>(2, 31, 1, 5, 4, 8);
}

TEST_CASE("tiles project numbers of any size up to rounding", "[backend][signs]") {
  const sign_block block{stream_key(7, "w"), 0, 6, 150};
  const auto g = test::gaussian<float>(5, 900, "g");
  const matrix<float> nothing(5, 100);
  const matrix<double> wanted = test::widened(expected(block, g, nothing));
  matrix<float> three(5, 100), two(5, 100), one(5, 100);
  accumulate<1, 3>(block, g, three.view(), 1, 8);
  accumulate<1, 2>(block, g, two.view(), 1, 8);
  accumulate<1, 1>(block, g, one.view(), 1, 8);
  const double exact = test::rounding_bound<float>(900, 30);
  CHECK(test::largest_difference(three, wanted) <= exact);
  // 900 roundings of 2^-17 and 2^-9 of a number near 1 add up to 30 times one of them.
  CHECK(test::largest_difference(two, wanted) <= exact + 8 * 30 * 0x1p-17);
  CHECK(test::largest_difference(one, wanted) <= 8 * 30 * 0x1p-9);
  CHECK(test::largest_difference(one, wanted) > exact);

  // A batch of more tiles gives the same rows.
  matrix<float> wide(5, 100);
  accumulate<4, 3>(block, g, wide.view(), 1, 8);
  CHECK(test::identical(wide, three));
}
