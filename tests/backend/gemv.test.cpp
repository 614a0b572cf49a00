#include <prismatic/backend/cpu/gemv.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

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
#endif
  return out;
}

// Rows of W about the step (16 or 8 in float), k about a run (256 in float) and about the 16 bytes turned at a
// time.
constexpr index_t heights[] = {0, 1, 2, 3, 4, 5, 8}, widths[] = {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 70},
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

TEMPLATE_TEST_CASE("a row of few does not depend on the others, nor on threads", "[backend][gemv]", float,
                   double) {
  using T = TestType;
  const index_t n = GENERATE(7, 300), k = GENERATE(5, 700);
  const auto x = test::gaussian<T>(8, k, "x"), w = test::gaussian<T>(n, k, "w");
  matrix<T> together(8, n);
  thread_team one(1), three(3);
  detail::multiply_few_rows<T>(three, T(1), x, w, T(0), together.view());
  for (index_t i = 0; i < 8; ++i) {
    matrix<T> alone(1, n);
    std::fill_n(alone.data(), n, std::numeric_limits<T>::quiet_NaN());  // not read
    detail::multiply_few_rows<T>(one, T(1), x.view().middle_rows(i, 1), w, T(0), alone.view());
    for (index_t j = 0; j < n; ++j) REQUIRE(alone(0, j) == together(i, j));
  }
}
