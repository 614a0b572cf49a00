#include <prismatic/backend/cpu/unit_gemv.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <limits>

using namespace prismatic;

#if PRISMATIC_X86 && defined(__linux__)

namespace {

// One block of rows of X and two, rows of W left over, depths with a step left over, sums cut into runs.
template <class W>
void check_few_rows(const matrix<W>& w, const matrix<float>& x, float beta) {
  CAPTURE(w.rows(), w.cols(), x.rows(), beta);
  const auto c = test::gaussian<float>(x.rows(), w.rows(), "c");
  matrix<float> expected = c.clone();
  test::strided<float> found(c);
  test::strided<W> apart(w);
  if (beta == 0)
    for (index_t i = 0; i < c.rows(); ++i) std::fill_n(found.view().row(i), c.cols(), std::numeric_limits<float>::quiet_NaN());  // not read
  detail::multiply_on_units<3, W>(op::none, op::transpose, 0.5f, x, w, beta, expected.view());
  thread_team team(2);
  workspace<memory::host> scratch;
  detail::multiply_few_rows_on_units<W>(team, scratch, 0.5f, x, apart.view(), beta, found.view());
  CHECK(test::identical(found.packed(), expected));
  CHECK(found.padding_untouched());
}

}  // namespace

TEST_CASE("a few rows on matrix units give the bits of many, whatever W holds", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  for (const index_t n : {1, 31, 32, 33, 70, 160})
    for (const index_t k : {16, 31, 32, 100, 128, 129, 300})
      for (const float beta : {0.0f, 1.0f, 0.5f}) {
        const auto w = test::gaussian<float>(n, k, "w");
        for (const index_t m : {1, 5, 8}) check_few_rows<float>(w, test::gaussian<float>(m, k, "x"), beta);
        for (const index_t m : {1, 5, 16, 17, 32}) check_few_rows<bf16>(test::rounded(w), test::gaussian<float>(m, k, "x"), beta);
      }
}

// Numbers beyond a row's end are the next row's: they must not reach its sums.
TEST_CASE("what lies beside a weight matrix does not matter", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  const index_t n = 40, k = 72;
  matrix<bf16> wide(n + 1, k + 40);
  std::fill_n(wide.data(), wide.size(), bf16{to_bfloat16(std::numeric_limits<float>::quiet_NaN())});
  const auto w = test::rounded(test::gaussian<float>(n, k, "w"));
  const auto x = test::gaussian<float>(3, k, "x");
  for (index_t i = 0; i < n; ++i) std::copy_n(w.view().row(i), k, wide.view().row(i));
  matrix<float> expected(3, n), found(3, n);
  thread_team team(1);
  workspace<memory::host> scratch;
  detail::multiply_few_rows_on_units<bf16>(team, scratch, 1, x, w, 0, expected.view());
  detail::multiply_few_rows_on_units<bf16>(team, scratch, 1, x, wide.view().middle_cols(0, k).middle_rows(0, n), 0, found.view());
  CHECK(test::identical(found, expected));
}

#endif
