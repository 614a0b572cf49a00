#include <prismatic/backend/functors/attention_adjoint_block.hpp>

#include "support/attend_back.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// A kernel on the host: the threads of a block take turns between barriers.
template <class T, int Dim, bool Keys>
void run_blocks(const detail::attention_adjoint_block<T, Dim, Keys>& all, index_t count) {
  using block_type = detail::attention_adjoint_block<T, Dim, Keys>;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<detail::four_of<T>> words(block_type::shared::size, {nan, nan, nan, nan});
  const typename block_type::shared memory{words.data()};
  std::vector<typename block_type::state> states(block_type::threads);
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < block_type::threads; ++thread) phase(thread, states[static_cast<std::size_t>(thread)]);
  };
  for (index_t block = 0; block < count; ++block) {
    const row_range passing = all.passing(block), heads = all.query_heads(block);
    if (passing.size() == 0) continue;
    each([&](int thread, auto& mine) { all.begin(block, thread, memory, mine); });
    for (index_t head = heads.begin; head < heads.end; ++head)
      for (index_t from = passing.begin; from < passing.end; from += block_type::rows) {
        each([&](int thread, auto&) { all.load(block, head, from, thread, memory); });
        each([&](int thread, auto&) { all.weigh(block, head, from, thread, memory); });
        each([&](int thread, auto& mine) { all.add(thread, memory, mine); });
      }
    each([&](int thread, auto& mine) { all.finish(block, thread, mine); });
  }
}

template <class T, int Dim>
void check(const attention_shape& shape, const layout& sequences) {
  CAPTURE(Dim, sizeof(T), shape.heads, shape.kv_heads, shape.head_dim);
  using query_block = detail::attention_adjoint_block<T, Dim, false>;
  using key_block = detail::attention_adjoint_block<T, Dim, true>;
  const index_t tiles = (sequences.longest() + query_block::rows - 1) / query_block::rows;
  const auto error = test::attend_back<T>(
      shape, sequences, [](index_t rows, index_t cols, const char* name) { return test::gaussian<T>(rows, cols, name); },
      [&](const detail::attention_pair<T>& pair, matrix_view<T> dq, matrix_view<T> dk, matrix_view<T> dv) {
        run_blocks(query_block{shape.heads, tiles, pair, sequences.ranges().data(), dq, dq},
                   sequences.sequences() * shape.heads * tiles);
        run_blocks(key_block{shape.kv_heads, tiles, pair, sequences.ranges().data(), dk, dv},
                   sequences.sequences() * shape.kv_heads * tiles);
      });
  // As many terms as query heads and places meet in a gradient of a key; one is a product of two sums over a head.
  const double bound = test::rounding_bound<T>(shape.heads / shape.kv_heads * sequences.longest() + shape.head_dim, 50);
  CHECK(error.dq <= bound);
  CHECK(error.dk <= bound);
  CHECK(error.dv <= bound);
}

}  // namespace

TEMPLATE_TEST_CASE("blocks of queries and of keys attend back as the oracle does", "[backend][attention]", float, double) {
  using T = TestType;
  check<T, 16>({4, 2, 8, 1 / std::sqrt(8.0)}, {1, 31, 0, 32, 33, 70, 2});
  check<T, 16>({3, 1, 5, 0.4}, {65, 3});
  check<T, 16>({2, 2, 16, 0.25}, {34});
  check<T, 64>({2, 1, 64, 0.125}, {40, 3});
  check<T, 64>({1, 1, 50, 0.2}, {33});
  check<T, 128>({2, 1, 96, 0.1}, {5, 36});
}
