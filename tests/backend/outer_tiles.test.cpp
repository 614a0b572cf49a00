#include <prismatic/backend/functors/outer_tiles.hpp>

#include "support/catch.hpp"
#include "support/matrix_unit.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <prismatic/core/layout.hpp>

#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// The kernel on the host, block by block and warp by warp.
template <int Parts>
void run_blocks(const detail::outer_tiles<Parts>& all, index_t count) {
  using tiles = detail::unit_tiles<Parts>;
  std::vector<detail::four_words> words(tiles::stage_size);
  std::vector<typename tiles::state> lanes(32);
  for (index_t block = 0; block < count; ++block)
    for (int warp = 0; warp < tiles::warps; ++warp) {
      const detail::sequence_steps own = all.sequence(block);
      for (auto& mine : lanes) tiles::begin(mine);
      for (index_t i = 0; i < own.count(); ++i) {
        for (int e = 0; e < tiles::stage_size; ++e)
          words[static_cast<std::size_t>(e)] = *tiles::source(all.units, all.a, all.unit_down(block), own.first + i, all.units, all.x,
                                                              all.unit_across(block), own.first + i, e);
        test::multiply_stage<Parts>(words.data(), warp, lanes.data());
        for (auto& mine : lanes) tiles::leave(i, i + 1 == own.count(), mine);
      }
      for (int lane = 0; lane < 32; ++lane) all.finish(block, warp, lane, lanes[static_cast<std::size_t>(lane)]);
    }
}

// The products as the shell in outer.cuh makes them.
template <int Parts>
void outer(matrix_view<const float> a, matrix_view<const float> x, const layout& sequences, matrix_view<float> g) {
  using tiles = detail::unit_tiles<Parts>;
  std::vector<detail::sequence_steps> steps;
  index_t all = 0;
  for (const row_range r : sequences.ranges()) {
    steps.push_back({r.begin, r.end, all});
    all += steps.back().count();
  }
  const detail::row_units<Parts> units{all};
  const auto count = static_cast<index_t>(steps.size());
  const auto blocks = [](index_t width) { return (width + tiles::rows - 1) / tiles::rows; };
  const auto packed = [&](matrix_view<const float> m) {
    const index_t down = blocks(m.cols()) * tiles::units;
    std::vector<detail::four_words> out(static_cast<std::size_t>(units.place(down, 0)));
    const detail::pack_sequences<Parts> pack{units, steps.data(), count, m.cols(), m, out.data()};
    for (index_t task = 0; task < down * all * 32; ++task) pack(task);
    return out;
  };
  const auto pa = packed(a), px = packed(x);
  run_blocks(detail::outer_tiles<Parts>{units, steps.data(), blocks(a.cols()), blocks(x.cols()), a.cols(), x.cols(), pa.data(),
                                        px.data(), g},
             count * blocks(a.cols()) * blocks(x.cols()));
}

matrix<double> expected(const matrix<float>& a, const matrix<float>& x, const layout& sequences) {
  matrix<double> g(sequences.sequences(), a.cols() * x.cols());
  for (index_t s = 0; s < sequences.sequences(); ++s)
    for (index_t t = sequences[s].begin; t < sequences[s].end; ++t)
      for (index_t i = 0; i < a.cols(); ++i)
        for (index_t j = 0; j < x.cols(); ++j) g(s, i * x.cols() + j) += double(a(t, i)) * double(x(t, j));
  return g;
}

// As many bits as the parts have: of the sum of up to `longest` products of two numbers near 1.
double bound(int parts, index_t longest) {
  const double exact = test::rounding_bound<float>(longest, 10);
  return parts == 3 ? exact : exact + 8 * std::sqrt(double(longest)) * 10 * (parts == 2 ? 0x1p-17 : 0x1p-9);
}

template <int Parts>
void check(index_t height, index_t width, const layout& sequences) {
  CAPTURE(Parts, height, width, sequences.rows());
  const auto a = test::gaussian<float>(sequences.rows(), height, "a"), x = test::gaussian<float>(sequences.rows(), width, "x");
  test::strided<float> sa(a), sx(x), g(sequences.sequences(), height * width);
  outer<Parts>(sa.view(), sx.view(), sequences, g.view());
  CHECK(test::largest_difference(g.packed(), expected(a, x, sequences)) <= bound(Parts, sequences.longest()));
  CHECK(g.padding_untouched());
}

}  // namespace

TEST_CASE("tiles multiply each sequence's rows", "[backend][dense]") {
  check<3>(1, 1, {1});
  check<3>(5, 130, {0, 17, 0, 16, 150, 0});
  check<3>(129, 20, {33, 1});
  check<2>(20, 31, {5, 40});
  check<1>(20, 31, {5, 40});
  check<3>(3, 2, {0, 0});  // zeros
  // Fewer parts are less exact, and seen to be.
  const layout one{300};
  const auto a = test::gaussian<float>(300, 4, "a"), x = test::gaussian<float>(300, 4, "x");
  matrix<float> g(1, 16);
  const auto far = [&] { return test::largest_difference(g, expected(a, x, one)); };
  outer<2>(a, x, one, g.view());
  CHECK(far() <= bound(2, 300));
  outer<1>(a, x, one, g.view());
  CHECK(far() > bound(2, 300));
}

TEST_CASE("a sequence's product is the same in every batch", "[backend][dense]") {
  const auto a = test::gaussian<float>(60, 7, "a"), x = test::gaussian<float>(60, 9, "x");
  matrix<float> together(2, 63), alone(1, 63);
  outer<3>(a, x, {21, 39}, together.view());
  outer<3>(a.view().middle_rows(21, 39), x.view().middle_rows(21, 39), {39}, alone.view());
  CHECK(test::identical<float>(alone.view(), together.view().middle_rows(1, 1)));
}
