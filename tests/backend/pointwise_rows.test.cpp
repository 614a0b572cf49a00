#include <prismatic/backend/functors/pointwise_rows.hpp>

#include <prismatic/backend/functors/pointwise.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <vector>

using namespace prismatic;

namespace {

// A kernel on the host: the threads of a block take turns between barriers.
template <class Row>
void for_each_row(index_t rows, int threads, const Row& row) {
  std::vector<double> sums(static_cast<std::size_t>(threads));
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < threads; ++thread) phase(thread);
  };
  for (index_t t = 0; t < rows; ++t) {
    if constexpr (requires { row.part(t, 0, 1); }) {
      each([&](int thread) { sums[static_cast<std::size_t>(thread)] = row.part(t, thread, threads); });
      for (int left = threads / 2; left > 0; left /= 2)
        each([&](int thread) { detail::add_halves(left, thread, sums.data()); });
      each([&](int thread) { row.visit(t, thread, threads, sums.front()); });
    } else {
      each([&](int thread) { row.visit(t, thread, threads); });
    }
  }
}

}  // namespace

// The CPU's verbs are held to oracles and derivatives in pointwise.test.cpp; rows are held to them.
TEMPLATE_TEST_CASE("rows of threads compute what the CPU does", "[backend][pointwise]", float, double) {
  using T = TestType;
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const index_t n = 5, d = GENERATE(1, 7, 64, 137);
  const int threads = GENERATE(1, 8, 32);
  CAPTURE(sizeof(T), d, threads);
  const auto x = test::gaussian<T>(n, d, "x"), gain = test::gaussian<T>(1, d, "gain"), dy = test::gaussian<T>(n, d, "dy");
  const auto before = test::gaussian<T>(n, d, "before");
  test::strided<T> sx(x), sy(n, d), sdy(dy);
  const matrix_view<const T> rx = sx.view(), rdy = sdy.view();
  const double bound = test::rounding_bound<T>(8, 20);

  matrix<T> y(n, d);
  std::vector<T> rstd(static_cast<std::size_t>(n)), again(rstd);
  B::rms_norm(cx, x, gain.flat(), T(1e-5), y.view(), vector_view<T>(rstd));
  for_each_row(n, threads, detail::rms_norm_row<T>{d, static_cast<double>(T(1e-5)), rx, gain.data(), sy.view(), again.data()});
  CHECK(test::largest_difference(sy.packed(), test::widened(y)) <= bound);
  for (std::size_t t = 0; t < rstd.size(); ++t) CHECK(again[t] == Approx(rstd[t]).epsilon(test::rounding_bound<T>(1, 1)));
  CHECK(sy.padding_untouched());

  const layout sequences{n};
  matrix<T> dx = before.clone(), dgain(1, d);
  test::strided<T> sdx(before);
  B::rms_norm_adjoint(cx, x, gain.flat(), rstd, dy, sequences, dx.view(), dgain.view());
  for_each_row(n, threads, detail::rms_norm_adjoint_row<T>{d, rx, gain.data(), rstd.data(), rdy, sdx.view()});
  CHECK(test::largest_difference(sdx.packed(), test::widened(dx)) <= bound);
  CHECK(sdx.padding_untouched());

  test::strided<T> gated(n, d), dgate(before), dup(x);
  matrix<T> of_gate = before.clone(), of_up = x.clone();
  B::swiglu(cx, x, dy, y.view());
  for_each_row(n, threads, detail::swiglu_row<T>{d, rx, rdy, gated.view()});
  CHECK(test::largest_difference(gated.packed(), test::widened(y)) <= bound);
  B::swiglu_adjoint(cx, x, dy, before, of_gate.view(), of_up.view());
  for_each_row(n, threads, detail::swiglu_adjoint_row<T>{d, rx, rdy, before.view(), dgate.view(), dup.view()});
  CHECK(test::largest_difference(dgate.packed(), test::widened(of_gate)) <= bound);
  CHECK(test::largest_difference(dup.packed(), test::widened(of_up)) <= bound);
  CHECK((gated.padding_untouched() && dgate.padding_untouched() && dup.padding_untouched()));
}

TEST_CASE("pairs of a row are turned once each", "[backend][pointwise]") {
  using T = double;
  const index_t rows = 3, half = 5, heads = 2, cols = 2 * half * heads;
  const auto x = test::gaussian<T>(rows, cols, "x"), angles = test::gaussian<T>(4, half, "angles");
  matrix<T> cosine(4, half), sine(4, half), y(rows, cols), expected(rows, cols);
  for (index_t i = 0; i < angles.size(); ++i)
    cosine.data()[i] = std::cos(angles.data()[i]), sine.data()[i] = std::sin(angles.data()[i]);
  const std::vector<std::int32_t> positions{2, 0, 3};
  context<cpu_backend<>> cx({.threads = 1});
  cpu_backend<>::rope<T>(cx, op::none, 2 * half, positions, cosine, sine, x, expected.view());
  using pair = detail::rope_pair<T>;
  const matrix_view<const T> c = cosine.view(), s = sine.view();
  for_each_row(rows, 4, detail::pairs_of_row<pair>{cols / 2, pair{T(1), half, positions.data(), c, s, x.view(), y.view()}});
  CHECK(test::largest_difference(y, expected) <= test::rounding_bound<T>(2, 5));
}
