#include <prismatic/backend/functors/attention_unit_block.hpp>

#include "oracle/attention.hpp"
#include "support/catch.hpp"
#include "support/matrix_unit.hpp"
#include "support/numeric.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// The kernel on the host: threads take turns between barriers, the lanes of a warp between products.
template <int Dim>
void run_blocks(const detail::attention_unit_block<Dim>& all, index_t count) {
  using block_type = detail::attention_unit_block<Dim>;
  using own = typename block_type::own_tile;
  using passing = typename block_type::passing_tile;
  std::vector<std::uint32_t> words(block_type::shared::size, 0x7FC07FC0u);  // no numbers
  const typename block_type::shared memory{words.data()};
  std::vector<typename block_type::state> states(block_type::threads);
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < block_type::threads; ++thread) phase(thread, states[static_cast<std::size_t>(thread)]);
  };
  for (index_t block = 0; block < count; ++block) {
    const row_range keys = all.seen(block);
    if (keys.size() == 0) continue;
    each([&](int thread, auto& mine) { all.begin(block, thread, memory, mine); });
    for (index_t first = keys.begin; first < keys.end; first += block_type::passing) {
      each([&](int thread, auto&) { all.load(block, first, thread, memory); });
      each([&](int, auto& mine) { block_type::clear(mine); });
      for (int warp = 0; warp < block_type::threads / 32; ++warp) {
        auto* const lanes = states.data() + 32 * warp;
        for (int step = 0; step < own::steps; ++step)
          for (int n = 0; n < 4; ++n)
            test::multiply_lanes([&](int lane, auto& a) { own::left(memory.queries(), 16 * warp, step, lane, a); },
                                 [&](int lane, auto& b) { passing::right(memory.keys(), 8 * n, step, lane, b); },
                                 [&](int lane) -> float* { return lanes[lane].scores[n / 2][n % 2]; });
        float tops[32][2], agreed[32][2];
        for (int lane = 0; lane < 32; ++lane) all.mask(block, first, warp, lane, lanes[lane], tops[lane]);
        for (int lane = 0; lane < 32; ++lane)
          for (int half = 0; half < 2; ++half)
            agreed[lane][half] = std::max(std::max(tops[lane / 4 * 4][half], tops[lane / 4 * 4 + 1][half]),
                                          std::max(tops[lane / 4 * 4 + 2][half], tops[lane / 4 * 4 + 3][half]));
        for (int lane = 0; lane < 32; ++lane) block_type::weigh(agreed[lane], lanes[lane]);
        for (int part = 0; part < 2; ++part)
          for (int n = 0; n < own::numbers; ++n)
            test::multiply_lanes([&](int lane, auto& a) { own::left_of_pairs(lanes[lane].scores[part], a); },
                                 [&](int lane, auto& b) { passing::right_of_columns(memory.values(), 16 * part, n, lane, b); },
                                 [&](int lane) -> float* { return lanes[lane].out[n]; });
      }
    }
    for (int warp = 0; warp < block_type::threads / 32; ++warp)
      for (int lane = 0; lane < 32; ++lane) {
        const auto* const row = states.data() + 32 * warp + lane / 4 * 4;
        const float sums[2] = {row[0].sum[0] + row[1].sum[0] + row[2].sum[0] + row[3].sum[0],
                               row[0].sum[1] + row[1].sum[1] + row[2].sum[1] + row[3].sum[1]};
        all.finish(block, warp, lane, sums, states[static_cast<std::size_t>(32 * warp + lane)]);
      }
  }
}

template <int Dim>
void check(const attention_shape& shape, const layout& queries, const layout& keys) {
  CAPTURE(Dim, shape.heads, shape.kv_heads, shape.head_dim);
  const auto q = test::bf16_gaussian(queries.rows(), shape.heads * shape.head_dim, "q");
  const auto k = test::bf16_gaussian(keys.rows(), shape.kv_heads * shape.head_dim, "k");
  const auto v = test::bf16_gaussian(keys.rows(), shape.kv_heads * shape.head_dim, "v");
  matrix<float> o(q.rows(), q.cols()), l(q.rows(), shape.heads);
  using block_type = detail::attention_unit_block<Dim>;
  const index_t blocks = (queries.longest() + block_type::rows - 1) / block_type::rows;
  run_blocks<Dim>({shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<float>(shape.scale),
                   -std::numeric_limits<float>::infinity(), q.view(), k.view(), v.view(), queries.ranges().data(),
                   keys.ranges().data(), o.view(), l.view()},
                  queries.sequences() * shape.heads * blocks);
  const auto expected = test::oracle::attention(shape, test::widened(q), test::widened(k), test::widened(v), queries.ranges(),
                                                keys.ranges());
  // P is rounded, at most 2^-9 of it; values are up to some 4. L comes from sums in float.
  CHECK(test::largest_difference(o, expected.o) <= 4 * 0x1p-9);
  CHECK(test::largest_difference(l, expected.l) <= test::rounding_bound<float>(shape.head_dim + keys.longest(), 20));
}

}  // namespace

TEST_CASE("queries attend on matrix units as the oracle does", "[backend][attention]") {
  const layout ragged{1, 63, 0, 64, 65, 130, 2, 31, 33};
  check<16>({4, 2, 8, 1 / std::sqrt(8.0)}, ragged, ragged);
  check<16>({3, 1, 5, 0.4}, ragged, ragged);
  check<64>({2, 1, 64, 0.125}, {70, 3}, {70, 3});
  check<64>({2, 2, 50, 0.2}, {129}, {129});
  check<128>({1, 1, 96, 0.1}, {5, 66}, {5, 66});
  check<16>({2, 1, 8, 0.3}, {1, 5, 0, 65}, {130, 5, 64, 66});  // over a cache
}
