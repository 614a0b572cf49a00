#include <prismatic/backend/functors/sparse_tiles.hpp>

#include "projection/blocks.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"

#include <prismatic/backend/cpu.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// The kernel on the host: the lanes of a warp take turns between the barriers, as in the shell in sparse_signs.cuh.
void run_warp(const detail::sparse_tiles& all, index_t warp) {
  using tiles = detail::sparse_tiles;
  std::vector<detail::four_of<float>> room(static_cast<std::size_t>(all.shared_size()) / 4,
                                           {nan_value, nan_value, nan_value, nan_value});
  float* const entries = room.front().x;
  auto* const codes = reinterpret_cast<std::uint32_t*>(entries + 2 * tiles::entries_size);
  float* const sums = entries + 2 * tiles::entries_size + tiles::codes_size;
  std::vector<tiles::state> lanes(32);
  const auto each = [&](auto&& phase) {
    for (int lane = 0; lane < 32; ++lane) phase(lane, lanes[static_cast<std::size_t>(lane)]);
  };
  each([&](int lane, auto& mine) {
    all.begin(warp, lane, mine);
    all.clear(lane, sums);
  });
  auto at = all.first(warp);
  for (int u = 0; u < all.units(warp); ++u, at = all.after(at)) {
    float* const here = entries + u % 2 * tiles::entries_size;
    const int columns = all.columns(at);
    each([&](int lane, auto& mine) {
      for (int s = 0; s < detail::sparse_cut::samples_at_once; ++s) {
        const float* const from = all.source(warp, at, s);
        float* const to = here + s * tiles::stride;
        const int fours = tiles::whole_fours(from, columns);
        if (lane < fours) std::copy_n(from + 4 * lane, 4, to + 4 * lane);
        for (int e = 4 * fours + lane; e < columns; e += 32) to[e] = from[e];
        tiles::pad(columns, lane, to);
      }
      all.draw(warp, at, lane, mine, codes);
    });
    each([&](int lane, auto&) { all.add(warp, columns, lane, here, codes, sums); });
  }
  each([&](int lane, auto&) { all.finish(warp, lane, sums); });
}

// z += g R as accumulate_sparse_signs in sparse_signs.cuh does it, in parts of `part_units` units.
void accumulate(const sign_block& block, index_t nonzeros, index_t part_units, matrix_view<const float> g, matrix_view<float> z) {
  detail::sparse_cut cut(block, nonzeros, g.rows(), z.cols());
  cut.part_units = part_units;
  cut.parts = (cut.units + part_units - 1) / part_units;
  std::vector<detail::four_of<float>> parts(static_cast<std::size_t>(cut.parts * cut.part_sums() / 4),
                                            {nan_value, nan_value, nan_value, nan_value});
  const detail::sparse_tiles tiles{cut, g, parts.front().x};
  for (index_t warp = 0; warp < cut.warps(); ++warp) run_warp(tiles, warp);
  detail::sparse_run_sum run{cut, parts.front().x, nullptr};
  std::vector<double> sums(static_cast<std::size_t>(run.runs() * cut.part_sums()), double(nan_value));
  run.sums = sums.data();
  for (index_t r = 0; r < run.runs(); ++r)
    for (index_t i = 0; i < cut.part_sums(); ++i) run(r, i);
  const detail::sparse_total total{cut, run.runs(), sums.data(), z};
  for (index_t i = 0; i < cut.part_sums(); ++i) total(i);
}

matrix<float> expected(const sign_block& block, index_t nonzeros, matrix_view<const float> g, matrix_view<const float> start) {
  context<cpu_backend<>> cx({.threads = 1});
  matrix<float> z(start.rows(), start.cols());
  cpu_backend<>::copy(cx, start, z.view());
  cpu_backend<>::sparse_sign_accumulate(cx, block, nonzeros, g, z.view());
  return z;
}

}  // namespace

TEST_CASE("warps with sums of their own project as the CPU does", "[backend][signs]") {
  struct size {
    index_t rows, cols, width, nonzeros, samples, part_units;
  };
  // One of everything; tails of columns and fours; more than eight samples; non-zeros that are no multiple of four, and one
  // only; blocks of two sizes; parts that end within a row; more parts than a run; places that meet (few outputs).
  for (const size n : {size{1, 1, 1, 1, 1, 1}, size{3, 127, 64, 4, 2, 64}, size{2, 128, 63, 1, 3, 64}, size{2, 129, 71, 8, 8, 1},
                       size{1, 300, 131, 3, 17, 2}, size{7, 3, 24, 24, 5, 3}, size{40, 131, 16, 4, 9, 2}, size{5, 258, 34, 5, 10, 4},
                       size{2, 140, 300, 300, 16, 3}, size{1, 17, 4000, 2, 3, 1}, size{20, 257, 20, 5, 24, 7}}) {
    CAPTURE(n.rows, n.cols, n.width, n.nonzeros, n.samples, n.part_units);
    const sign_block block{stream_key(7, "w"), 5, n.rows, n.cols};
    const matrix<float> packed = test::whole_numbers<float>(n.samples, n.rows * n.cols);
    test::strided<float> g(packed);  // rows that no four begins at
    const matrix<float> start = test::whole_numbers<float>(n.samples, n.width);
    const matrix<float> wanted = expected(block, n.nonzeros, packed, start);
    for (const matrix_view<const float> entries : {matrix_view<const float>(packed.view()), matrix_view<const float>(g.view())}) {
      test::strided<float> z(start);
      accumulate(block, n.nonzeros, n.part_units, entries, z.view());
      CHECK(test::identical(z.packed(), wanted));
      CHECK(z.padding_untouched());
    }
  }
}

TEST_CASE("a row from warps with sums of their own is the same in every batch, and right up to rounding", "[backend][signs]") {
  const sign_block block{stream_key(7, "w"), 0, 30, 150};
  const auto g = test::gaussian<float>(11, 4500, "g");
  const matrix<float> nothing(11, 96);
  matrix<float> z(11, 96);
  accumulate(block, 4, 7, g, z.view());
  CHECK(test::largest_difference(z, test::widened(expected(block, 4, g, nothing))) <= test::rounding_bound<float>(190, 40));
  for (const index_t batch : {1, 3, 8})
    for (index_t first = 0; first + batch <= 11; first += batch) {
      matrix<float> part(batch, 96);
      accumulate(block, 4, 7, g.view().middle_rows(first, batch), part.view());
      CHECK(test::identical<float>(part.view(), z.view().middle_rows(first, batch)));
    }
}

TEST_CASE("what a part writes is an eighth of what it reads, and parts do not know the samples", "[backend][signs]") {
  for (const index_t width : {64, 1024, 4096}) {
    const sign_block block{stream_key(7, "w"), 0, 4864, 896};
    const detail::sparse_cut few(block, 4, 8, width), many(block, 4, 64, width);
    CHECK(few.parts == many.parts);
    CHECK(few.part_units == many.part_units);
    CHECK(8 * many.parts * many.part_sums() <= 64 * (many.units + many.part_units) * detail::sparse_cut::unit);
  }
}

TEST_CASE("each output is written by one call", "[backend][signs]") {
  for (const auto& [width, nonzeros] : {std::pair<index_t, index_t>{20, 3}, {7, 5}, {64, 4}, {9, 1}}) {
    const detail::sparse_cut cut({stream_key(7, "w"), 0, 2, 300}, nonzeros, 11, width);
    const std::vector<double> ones(static_cast<std::size_t>(2 * cut.part_sums()), 1.0);  // room between the sums is no exception
    matrix<float> z(11, width);
    const detail::sparse_total total{cut, 2, ones.data(), z.view()};
    for (index_t i = 0; i < cut.part_sums(); ++i) total(i);
    CAPTURE(width, nonzeros);
    CHECK(std::all_of(z.data(), z.data() + z.size(), [](float x) { return x == 2; }));
  }
}
