#include <prismatic/backend/functors/nearest_tiles.hpp>

#include "oracle/rows.hpp"
#include "support/catch.hpp"
#include "support/matrix_unit.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <prismatic/backend/cpu.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

using detail::nearest_tiles;
using tiles = nearest_tiles::tiles;

// The kernel on the host: the lanes of a warp take turns between the products, the warps between barriers.
void run_block(const nearest_tiles& all, index_t block) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<detail::match> matches(4 * tiles::rows, {nan, -1});
  std::vector<detail::four_words> words(tiles::stage_size);
  std::vector<nearest_tiles::state> lanes(tiles::threads);
  for (auto& mine : lanes) all.begin(mine);
  for (nearest_tiles::stage s{0, 0}; all.exists(s); s = all.after(s)) {
    for (int e = 0; e < tiles::stage_size; ++e) words[static_cast<std::size_t>(e)] = *all.source(block, s, e);
    for (int warp = 0; warp < tiles::warps; ++warp) {
      nearest_tiles::state* const mine = lanes.data() + 32 * warp;
      test::multiply_stage<3>(words.data(), warp, mine);
      for (int lane = 0; lane < 32; ++lane) tiles::leave(s.step, all.ends_tile(s), mine[lane]);
      if (!all.ends_tile(s)) continue;
      for (int r = 0; r < 8; ++r) {
        detail::match found[32], other[32];
        for (int lane = 0; lane < 32; ++lane) found[lane] = all.best_of_row(s, warp, lane, r, mine[lane]);
        for (int across = 1; across < 4; across *= 2) {
          std::copy_n(found, 32, other);
          for (int lane = 0; lane < 32; ++lane) found[lane].offer(other[lane ^ across].score, other[lane ^ across].place);
        }
        for (int lane = 0; lane < 32; ++lane) all.keep(lane, r, found[lane], mine[lane]);
      }
    }
  }
  for (int thread = 0; thread < tiles::threads; ++thread)
    all.show(thread / 32, thread % 32, lanes[static_cast<std::size_t>(thread)], matches.data());
  for (int thread = 0; thread < tiles::threads; ++thread) all.finish(block, thread, matches.data());
}

struct result {
  std::vector<label_t> labels;
  std::vector<float> best;
};

std::vector<detail::four_words> packed(const detail::row_units<3>& units, index_t blocks, matrix_view<const float> x) {
  std::vector<detail::four_words> out(static_cast<std::size_t>(units.place(blocks * tiles::units, 0)));
  const detail::pack_rows_in_units<3> pack{units, x.rows(), x.cols(), x, out.data()};
  for (index_t task = 0; task < blocks * tiles::units * units.steps * 32; ++task) pack(task);
  return out;
}

result find(matrix_view<const float> a, matrix_view<const float> b, vector_view<const float> bias) {
  const detail::row_units<3> units{detail::row_units<3>::steps_of(a.cols())};
  const index_t blocks = (a.rows() + tiles::rows - 1) / tiles::rows;
  const auto pa = packed(units, blocks, a), pb = packed(units, (b.rows() + tiles::columns - 1) / tiles::columns, b);
  result out{std::vector<label_t>(static_cast<std::size_t>(a.rows()), -7), 
             std::vector<float>(static_cast<std::size_t>(a.rows()))};
  const nearest_tiles all{units, a.rows(), b.rows(), pa.data(), pb.data(), bias.empty() ? nullptr : bias.data(),
                  -std::numeric_limits<float>::infinity(), out.labels.data(), out.best.data()};
  for (index_t block = 0; block < blocks; ++block) run_block(all, block);
  return out;
}

}  // namespace

TEST_CASE("tiles find the greatest score", "[backend][nearest]") {
  struct size {
    index_t n, k, d;
    bool biased;
  };
  for (const size s : {size{1, 1, 1, false}, size{129, 130, 17, true}, size{40, 257, 33, false}, size{5, 127, 150, true}}) {
    CAPTURE(s.n, s.k, s.d, s.biased);
    test::strided<float> a(test::gaussian<float>(s.n, s.d, "a")), b(test::gaussian<float>(s.k, s.d, "b"));
    const auto bias = s.biased ? test::gaussian<float>(1, s.k, "bias") : matrix<float>();
    const auto found = find(a.view(), b.view(), bias.flat());
    const auto wide = test::widened(bias);
    const auto scores = test::oracle::scores(test::widened(a.packed()), test::widened(b.packed()),
                                             std::vector<double>(wide.data(), wide.data() + wide.size()));
    const double bound = test::rounding_bound<float>(s.d, 5);
    for (index_t i = 0; i < s.n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double most = *std::max_element(scores.view().row(i), scores.view().row(i) + s.k);
      REQUIRE(found.labels[at] >= 0);
      REQUIRE(found.labels[at] < s.k);
      CHECK(std::abs(static_cast<double>(found.best[at]) - most) <= bound);
      CHECK(scores(i, found.labels[at]) >= most - 2 * bound);
    }
  }
}

TEST_CASE("tiles choose as the CPU does, the first of equals too", "[backend][nearest]") {
  // Whole numbers of 20 bits: parts of all three kinds, exact sums, and many ties among the small ones.
  for (const int range : {3, 1 << 20}) {
    const random_stream random(5, "whole");
    const index_t n = 70, k = 300, d = range == 3 ? 6 : 1;
    matrix<float> a(n, d), b(k, d);
    const auto draw = [&](matrix<float>& m, std::uint64_t from) {
      for (index_t i = 0; i < m.size(); ++i)
        m.data()[i] = static_cast<float>(random.below(from + static_cast<std::uint64_t>(i), 2 * range + 1) - range);
    };
    draw(a, 0);
    draw(b, 1u << 20);
    for (index_t i = 0; i < a.size() && range > 3; ++i) a.data()[i] = a.data()[i] < 0 ? -1.0F : 1.0F;
    std::vector<label_t> labels(static_cast<std::size_t>(n));
    std::vector<float> best(labels.size());
    context<cpu_backend<>> cx({.threads = 1});
    cpu_backend<>::nearest<float>(cx, a, b, {}, vector_view<label_t>(labels), vector_view<float>(best));
    const auto found = find(a, b, {});
    CHECK(found.labels == labels);
    CHECK(found.best == best);
  }
}

TEST_CASE("tiles give rows without a number the first label", "[backend][nearest]") {
  matrix<float> a(3, 2), b(200, 2);
  a(0, 1) = std::numeric_limits<float>::quiet_NaN();
  a(1, 0) = 1;
  b(150, 0) = 1;
  b(199, 0) = 1;
  b(7, 1) = std::numeric_limits<float>::quiet_NaN();
  const auto found = find(a, b, {});
  CHECK(found.labels == std::vector<label_t>{0, 150, 0});
  CHECK(found.best == std::vector<float>{-std::numeric_limits<float>::infinity(), 1, 0});
}

TEST_CASE("what fills up a tile is nobody's match", "[backend][nearest]") {
  matrix<float> a(1, 1), b(130, 1);
  a(0, 0) = -1;
  for (index_t j = 0; j < 130; ++j) b(j, 0) = 5;
  b(129, 0) = 4;
  const auto found = find(a, b, {});
  CHECK(found.labels == std::vector<label_t>{129});
  CHECK(found.best == std::vector<float>{-4});
}
