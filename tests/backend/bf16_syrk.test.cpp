#include <prismatic/backend/cpu.hpp>
#include <prismatic/backend/cpu/bf16_syrk.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <algorithm>
#include <vector>

using namespace prismatic;

namespace {

struct sums_case {
  matrix<float> a;
  std::vector<index_t> rows;
  std::vector<double> factors;
  matrix<double> rounded;  // the chosen rows, scaled and rounded to bfloat16

  sums_case(index_t k, index_t m) : a(test::gaussian<float>(k + 3, m, "a")), rounded(k, m) {
    for (index_t t = 0; t < k; ++t) {
      rows.push_back((7 * t + 2) % (k + 3));
      factors.push_back(0.75 + static_cast<double>(t % 3));
      for (index_t j = 0; j < m; ++j)
        rounded(t, j) = static_cast<double>(from_bfloat16(to_bfloat16(static_cast<float>(factors.back()) * a(rows.back(), j))));
    }
  }
};

}  // namespace

#if PRISMATIC_X86
TEST_CASE("pairs of rounded rows are summed in float", "[backend][bf16]") {
  if (!detail::multiplies_bf16()) return;
  thread_team team(2);
  workspace<memory::host> scratch;
  for (const index_t m : {1, 31, 33, 70})
    for (const index_t k : {1, 2, 41, 1025}) {
      CAPTURE(m, k);
      const sums_case x(k, m);
      const detail::chosen_rows<float> chosen{x.a.view(), x.rows, x.factors};
      matrix<double> c(m, m);
      detail::symmetric_product<detail::bf16_pair_tiles>(
          team, scratch, k,
          [&](index_t from, index_t length, matrix_view<std::uint32_t> panels) {
            detail::pack_column_pairs(team, chosen, from, length, panels);
          },
          0.5, 0.0, c.view());
      const auto expected = test::oracle::syrk(op::transpose, 0.5, x.rounded, 0, matrix<double>(m, m));
      CHECK(test::largest_difference(c, expected) <= test::rounding_bound<float>(std::min<index_t>(k, 1024), static_cast<double>(k + 10)));
    }
}
#endif

TEST_CASE("a context's products decide whether sums of rows are rounded", "[backend][bf16]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 2});
  const index_t m = 40, k = 300;
  const sums_case x(k, m);
  matrix<double> unrounded(k, m);
  for (index_t t = 0; t < k; ++t)
    for (index_t j = 0; j < m; ++j) unrounded(t, j) = x.factors[static_cast<std::size_t>(t)] * static_cast<double>(x.a(x.rows[static_cast<std::size_t>(t)], j));
  const bool rounds = detail::multiplies_bf16();
  for (const product_precision products : {product_precision::full, product_precision::bf16_backward, product_precision::bf16}) {
    const products_at<B> precision(cx, products);
    matrix<double> c(m, m);
    B::syrk_of_rows<float>(cx, 1, x.a.view(), x.rows, x.factors, 1, c.view());
    const bool is_rounded = products == product_precision::bf16 && rounds;
    const auto expected = test::oracle::syrk(op::transpose, 1, is_rounded ? x.rounded : unrounded, 0, matrix<double>(m, m));
    CHECK(test::largest_difference(c, expected) <= test::rounding_bound<float>(k, static_cast<double>(k)));
    const auto other = test::oracle::syrk(op::transpose, 1, is_rounded ? unrounded : x.rounded, 0, matrix<double>(m, m));
    CHECK(test::largest_difference(c, other) > test::rounding_bound<float>(k, static_cast<double>(k)));
  }
}
