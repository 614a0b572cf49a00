#include <prismatic/backend/functors/grid.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <vector>

using namespace prismatic;

namespace {

struct count_element {
  matrix_view<int> seen;
  void operator()(index_t i, index_t j) const { ++seen(i, j); }
};

struct element {
  matrix_view<const double> m;
  double operator()(index_t i, index_t j) const { return m(i, j); }
};

struct keep {
  double* out;
  void operator()(index_t i, double sum) const { out[i] = sum; }
};

}  // namespace

TEST_CASE("numbers are divided alike in 32 bits and in 64", "[backend][functors]") {
  const index_t large = index_t{1} << 32;
  for (const index_t n : {index_t{0}, index_t{1}, index_t{1000}, large - 1, large, large + 7, 5 * large + 3})
    for (const index_t by : {index_t{1}, index_t{3}, index_t{1024}, large - 1, large, large + 1}) {
      CAPTURE(n, by);
      CHECK(detail::divide(n, by).whole == n / by);
      CHECK(detail::divide(n, by).rest == n % by);
    }
}

TEST_CASE("chunks meet every element once", "[backend][functors]") {
  for (const index_t chunk : {1, 2, 64, 1000})
    for (const auto& [rows, cols] : {std::pair<index_t, index_t>{0, 3}, {3, 0}, {1, 1}, {7, 130}, {2, 128}}) {
      CAPTURE(chunk, rows, cols);
      matrix<int> seen(rows, cols);
      using chunks = detail::element_chunks<count_element>;
      const index_t calls = chunks::count(rows, cols, chunk);
      for (index_t task = 0; task < calls; ++task) chunks{{seen.view()}, cols, chunk}(task);
      CHECK(std::count(seen.data(), seen.data() + seen.size(), 1) == rows * cols);
    }
}

TEST_CASE("lanes add up to the row, however many there are", "[backend][functors]") {
  const index_t rows = 5, cols = 77;
  const auto m = test::gaussian<double>(rows, cols, "m");
  for (const index_t lanes : {1, 2, 32, 100}) {
    CAPTURE(lanes);
    using fold = detail::sum_fold<element>;
    const fold sum{{m.view()}};
    std::vector<double> parts(static_cast<std::size_t>(rows * lanes)), sums(5);
    for (index_t task = 0; task < rows * lanes; ++task) detail::lane_folds<fold>{sum, cols, lanes, parts.data()}(task);
    for (index_t i = 0; i < rows; ++i)
      detail::merged_lanes<fold, keep>{sum, {sums.data()}, lanes, parts.data()}(i);
    for (index_t i = 0; i < rows; ++i) {
      double expected = 0;
      for (index_t j = 0; j < cols; ++j) expected += m(i, j);
      CHECK(std::abs(sums[static_cast<std::size_t>(i)] - expected) <= test::rounding_bound<double>(cols, 5));
    }
  }
}
