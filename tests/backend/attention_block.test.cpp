#include <prismatic/backend/functors/attention_block.hpp>

#include "oracle/attention.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// A kernel on the host: the threads of a block take turns between barriers.
template <class T, int Dim>
void run_blocks(const detail::attention_block<T, Dim>& all, index_t count) {
  using block_type = detail::attention_block<T, Dim>;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<detail::four_of<T>> words(block_type::shared::size, {nan, nan, nan, nan});
  const typename block_type::shared memory{words.data()};
  std::vector<typename block_type::state> states(block_type::threads);
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < block_type::threads; ++thread) phase(thread, states[static_cast<std::size_t>(thread)]);
  };
  for (index_t block = 0; block < count; ++block) {
    const row_range keys = all.seen(block);
    if (keys.size() == 0) continue;
    each([&](int thread, auto& mine) { all.begin(block, thread, memory, mine); });
    for (index_t first = keys.begin; first < keys.end; first += block_type::rows) {
      each([&](int thread, auto&) { all.load(block, first, thread, memory); });
      each([&](int thread, auto& mine) { all.score(block, first, thread, memory, mine); });
      each([&](int thread, auto& mine) { all.weigh(block, first, thread, memory, mine); });
      each([&](int thread, auto& mine) { all.add(thread, memory, mine); });
    }
    each([&](int thread, auto& mine) { all.finish(block, thread, mine); });
  }
}

template <class T, int Dim>
void check(const attention_shape& shape, const layout& queries, const layout& keys, double magnitude = 20) {
  CAPTURE(Dim, sizeof(T), shape.heads, shape.kv_heads, shape.head_dim);
  const auto q = test::gaussian<T>(queries.rows(), shape.heads * shape.head_dim, "q");
  const auto k = test::gaussian<T>(keys.rows(), shape.kv_heads * shape.head_dim, "k");
  const auto v = test::gaussian<T>(keys.rows(), shape.kv_heads * shape.head_dim, "v");
  matrix<T> o(q.rows(), q.cols()), l(q.rows(), shape.heads);
  using block_type = detail::attention_block<T, Dim>;
  const index_t blocks = (queries.longest() + block_type::rows - 1) / block_type::rows;
  run_blocks<T, Dim>({shape.heads, shape.heads / shape.kv_heads, shape.head_dim, blocks, static_cast<T>(shape.scale),
                      -std::numeric_limits<T>::infinity(), q.view(), k.view(), v.view(), queries.ranges().data(),
                      keys.ranges().data(), o.view(), l.view()},
                     queries.sequences() * shape.heads * blocks);
  const auto expected = test::oracle::attention(shape, test::widened(q), test::widened(k), test::widened(v), queries.ranges(),
                                                keys.ranges());
  const double bound = test::rounding_bound<T>(shape.head_dim + keys.longest(), magnitude);
  CHECK(test::largest_difference(o, expected.o) <= bound);
  CHECK(test::largest_difference(l, expected.l) <= bound);
}

}  // namespace

TEMPLATE_TEST_CASE("blocks of queries attend as the oracle does", "[backend][attention]", float, double) {
  using T = TestType;
  const layout ragged{1, 63, 0, 64, 65, 130, 2};
  check<T, 16>({4, 2, 8, 1 / std::sqrt(8.0)}, ragged, ragged);
  check<T, 16>({3, 1, 5, 0.4}, ragged, ragged);
  check<T, 16>({2, 2, 16, 0.25}, ragged, ragged);
  check<T, 64>({2, 1, 64, 0.125}, {70, 3}, {70, 3});
  check<T, 128>({1, 1, 96, 0.1}, {5, 66}, {5, 66});
  check<T, 16>({2, 1, 8, 0.3}, {1, 5, 0, 65}, {130, 5, 64, 66});  // over a cache
  check<T, 16>({2, 2, 8, 20.0}, {70}, {70}, 500);  // scores hundreds apart: any but the greatest would overflow
}
