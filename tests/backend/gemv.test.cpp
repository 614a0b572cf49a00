#include <prismatic/backend/cpu/gemv.hpp>
#include <prismatic/backend/cpu/product.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// A sum of k products of standard normals is about sqrt(k); four deviations for each factor.
template <class T>
double product_bound(index_t k) {
  return test::rounding_bound<T>(k, 16 + 4 * std::sqrt(static_cast<double>(k)));
}

// Every vector length that this processor runs.
template <class T>
std::vector<detail::dot_blocks<T>> machines() {
  std::vector<detail::dot_blocks<T>> out{detail::dot_blocks<T>::template of_vectors<16>()};
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    out.push_back(detail::dot_blocks<T>::template of_vectors<32>());
  if (__builtin_cpu_supports("avx512f")) out.push_back(detail::dot_blocks<T>::template of_vectors<64>());
#endif
  return out;
}

// Rows of W about the step (8, 16 or 32 in float), k about a run (256 in float) and about the 16 bytes turned at a
// time.
constexpr index_t heights[] = {0, 1, 2, 3, 4, 5, 8}, widths[] = {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70},
                  depths[] = {0, 1, 3, 4, 5, 127, 128, 129, 255, 256, 257, 300, 521};

}  // namespace

TEMPLATE_TEST_CASE("products of a few rows agree with the oracle", "[backend][gemv]", float, double) {
  using T = TestType;
  thread_team team(GENERATE(1, 3));
  for (const auto& machine : machines<T>())
    for (const index_t m : heights)
      for (const index_t n : widths)
        for (const index_t k : depths) {
          CAPTURE(machine.step, team.size(), m, n, k);
          const auto x = test::gaussian<T>(m, k, "x"), w = test::gaussian<T>(n, k, "w"),
                     c = test::gaussian<T>(m, n, "c");
          test::strided<T> sx(x), sw(w), sc(c);
          detail::multiply_few_rows<T>(team, T(0.5), sx.view(), sw.view(), T(-2), sc.view(), machine);
          const auto expected = test::oracle::gemm(op::none, op::transpose, 0.5, test::widened(x),
                                                   test::widened(w), -2, test::widened(c));
          REQUIRE(test::largest_difference(sc.packed(), expected) <= product_bound<T>(k));
          REQUIRE(sc.padding_untouched());
        }
}

TEMPLATE_TEST_CASE("few rows give the bits that many give, on any threads", "[backend][gemv]", float, double) {
  using T = TestType;
  thread_team one(1), three(3);
  const T beta = GENERATE(T(0), T(1), T(0.5));
  for (const index_t n : {1, 7, 33, 300})
    for (const index_t k : {5, 256, 700}) {
      CAPTURE(n, k, beta);
      const auto x = test::gaussian<T>(8, k, "x"), w = test::gaussian<T>(n, k, "w"),
                 c = test::gaussian<T>(8, n, "c");
      matrix<T> many = c.clone(), together = c.clone();
      if (beta == 0)
        std::fill_n(together.data(), together.size(), std::numeric_limits<T>::quiet_NaN());  // not read
      detail::multiply_by_vectors<T>(op::none, op::transpose, T(1), x, w, beta, many.view());
      detail::multiply_few_rows<T>(three, T(1), x, w, beta, together.view());
      CHECK(std::equal(many.data(), many.data() + many.size(), together.data()));
      for (index_t i = 0; i < 8; ++i) {
        matrix<T> alone = c.clone();
        detail::multiply_few_rows<T>(one, T(1), x.view().middle_rows(i, 1), w, beta,
                                     alone.view().middle_rows(i, 1));
        CHECK(std::equal(many.view().row(i), many.view().row(i) + n, alone.view().row(i)));
      }
    }
}

TEST_CASE("rows of bfloat16 give the bits of their numbers as floats at every vector length", "[backend][gemv]") {
  thread_team team(2);
  const auto check = [&]<int Bytes>() {
    const auto narrow_blocks = detail::dot_blocks<float, bf16>::of_vectors<Bytes>();
    const auto wide_blocks = detail::dot_blocks<float>::of_vectors<Bytes>();
    for (const index_t m : heights)
      for (const index_t n : widths)
        for (const index_t k : depths) {
          CAPTURE(Bytes, m, n, k);
          const auto x = test::gaussian<float>(m, k, "x"), c = test::gaussian<float>(m, n, "c");
          test::strided<bf16> narrow(test::rounded(test::gaussian<float>(n, k, "w")));
          const auto wide = test::as_floats(narrow.packed());
          matrix<float> expected = c.clone(), found = c.clone();
          detail::multiply_few_rows<float>(team, 0.5f, x, wide, -2.0f, expected.view(), wide_blocks);
          detail::multiply_few_rows<float, bf16>(team, 0.5f, x, narrow.view(), -2.0f, found.view(), narrow_blocks);
          REQUIRE(test::identical(found, expected));
        }
  };
  check.operator()<16>();
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) check.operator()<32>();
  if (__builtin_cpu_supports("avx512f")) check.operator()<64>();
#endif
}
