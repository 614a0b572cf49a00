#include <prismatic/backend/cpu/product.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

using namespace prismatic;

namespace {

template <class T>
std::vector<detail::register_tiles<T>> tiles_that_run_here() {
  std::vector<detail::register_tiles<T>> out{detail::register_tiles<T>::template of_vectors<16>()};
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) out.push_back(detail::register_tiles<T>::template of_vectors<32>());
  if (__builtin_cpu_supports("avx512f")) out.push_back(detail::register_tiles<T>::template of_vectors<64>());
#endif
  return out;
}

}  // namespace

// Every height of a tile, one vector and two, columns left over, panels in place and packed, sums cut into runs, and
// more columns than a block holds.
TEMPLATE_TEST_CASE("products agree with the oracle at every vector length", "[backend][product]", float, double) {
  using T = TestType;
  constexpr index_t shapes[][3] = {{1, 1, 1},    {2, 3, 5},    {29, 33, 7},  {64, 32, 64}, {120, 17, 31},
                                   {43, 64, 20}, {15, 40, 300}, {86, 97, 257}, {3, 1030, 9}, {57, 600, 130}};
  const auto tiles = tiles_that_run_here<T>();
  for (const auto& [m, n, k] : shapes)
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose})
        for (const double beta : {0.0, -2.0}) {
          const auto a = a_op == op::none ? test::gaussian<T>(m, k, "a") : test::gaussian<T>(k, m, "a");
          const auto b = b_op == op::none ? test::gaussian<T>(k, n, "b") : test::gaussian<T>(n, k, "b");
          const auto c = test::gaussian<T>(m, n, "c");
          const auto expected = test::oracle::gemm(a_op, b_op, 0.5, test::widened(a), test::widened(b), beta, test::widened(c));
          for (const auto& machine : tiles) {
            CAPTURE(m, n, k, a_op, b_op, beta, machine.lanes);
            test::strided<T> sa(a), sb(b), sc(c);
            detail::multiply_by_vectors<T>(a_op, b_op, T(0.5), sa.view(), sb.view(), static_cast<T>(beta), sc.view(), machine);
            CHECK(test::largest_difference(sc.packed(), expected) <= test::rounding_bound<T>(k, 16 + 4 * std::sqrt(static_cast<double>(k))));
            CHECK(sc.padding_untouched());
          }
        }
}

TEMPLATE_TEST_CASE("an element of a product does not depend on the others", "[backend][product]", float, double) {
  using T = TestType;
  const index_t m = 61, n = 75, k = 700;
  const auto a = test::gaussian<T>(m, k, "a"), b = test::gaussian<T>(k, n, "b");
  matrix<T> whole(m, n), part(5, 3);
  detail::multiply_by_vectors<T>(op::none, op::none, T(1), a, b, T(0), whole.view());
  detail::multiply_by_vectors<T>(op::none, op::none, T(1), a.view().middle_rows(17, 5), b.view().middle_cols(40, 3), T(0), part.view());
  for (index_t i = 0; i < 5; ++i)
    for (index_t j = 0; j < 3; ++j) CHECK(part.view()(i, j) == whole.view()(17 + i, 40 + j));
}
