#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/rms_norm.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("rms_norm's gradients are right, whole rows and heads", "[autodiff][rms_norm]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const index_t heads = GENERATE(1, 3), width = GENERATE(1, 4);
  CAPTURE(B::name, heads, width);
  const layout sequences{2, 0, 3, 1};
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 6, heads * width);
  const auto gain = test::add_gaussian(parameters, "gain", 1, width);
  // A large epsilon keeps the width of one away from the sign function.
  CHECK(test::gradient_error(cx, parameters, 4, [&](auto& t) {
          return test::probe(t, rms_norm(t, test::leaf(t, parameters, x, sequences), parameters[gain], 0.5, heads));
        }) <= test::allowed);
}

TEST_CASE("rms_norm gives rows of mean square one, times the gain", "[autodiff][rms_norm]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<double> parameters;
  const auto gain = parameters.add("gain", 1, 2);
  parameters.value(gain)(0, 0) = 1;
  parameters.value(gain)(0, 1) = 10;
  matrix<double> x(1, 4);
  x(0, 0) = 3, x(0, 1) = 4, x(0, 2) = -5, x(0, 3) = 0;
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const variable y =
      rms_norm(t, t.constant(x.view(), std::make_shared<layout>(layout{1})), parameters[gain], 0.0, 2);
  const double root = std::sqrt(12.5);
  CHECK(t.value(y)(0, 0) == Approx(3 / root));
  CHECK(t.value(y)(0, 1) == Approx(40 / root));
  CHECK(t.value(y)(0, 2) == Approx(-std::sqrt(2.0)));
  CHECK(t.value(y)(0, 3) == 0.0);
}

TEST_CASE("rms_norm refuses a width its heads do not fill", "[autodiff][rms_norm]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<float> parameters;
  const auto gain = parameters.add("gain", 1, 2);
  const matrix<float> x(1, 5);
  no_sink sink;
  tape<B, float, no_sink> t(cx, sink);
  const variable in = t.constant(x.view(), std::make_shared<layout>(layout{1}));
  CHECK_THROWS_AS(rms_norm(t, in, parameters[gain], 1e-6), shape_error);
  CHECK_THROWS_AS(rms_norm(t, in, parameters[gain], 1e-6, 2), shape_error);
}
