#include "oracle/pointwise.hpp"
#include "oracle/central_difference.hpp"
#include "oracle/rows.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

using namespace prismatic;

namespace {

constexpr double epsilon = 1e-5;
constexpr index_t shapes[][2] = {{0, 4}, {1, 1}, {7, 13}, {5, 64}, {3, 65}, {301, 137}};

// Central differences in double: a truncation error of order step^2 and a rounding error of order
// 1e-16 / step leave some nine digits.
constexpr double difference_bound = 1e-6;

struct rotation_tables {
  matrix<double> angles;
  std::vector<std::int32_t> positions;
};

rotation_tables rotations(index_t rows, index_t half) {
  rotation_tables out{matrix<double>(50, half), std::vector<std::int32_t>(static_cast<std::size_t>(rows))};
  for (index_t p = 0; p < 50; ++p)
    for (index_t i = 0; i < half; ++i)
      out.angles(p, i) = static_cast<double>(p) * std::pow(10.0, -static_cast<double>(i));
  for (index_t t = 0; t < rows; ++t)
    out.positions[static_cast<std::size_t>(t)] = static_cast<std::int32_t>(t * 7 % 50);
  return out;
}

template <class T, class F>
matrix<T> mapped(const matrix<double>& m, F f) {
  matrix<T> out(m.rows(), m.cols());
  for (index_t i = 0; i < m.size(); ++i) out.data()[i] = static_cast<T>(f(m.data()[i]));
  return out;
}
double cosine(double x) { return std::cos(x); }
double sine(double x) { return std::sin(x); }

}  // namespace

TEMPLATE_LIST_TEST_CASE("rms_norm agrees with the oracle", "[backend][pointwise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    const auto x = test::gaussian<T>(n, d, "x"), gain = test::gaussian<T>(1, d, "gain");
    test::strided<T> sx(x), sy(n, d);
    std::vector<T> rstd(static_cast<std::size_t>(n));
    B::rms_norm(cx, sx.view(), gain.flat(), T(epsilon), sy.view(), vector_view<T>(rstd));
    const auto wide = test::widened(x);
    const auto expected = test::oracle::rms_norm(wide, test::widened(gain), epsilon);
    // |x rstd| is at most sqrt(d), |gain| at most about 4.
    CHECK(test::largest_difference(sy.packed(), expected) <= test::rounding_bound<T>(d, 4));
    CHECK(sy.padding_untouched());
    for (index_t t = 0; t < n; ++t) {
      const double exact =
          1 / std::sqrt(test::oracle::dot(wide, t, wide, t) / static_cast<double>(d) + epsilon);
      CHECK(static_cast<double>(rstd[static_cast<std::size_t>(t)]) ==
            Approx(exact).epsilon(test::rounding_bound<T>(1, 1)));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("the adjoint of rms_norm is its derivative and adds", "[backend][pointwise]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const layout sequences{4, 0, 1, 2};
  const index_t n = sequences.rows(), d = GENERATE(1, 7, 65);
  const auto x = test::gaussian<T>(n, d, "x"), gain = test::gaussian<T>(1, d, "gain"),
             dy = test::gaussian<T>(n, d, "dy");
  const auto dx = test::gaussian<T>(n, d, "dx"), dgain = test::gaussian<T>(sequences.sequences(), d, "dgain");
  matrix<T> y(n, d);
  std::vector<T> rstd(static_cast<std::size_t>(n));
  B::rms_norm(cx, x, gain.flat(), T(epsilon), y.view(), vector_view<T>(rstd));
  test::strided<T> sdx(dx), sdgain(dgain), sx(x), sdy(dy);
  B::rms_norm_adjoint(cx, sx.view(), gain.flat(), rstd, sdy.view(), sequences, sdx.view(), sdgain.view());
  CHECK((sdx.padding_untouched() && sdgain.padding_untouched()));

  auto wide_x = test::widened(x), wide_gain = test::widened(gain);
  const auto wide_dy = test::widened(dy);
  matrix<double> expected = test::oracle::central_difference(
      wide_x, [&] { return test::oracle::inner(test::oracle::rms_norm(wide_x, wide_gain, epsilon), wide_dy); });
  matrix<double> gains(sequences.sequences(), d);
  for (index_t s = 0; s < sequences.sequences(); ++s) {
    matrix<double> own(n, d);
    for (index_t t = sequences[s].begin; t < sequences[s].end; ++t)
      for (index_t j = 0; j < d; ++j) own(t, j) = wide_dy(t, j);
    const auto row = test::oracle::central_difference(wide_gain, [&] {
      return test::oracle::inner(test::oracle::rms_norm(wide_x, wide_gain, epsilon), own);
    });
    for (index_t j = 0; j < d; ++j) gains(s, j) = row(0, j) + static_cast<double>(dgain(s, j));
  }
  for (index_t i = 0; i < expected.size(); ++i) expected.data()[i] += static_cast<double>(dx.data()[i]);
  const double bound = difference_bound + test::rounding_bound<T>(d, 10);
  CHECK(test::oracle::relative_error(test::widened(sdx.packed()), expected) <= bound);
  CHECK(test::oracle::relative_error(test::widened(sdgain.packed()), gains) <= bound);
}

TEMPLATE_LIST_TEST_CASE("rope turns complex pairs", "[backend][pointwise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t rows = GENERATE(0, 1, 53, 401), half = GENERATE(1, 5), head_dim = 2 * half, heads = 3;
  CAPTURE(B::name, rows, half);
  const auto [angles, positions] = rotations(rows, half);
  const auto cos = mapped<T>(angles, cosine), sin = mapped<T>(angles, sine);
  const auto x = test::gaussian<T>(rows, heads * head_dim, "x");
  test::strided<T> sx(x), sy(rows, heads * head_dim);
  B::rope(cx, op::none, head_dim, positions, cos, sin, sx.view(), sy.view());
  const auto expected = test::oracle::rope(head_dim, positions, angles, test::widened(x));
  CHECK(test::largest_difference(sy.packed(), expected) <= test::rounding_bound<T>(2, 5));
  CHECK(sy.padding_untouched());

  // Turning back, in place, is the inverse.
  B::rope(cx, op::transpose, head_dim, positions, cos, sin, sy.view(), sy.view());
  CHECK(test::largest_difference(sy.packed(), test::widened(x)) <= test::rounding_bound<T>(4, 5));
}

TEMPLATE_LIST_TEST_CASE("swiglu agrees with the oracle and its adjoint with the derivative",
                        "[backend][pointwise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const auto& [n, d] : shapes) {
    CAPTURE(B::name, n, d);
    const auto gate = test::gaussian<T>(n, d, "gate"), up = test::gaussian<T>(n, d, "up");
    const auto dy = test::gaussian<T>(n, d, "dy"), before = test::gaussian<T>(n, d, "before");
    test::strided<T> sgate(gate), sup(up), sdy(dy), y(n, d), dgate(before), dup(before);
    B::swiglu(cx, sgate.view(), sup.view(), y.view());
    auto wide_gate = test::widened(gate), wide_up = test::widened(up);
    CHECK(test::largest_difference(y.packed(), test::oracle::swiglu(wide_gate, wide_up)) <=
          test::rounding_bound<T>(4, 20));

    B::swiglu_adjoint(cx, sgate.view(), sup.view(), sdy.view(), dgate.view(), dup.view());
    CHECK((y.padding_untouched() && dgate.padding_untouched() && dup.padding_untouched()));
    // Element-wise: one difference moves all elements at once.
    constexpr double step = 1e-5;
    const auto moved = [&](matrix<double>& x, double by) {
      for (index_t i = 0; i < x.size(); ++i) x.data()[i] += by;
    };
    const auto difference = [&](matrix<double>& x) {
      moved(x, step);
      const auto above = test::oracle::swiglu(wide_gate, wide_up);
      moved(x, -2 * step);
      const auto below = test::oracle::swiglu(wide_gate, wide_up);
      moved(x, step);
      matrix<double> out(x.rows(), x.cols());
      for (index_t i = 0; i < out.size(); ++i)
        out.data()[i] = (above.data()[i] - below.data()[i]) / (2 * step) * static_cast<double>(dy.data()[i]);
      return out;
    };
    const double bound = difference_bound + test::rounding_bound<T>(4, 4);
    CHECK(test::oracle::relative_error(test::widened(dgate.packed()), difference(wide_gate)) <= bound);
    CHECK(test::oracle::relative_error(test::widened(dup.packed()), difference(wide_up)) <= bound);
  }
}

TEMPLATE_LIST_TEST_CASE("swiglu and its adjoint are finite far out", "[backend][pointwise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  matrix<T> gate(1, 5), one(1, 5), y(1, 5), dgate(1, 5), dup(1, 5);
  const double ends[] = {-1e4, -90, 0, 90, 1e4};
  for (index_t j = 0; j < 5; ++j) {
    gate(0, j) = static_cast<T>(ends[j]);
    one(0, j) = T(1);
  }
  B::swiglu(cx, gate, one, y.view());
  B::swiglu_adjoint(cx, gate, one, one, dgate.view(), dup.view());
  const double silu[] = {0, 0, 0, 90, 1e4}, slope[] = {0, 0, 0.5, 1, 1};
  for (index_t j = 0; j < 5; ++j) {
    CHECK(static_cast<double>(y(0, j)) == Approx(silu[j]).margin(1e-30));
    CHECK(static_cast<double>(dup(0, j)) == Approx(silu[j]).margin(1e-30));
    CHECK(static_cast<double>(dgate(0, j)) == Approx(slope[j]).margin(1e-30));
  }
}

TEMPLATE_LIST_TEST_CASE("adamw follows the paper's recurrence", "[backend][pointwise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t rows = GENERATE(0, 1, 301), cols = 137;
  const auto start = test::gaussian<T>(rows, cols, "p");
  test::strided<T> p(start), first(matrix<T>(rows, cols)), second(matrix<T>(rows, cols));
  auto p_exact = test::widened(start);
  matrix<double> m_exact(rows, cols), v_exact(rows, cols);
  for (index_t k = 1; k <= 3; ++k) {
    const auto g = test::gaussian<T>(rows, cols, "g", static_cast<std::uint64_t>(k));
    B::adamw(cx,
             {.learning_rate = 0.1,
              .beta1 = 0.9,
              .beta2 = 0.95,
              .epsilon = 1e-8,
              .weight_decay = 0.1,
              .gradient_scale = 0.5,
              .step = k},
             g, p.view(), first.view(), second.view());
    for (index_t i = 0; i < p_exact.size(); ++i) {
      const double gi = 0.5 * static_cast<double>(g.data()[i]);
      double &x = p_exact.data()[i], &m = m_exact.data()[i], &v = v_exact.data()[i];
      m = 0.9 * m + 0.1 * gi;
      v = 0.95 * v + 0.05 * gi * gi;
      const double m_hat = m / (1 - std::pow(0.9, static_cast<double>(k)));
      const double v_hat = v / (1 - std::pow(0.95, static_cast<double>(k)));
      x -= 0.1 * (m_hat / (std::sqrt(v_hat) + 1e-8) + 0.1 * x);
    }
  }
  CHECK(test::largest_difference(first.packed(), m_exact) <= test::rounding_bound<T>(9, 2));
  CHECK(test::largest_difference(second.packed(), v_exact) <= test::rounding_bound<T>(9, 4));
  // m / sqrt(v) is insensitive to the size of the gradient: relative errors add up.
  CHECK(test::largest_difference(p.packed(), p_exact) <= test::rounding_bound<T>(30, 5));
  CHECK((p.padding_untouched() && first.padding_untouched() && second.padding_untouched()));
}

TEMPLATE_LIST_TEST_CASE("pointwise verbs give the same bits for any threads", "[backend][pointwise]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const index_t n = 301, d = 136;
  const layout sequences{100, 201};
  const rotation_tables turns = rotations(n, 4);
  const auto cos = mapped<T>(turns.angles, cosine), sin = mapped<T>(turns.angles, sine);
  const auto run = [&](int threads) {
    context<B> cx({.threads = threads});
    const auto a = test::gaussian<T>(n, d, "a"), b = test::gaussian<T>(n, d, "b"),
               gain = test::gaussian<T>(1, d, "g");
    std::vector<T> rstd(static_cast<std::size_t>(n));
    std::vector<matrix<T>> out;
    for (int i = 0; i < 6; ++i) out.emplace_back(n, d);
    out.emplace_back(2, d);
    B::rms_norm(cx, a, gain.flat(), T(epsilon), out[0].view(), vector_view<T>(rstd));
    B::rms_norm_adjoint(cx, a, gain.flat(), rstd, b, sequences, out[1].view(), out[6].view());
    B::rope(cx, op::none, 8, turns.positions, cos, sin, a, out[2].view());
    B::swiglu(cx, a, b, out[3].view());
    B::swiglu_adjoint(cx, a, b, b, out[4].view(), out[5].view());
    return out;
  };
  const auto one = run(1), three = run(3);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CAPTURE(B::name, i);
    CHECK(test::identical(one[i], three[i]));
  }
}
