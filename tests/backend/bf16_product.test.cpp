#include <prismatic/backend/cpu/multiply.hpp>

#include "oracle/dense.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// Every height of a tile, one vector and two, columns left over, odd depths, sums cut into runs, and more
// columns than a block holds.
constexpr index_t shapes[][3] = {{1, 1, 1},     {2, 3, 5},      {29, 33, 7},   {64, 32, 64},
                                 {120, 17, 31}, {43, 64, 20},   {15, 40, 300}, {86, 97, 1029},
                                 {3, 1030, 9},  {57, 600, 513}, {4, 5, 0}};

struct operands {
  op a_op, b_op;
  matrix<float> a, b, c;
};

// What multiplies: floats, pairs of bfloat16 in vectors, or matrix units.
enum class route { floats, pairs, units };

std::vector<route> routes_that_run_here() {
  std::vector<route> out{route::floats};
  if (detail::multiplies_bf16()) out.push_back(route::pairs);
  if (detail::has_matrix_units()) out.push_back(route::units);
  return out;
}

void multiply(route by, op a_op, op b_op, float alpha, input_matrix<float> a, input_matrix<float> b, float beta,
              matrix_view<float> c) {
#if PRISMATIC_X86 && defined(__linux__)
  if (by == route::units) return detail::multiply_on_units<1>(a_op, b_op, alpha, a, b, beta, c);
#endif
  detail::multiply_bf16_by_vectors(a_op, b_op, alpha, a, b, beta, c, by == route::pairs);
}

// f(operands, route) for every shape, order of the operands and route that runs here; entry(name, i) is the
// i-th number.
template <class Entry, class F>
void for_each_product(Entry&& entry, F&& f) {
  const auto filled = [&](index_t rows, index_t cols, std::string_view name) {
    matrix<float> out(rows, cols);
    for (index_t i = 0; i < out.size(); ++i) out.data()[i] = entry(name, i);
    return out;
  };
  for (const auto& [m, n, k] : shapes)
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose}) {
        const operands x{a_op, b_op, a_op == op::none ? filled(m, k, "a") : filled(k, m, "a"),
                         b_op == op::none ? filled(k, n, "b") : filled(n, k, "b"), filled(m, n, "c")};
        for (const route by : routes_that_run_here()) {
          CAPTURE(m, n, k, a_op, b_op, static_cast<int>(by));
          f(x, by);
        }
      }
}

float normal(std::string_view name, index_t i) {
  return static_cast<float>(random_stream(1, name).normal(static_cast<std::uint64_t>(i)));
}

matrix<float> product(const operands& x, float alpha, float beta, route by) {
  test::strided<float> a(x.a), b(x.b), c(x.c);
  multiply(by, x.a_op, x.b_op, alpha, a.view(), b.view(), beta, c.view());
  CHECK(c.padding_untouched());
  return c.packed();
}

template <class F>
matrix<double> each(const matrix<float>& m, F&& f) {
  matrix<double> out(m.rows(), m.cols());
  for (index_t i = 0; i < m.size(); ++i) out.data()[i] = static_cast<double>(f(m.data()[i]));
  return out;
}

// The largest of |found - expected| / (unit * size), elementwise, where size bounds what was added up.
double largest_share(const matrix<float>& found, const matrix<double>& expected, const matrix<double>& size,
                     double unit) {
  double worst = 0;
  for (index_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found.data()[i]) - expected.data()[i]);
    if (!(error <= worst * unit * size.data()[i])) worst = error / (unit * size.data()[i]);
  }
  return worst;
}

}  // namespace

TEST_CASE("products of small integers are exact in bf16", "[backend][bf16]") {
  const auto integer = [](std::string_view name, index_t i) {
    return static_cast<float>(random_stream(2, name).below(static_cast<std::uint64_t>(i), 513) -
                              256);  // 8 bits and a sign
  };
  for (const float beta : {0.0f, -2.0f})
    for_each_product(integer, [&](const operands& x, route by) {
      CAPTURE(beta);
      const auto expected = test::oracle::gemm(x.a_op, x.b_op, 0.5, test::widened(x.a), test::widened(x.b),
                                               static_cast<double>(beta), test::widened(x.c));
      CHECK(test::largest_difference(product(x, 0.5f, beta, by), expected) == 0);
    });
}

TEST_CASE("bf16 products are those of the rounded operands, summed in float", "[backend][bf16]") {
  for_each_product(normal, [&](const operands& x, route by) {
    const auto rounded = [](float v) { return from_bfloat16(to_bfloat16(v)); };
    const auto size_of = [](float v) { return std::abs(v); };
    const auto k = static_cast<double>(x.a_op == op::none ? x.a.cols() : x.a.rows());
    const auto found = product(x, 0.5f, -2, by);
    const auto expected =
        test::oracle::gemm(x.a_op, x.b_op, 0.5, each(x.a, rounded), each(x.b, rounded), -2, test::widened(x.c));
    const auto size =
        test::oracle::gemm(x.a_op, x.b_op, 0.5, each(x.a, size_of), each(x.b, size_of), 2, each(x.c, size_of));
    CHECK(largest_share(found, expected, size, (k + 2) * 0x1p-24) <=
          1.01);  // rounded numbers are a little larger

    const auto exact =
        test::oracle::gemm(x.a_op, x.b_op, 0.5, test::widened(x.a), test::widened(x.b), -2, test::widened(x.c));
    CHECK(largest_share(found, exact, size, 0x1p-7 + 0x1p-16 + (k + 2) * 0x1p-24) <= 1);
  });
}

TEST_CASE("a tie is rounded to even, and what is not finite stays so", "[backend][bf16]") {
  constexpr float infinity = std::numeric_limits<float>::infinity(),
                  nan = std::numeric_limits<float>::quiet_NaN();
  matrix<float> a(5, 1), one(1, 1), c(5, 1);
  const float values[] = {1.00390625f, 1.01171875f, infinity, nan, std::numeric_limits<float>::max()};
  std::copy_n(values, 5, a.data());
  one(0, 0) = 1;
  for (const route by : routes_that_run_here()) {
    CAPTURE(static_cast<int>(by));
    for (const op a_op : {op::none, op::transpose}) {
      const matrix_view<const float> x(a.data(), a_op == op::none ? 5 : 1, a_op == op::none ? 1 : 5);
      multiply(by, a_op, op::none, 1, x, one, 0, c.view());
      CHECK(c(0, 0) == 1.0f);
      CHECK(c(1, 0) == 1.015625f);
      CHECK(c(2, 0) == infinity);
      CHECK(std::isnan(c(3, 0)));
      CHECK(c(4, 0) == infinity);
    }
  }
}

TEST_CASE("an element of a bf16 product does not depend on the others", "[backend][bf16]") {
  const index_t m = 61, n = 75, k = 1501;
  const auto a = test::gaussian<float>(m, k, "a"), b = test::gaussian<float>(k, n, "b");
  for (const route by : routes_that_run_here()) {
    matrix<float> whole(m, n), part(5, 3);
    multiply(by, op::none, op::none, 1, a, b, 0, whole.view());
    multiply(by, op::none, op::none, 1, a.view().middle_rows(17, 5), b.view().middle_cols(40, 3), 0, part.view());
    for (index_t i = 0; i < 5; ++i)
      for (index_t j = 0; j < 3; ++j) CHECK(part(i, j) == whole(17 + i, 40 + j));
  }
}
