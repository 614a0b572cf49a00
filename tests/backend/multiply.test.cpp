#include <prismatic/backend/cpu.hpp>
#include <prismatic/backend/cpu/multiply.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <algorithm>
#include <limits>

using namespace prismatic;

// Whatever multiplies here: k below what matrix units are for, and above.
TEMPLATE_TEST_CASE("a few rows give the bits that many rows give, on any threads", "[backend][multiply]", float, double) {
  using T = TestType;
  thread_team one(1), three(3);
  workspace<memory::host> scratch;
  for (const T alpha : {T(1), T(0.5)})
    for (const T beta : {T(0), T(1), T(0.5)})
      for (const index_t n : {1, 33, 300})
        for (const index_t k : {5, 15, 16, 256, 700}) {
          CAPTURE(n, k, alpha, beta);
          const auto x = test::gaussian<T>(40, k, "x"), w = test::gaussian<T>(n, k, "w"), c = test::gaussian<T>(40, n, "c");
          matrix<T> many = c.clone(), few = c.clone();
          if (beta == 0) std::fill_n(few.data(), few.size(), std::numeric_limits<T>::quiet_NaN());  // not read
          detail::multiply<T>(op::none, op::transpose, alpha, x, w, beta, many.view());
          detail::multiply_few<T>(three, scratch, alpha, x.view().middle_rows(0, 8), w, beta, few.view().middle_rows(0, 8));
          CHECK(std::equal(many.data(), many.data() + 8 * n, few.data()));
          detail::multiply_few<T>(one, scratch, alpha, x.view().middle_rows(20, 1), w, beta, few.view().middle_rows(20, 1));
          CHECK(std::equal(many.view().row(20), many.view().row(20) + n, few.view().row(20)));
        }
}

// Every height of a tile, columns left over, odd depths, sums cut into runs, and more columns than a block holds.
TEST_CASE("a right operand of bfloat16 gives the bits of its numbers as floats, by every route", "[backend][multiply]") {
  constexpr index_t shapes[][3] = {{1, 1, 1},    {2, 3, 5},     {29, 33, 7},  {64, 32, 64},  {45, 17, 31}, {15, 40, 300},
                                   {86, 97, 129}, {3, 1060, 40}, {3, 3100, 40}, {57, 90, 513}, {16, 31, 1029}, {4, 5, 0}};
  thread_team team(2);
  workspace<memory::host> scratch;
  for (const auto& [m, n, k] : shapes)
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose})
        for (const float beta : {0.0f, 0.5f}) {
          const auto a = a_op == op::none ? test::gaussian<float>(m, k, "a") : test::gaussian<float>(k, m, "a");
          const auto narrow = test::rounded(b_op == op::none ? test::gaussian<float>(k, n, "b") : test::gaussian<float>(n, k, "b"));
          const auto wide = test::as_floats(narrow), c = test::gaussian<float>(m, n, "c");
          test::strided<bf16> apart(narrow);  // rows that begin at odd numbers
          const auto same = [&](const char* route, auto&& multiply) {
            CAPTURE(route, m, n, k, a_op, b_op, beta);
            matrix<float> expected = c.clone(), found = c.clone();
            multiply(wide.view(), expected.view());
            multiply(matrix_view<const bf16>(apart.view()), found.view());
            CHECK(test::identical(found, expected));
          };
          same("as the machine multiplies", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            detail::multiply<float, W>(a_op, b_op, 0.5f, a, b, beta, out);
          });
          same("rounded, as the machine multiplies", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            detail::multiply_bf16<W>(a_op, b_op, 0.5f, a, b, beta, out);
          });
          same("vectors", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            detail::multiply_by_vectors<float, W>(a_op, b_op, 0.5f, a, b, beta, out);
          });
          same("short vectors", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            static const auto machine = detail::register_tiles<float>::of_vectors<16>();
            detail::multiply_by_vectors<float, W>(a_op, b_op, 0.5f, a, b, beta, out, machine);
          });
          for (const bool native : {false, detail::multiplies_bf16()})
            same(native ? "rounded, pairs" : "rounded, floats", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
              detail::multiply_bf16_by_vectors<W>(a_op, b_op, 0.5f, a, b, beta, out, native);
            });
          if (a_op == op::transpose || b_op == op::none) continue;
          same("few rows", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            const index_t few = std::min<index_t>(m, detail::few_rows);
            detail::multiply_few<float, W>(team, scratch, 0.5f, a.view().middle_rows(0, few), b, beta, out.middle_rows(0, few));
          });
          same("few rows by vectors", [&]<class W>(matrix_view<const W> b, matrix_view<float> out) {
            const index_t few = std::min<index_t>(m, detail::few_rows);
            detail::multiply_few_rows<float, W>(team, 0.5f, a.view().middle_rows(0, few), b, beta, out.middle_rows(0, few));
          });
        }
}

TEST_CASE("k alone decides what multiplies", "[backend][multiply]") {
  CHECK_FALSE(detail::multiplies_on_units<double>(1024));
  CHECK_FALSE(detail::multiplies_on_units<float>(detail::least_unit_depth - 1));
  CHECK(detail::multiplies_on_units<float>(detail::least_unit_depth) == detail::has_matrix_units());
}

TEST_CASE("without matrix units products are multiply-adds, few rows and many alike", "[backend][multiply]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 2});
  const auto x = test::gaussian<float>(40, 300, "x"), w = test::gaussian<float>(50, 300, "w");
  matrix<float> expected(40, 50), many(40, 50), few(8, 50), again(40, 50), as_ever(40, 50);
  detail::multiply_by_vectors<float>(op::none, op::transpose, 1, x, w, 0, expected.view());
  detail::multiply<float>(op::none, op::transpose, 1, x, w, 0, as_ever.view());
  {
    const without_matrix_units<B> vectors(cx);
    B::gemm(cx, op::none, op::transpose, 1.0f, x, w, 0.0f, many.view());
    B::gemm(cx, op::none, op::transpose, 1.0f, x.view().middle_rows(0, 8), w, 0.0f, few.view());
  }
  B::gemm(cx, op::none, op::transpose, 1.0f, x, w, 0.0f, again.view());
  CHECK(std::equal(expected.data(), expected.data() + expected.size(), many.data()));
  CHECK(std::equal(few.data(), few.data() + few.size(), many.data()));
  CHECK(std::equal(as_ever.data(), as_ever.data() + as_ever.size(), again.data()));
}
