#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/swiglu.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("swiglu's gradients are right", "[autodiff][swiglu]", test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const bool same = GENERATE(false, true);
  CAPTURE(B::name, same);
  const layout sequences{2, 0, 3};
  parameter_set<double> parameters;
  const auto gate = test::add_gaussian(parameters, "gate", 5, 7);
  const auto up = same ? gate : test::add_gaussian(parameters, "up", 5, 7);
  CHECK(test::gradient_error(cx, parameters, 3, [&](auto& t) {
          const variable g = test::leaf(t, parameters, gate, sequences);
          return test::probe(t, swiglu(t, g, same ? g : test::leaf(t, parameters, up, sequences)));
        }) <= test::allowed);
}

TEST_CASE("swiglu is silu(gate) times up, and refuses two shapes", "[autodiff][swiglu]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<double> gate(1, 2), up(1, 2);
  gate(0, 0) = 0, gate(0, 1) = 2;
  up(0, 0) = 5, up(0, 1) = 3;
  const matrix<double> wide(1, 3), tall(2, 2);
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const auto one = std::make_shared<layout>(layout{1});
  const variable g = t.constant(gate.view(), one);
  const variable y = swiglu(t, g, t.constant(up.view(), one));
  CHECK(t.value(y)(0, 0) == 0.0);
  CHECK(t.value(y)(0, 1) == Approx(6 / (1 + std::exp(-2.0))));
  CHECK_THROWS_AS(swiglu(t, g, t.constant(wide.view(), one)), shape_error);
  CHECK_THROWS_AS(swiglu(t, g, t.constant(tall.view(), std::make_shared<layout>(layout{2}))), shape_error);
}
