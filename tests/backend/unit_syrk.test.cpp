#include <prismatic/backend/cpu/unit_syrk.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <limits>
#include <vector>

using namespace prismatic;

#if PRISMATIC_X86 && defined(__linux__)

// Panels left over, more columns than a strip is wide, depths about a step, a run and a chunk.
TEST_CASE("symmetric products on matrix units agree with the oracle, on any threads", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  thread_team one(1), three(3);
  workspace<memory::host> scratch;
  struct size {
    index_t m, k;
  };
  for (const auto& [m, k] : {size{1, 16}, size{31, 33}, size{33, 256}, size{64, 257}, size{70, 2050}, size{300, 40}, size{1100, 50}})
    for (const double beta : {0.0, -2.0}) {
      CAPTURE(m, k, beta);
      test::strided<float> a(test::gaussian<float>(k, m, "a")), turned(test::gaussian<float>(m, k, "turned"));
      matrix<double> c(m, m), again(m, m);
      for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < m; ++j) c(i, j) = again(i, j) = static_cast<double>(i + j) / static_cast<double>(m);
      const double bound = test::rounding_bound<float>(k, static_cast<double>(k + 10) / 2);

      const auto expected = test::oracle::syrk(op::transpose, -1, test::widened(a.packed()), beta, c);
      if (beta == 0) std::fill_n(c.data(), c.size(), std::numeric_limits<double>::quiet_NaN());  // not read
      const detail::chosen_rows<float> rows{a.view(), {}, {}};
      detail::symmetric_product_on_units<3>(three, scratch, k, rows, -1.0, beta, c.view());
      CHECK(test::largest_difference(c, expected) <= bound);
      detail::symmetric_product_on_units<3>(one, scratch, k, rows, -1.0, beta, again.view());
      CHECK(test::identical(c, again));

      const auto of_rows = test::oracle::syrk(op::none, 0.5, test::widened(turned.packed()), 0, c);
      const matrix_view<const float> there = turned.view();
      detail::symmetric_product_on_units<3>(three, scratch, k, there, 0.5, 0.0, c.view());
      CHECK(test::largest_difference(c, of_rows) <= bound);
    }
}

TEST_CASE("chosen rows are scaled before they are cut into parts", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  thread_team team(2);
  workspace<memory::host> scratch;
  const auto a = test::gaussian<float>(50, 40, "a");
  std::vector<index_t> rows;
  std::vector<double> factors;
  matrix<double> chosen(45, 40);
  for (index_t t = 0; t < 45; ++t) {
    rows.push_back((7 * t + 2) % 50);
    factors.push_back(0.5 + static_cast<double>(t % 3));
    for (index_t j = 0; j < 40; ++j) chosen(t, j) = factors.back() * static_cast<double>(a(rows.back(), j));
  }
  matrix<double> c(40, 40);
  detail::symmetric_product_on_units<3>(team, scratch, 45, detail::chosen_rows<float>{a.view(), rows, factors}, 1.0, 0.0, c.view());
  CHECK(test::largest_difference(c, test::oracle::syrk(op::transpose, 1, chosen, 0, matrix<double>(40, 40))) <=
        test::rounding_bound<float>(45, 60));
}

#endif
