#include <prismatic/backend/functors/attention_unit_adjoint.hpp>

#include "support/attend_back.hpp"
#include "support/catch.hpp"
#include "support/matrix_unit.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

using namespace prismatic;

namespace {

// A kernel on the host: threads take turns between barriers, the lanes of a warp between products.
template <int Dim, bool Keys>
void run_blocks(const detail::attention_unit_adjoint<Dim, Keys>& all, index_t count) {
  using block_type = detail::attention_unit_adjoint<Dim, Keys>;
  using own = typename block_type::own_tile;
  using passing_tile = typename block_type::passing_tile;
  std::vector<std::uint32_t> words(block_type::shared::size, 0x7FC07FC0u);  // no numbers
  const typename block_type::shared memory{words.data()};
  std::vector<typename block_type::state> states(block_type::threads);
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < block_type::threads; ++thread) phase(thread, states[static_cast<std::size_t>(thread)]);
  };
  const auto multiply_warp = [&](index_t block, index_t head, index_t from, int warp, int part) {
    auto* const lanes = states.data() + 32 * warp;
    for (int lane = 0; lane < 32; ++lane) block_type::clear(lanes[lane]);
    for (int step = 0; step < own::steps; ++step)
      for (int which = 0; which < 2; ++which)
        for (int n = 0; n < 2; ++n)
          test::multiply_lanes(
              [&](int lane, auto& a) { own::left(memory.own(which), 16 * warp, step, lane, a); },
              [&](int lane, auto& b) { passing_tile::right(memory.passing(which), 16 * part + 8 * n, step, lane, b); },
              [&](int lane) -> float* { return which == 0 ? lanes[lane].scores[n] : lanes[lane].products[n]; });
    for (int lane = 0; lane < 32; ++lane) all.weigh(block, head, from + 16 * part, warp, lane, lanes[lane]);
    for (int which = 0; which < block_type::outputs; ++which)
      for (int n = 0; n < own::numbers; ++n)
        test::multiply_lanes(
            [&](int lane, auto& a) { own::left_of_pairs(which == 0 ? lanes[lane].products : lanes[lane].scores, a); },
            [&](int lane, auto& b) { passing_tile::right_of_columns(memory.columns(which), 16 * part, n, lane, b); },
            [&](int lane) -> float* { return lanes[lane].out[which][n]; });
  };
  for (index_t block = 0; block < count; ++block) {
    const row_range passing = all.passing(block), heads = all.query_heads(block);
    if (passing.size() == 0) continue;
    each([&](int thread, auto& mine) { all.begin(block, thread, memory, mine); });
    for (index_t head = heads.begin; head < heads.end; ++head)
      for (index_t from = passing.begin; from < passing.end; from += block_type::passing_rows) {
        each([&](int thread, auto&) { all.load(block, head, from, thread, memory); });
        for (int warp = 0; warp < block_type::threads / 32; ++warp)
          for (int part = 0; part < 2; ++part) multiply_warp(block, head, from, warp, part);
      }
    each([&](int thread, auto& mine) { all.finish(block, thread / 32, thread % 32, mine); });
  }
}

template <int Dim>
void check(const attention_shape& shape, const layout& sequences) {
  CAPTURE(Dim, shape.heads, shape.kv_heads, shape.head_dim);
  using query_block = detail::attention_unit_adjoint<Dim, false>;
  using key_block = detail::attention_unit_adjoint<Dim, true>;
  const index_t tiles = (sequences.longest() + query_block::rows - 1) / query_block::rows;
  const auto error = test::attend_back<float>(
      shape, sequences, [](index_t rows, index_t cols, const char* name) { return test::bf16_gaussian(rows, cols, name); },
      [&](const detail::attention_pair<float>& pair, matrix_view<float> dq, matrix_view<float> dk, matrix_view<float> dv) {
        run_blocks(query_block{shape.heads, tiles, pair, sequences.ranges().data(), dq, dq},
                   sequences.sequences() * shape.heads * tiles);
        run_blocks(key_block{shape.kv_heads, tiles, pair, sequences.ranges().data(), dk, dv},
                   sequences.sequences() * shape.kv_heads * tiles);
      });
  // P and dS are rounded, at most 2^-9 of each; those of a query sum up to 1 and to some sqrt(head_dim).
  const double queries = static_cast<double>(shape.heads) / static_cast<double>(shape.kv_heads), size = 4 * 0x1p-9 * 4;
  const double steep = size * shape.scale * std::sqrt(static_cast<double>(shape.head_dim));
  CHECK(error.dq <= 2 * steep);
  CHECK(error.dk <= 4 * queries * steep);
  CHECK(error.dv <= 2 * queries * size);
}

}  // namespace

TEST_CASE("queries and keys attend back on matrix units as the oracle does", "[backend][attention]") {
  check<16>({4, 2, 8, 1 / std::sqrt(8.0)}, {1, 31, 0, 32, 33, 70, 2, 129});
  check<16>({3, 1, 5, 0.4}, {65, 3});
  check<64>({2, 1, 64, 0.125}, {40, 3, 97});
  check<64>({1, 1, 50, 0.2}, {33});
  check<128>({2, 1, 96, 0.1}, {5, 66});
}
