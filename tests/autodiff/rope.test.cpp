#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/rope.hpp>

#include <cmath>

using namespace prismatic;

namespace {

struct tables {
  matrix<double> cosine, sine;
  tables(index_t positions, index_t half) : cosine(positions, half), sine(positions, half) {
    for (index_t p = 0; p < positions; ++p)
      for (index_t i = 0; i < half; ++i) {
        cosine(p, i) = std::cos(double(p) / double(i + 1));
        sine(p, i) = std::sin(double(p) / double(i + 1));
      }
  }
  [[nodiscard]] rope_tables<double, memory::host> view() const { return {cosine.view(), sine.view()}; }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("rope's gradient is right", "[autodiff][rope]", test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t heads = GENERATE(1, 3), head_dim = GENERATE(2, 6);
  CAPTURE(B::name, heads, head_dim);
  const layout sequences{2, 3};
  const tables angles(9, head_dim / 2);
  const auto positions = std::make_shared<const std::vector<std::int32_t>>(std::vector<std::int32_t>{0, 1, 0, 8, 3});
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 5, heads * head_dim);
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          return test::probe(t, rope(t, test::leaf(t, parameters, x, sequences), head_dim, positions, angles.view()));
        }) <= test::allowed);
}

TEST_CASE("rope turns pairs half a head apart by the angle of their position", "[autodiff][rope]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const tables angles(3, 2);
  const matrix<double> x = test::gaussian<double>(1, 4, "x");
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const variable in = t.constant(x.view(), std::make_shared<layout>(layout{1}));
  const variable y =
      rope(t, in, 4, std::make_shared<const std::vector<std::int32_t>>(1, 2), angles.view());
  CHECK(t.value(y)(0, 0) == Approx(x(0, 0) * std::cos(2.0) - x(0, 2) * std::sin(2.0)));
  CHECK(t.value(y)(0, 2) == Approx(x(0, 2) * std::cos(2.0) + x(0, 0) * std::sin(2.0)));
  CHECK(t.value(y)(0, 1) == Approx(x(0, 1) * std::cos(1.0) - x(0, 3) * std::sin(1.0)));
  CHECK(t.value(y)(0, 3) == Approx(x(0, 3) * std::cos(1.0) + x(0, 1) * std::sin(1.0)));
}

TEST_CASE("rope refuses positions and tables that do not fit", "[autodiff][rope]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const tables angles(3, 2);
  const matrix<double> x(2, 8), odd(2, 6);
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const auto sequences = std::make_shared<layout>(layout{2});
  const auto at = [](std::vector<std::int32_t> p) { return std::make_shared<const std::vector<std::int32_t>>(p); };
  const variable in = t.constant(x.view(), sequences), uneven = t.constant(odd.view(), sequences);
  CHECK_THROWS_AS(rope(t, in, 4, at({0}), angles.view()), shape_error);
  CHECK_THROWS_AS(rope(t, in, 8, at({0, 1}), angles.view()), shape_error);
  CHECK_THROWS_AS(rope(t, in, 4, at({0, 3}), angles.view()), option_error);
  CHECK_THROWS_AS(rope(t, in, 4, at({0, -1}), angles.view()), option_error);
  CHECK_THROWS_AS(rope(t, uneven, 4, at({0, 1}), angles.view()), shape_error);
}
