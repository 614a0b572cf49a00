#include "autodiff/gradient_check.hpp"
#include "oracle/dense.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/linear.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("linear is X W' + b", "[autodiff][linear]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const layout sequences{4, 0, 7};
  parameter_set<T> parameters;
  const auto w = test::add_gaussian(parameters, "w", 5, 13), b = test::add_gaussian(parameters, "b", 1, 5);
  const matrix<T> x = test::gaussian<T>(11, 13, "x");
  no_sink sink;
  tape<B, T, no_sink> t(cx, sink);
  const variable in = t.constant(x.view(), std::make_shared<layout>(sequences));
  const matrix<double> product =
      test::oracle::gemm(op::none, op::transpose, 1, test::widened(x), test::widened<T>(parameters.value(w)), 0,
                         matrix<double>(11, 5));
  matrix<double> shifted = product.clone();
  for (index_t i = 0; i < 11; ++i)
    for (index_t j = 0; j < 5; ++j) shifted(i, j) += static_cast<double>(parameters.value(b)(0, j));
  const double bound = test::rounding_bound<T>(14, 16);
  CHECK(test::largest_difference(t.value(linear(t, in, parameters[w])), product.view()) <= bound);
  CHECK(test::largest_difference(t.value(linear(t, in, parameters[w], parameters[b])), shifted.view()) <= bound);
}

TEMPLATE_LIST_TEST_CASE("linear's gradients are right", "[autodiff][linear]", test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const bool with_bias = GENERATE(false, true);
  CAPTURE(B::name, with_bias);
  const layout sequences{3, 0, 1, 2};
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 6, 5), w = test::add_gaussian(parameters, "w", 3, 5);
  const auto b = test::add_gaussian(parameters, "b", 1, 3);
  CHECK(test::gradient_error(cx, parameters, 4, [&](auto& t) {
          const variable in = test::leaf(t, parameters, x, sequences);
          return test::probe(t, with_bias ? linear(t, in, parameters[w], parameters[b]) : linear(t, in, parameters[w]));
        }) <= test::allowed);
}

TEST_CASE("linear refuses widths that do not fit", "[autodiff][linear]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<float> parameters;
  const auto w = parameters.add("w", 3, 5), b = parameters.add("b", 1, 4);
  const matrix<float> x(2, 6), y(2, 5);
  no_sink sink;
  tape<B, float, no_sink> t(cx, sink);
  const auto sequences = std::make_shared<layout>(layout{2});
  const variable wrong = t.constant(x.view(), sequences), right = t.constant(y.view(), sequences);
  CHECK_THROWS_AS(linear(t, wrong, parameters[w]), shape_error);
  CHECK_THROWS_WITH(linear(t, wrong, parameters[w]), "linear: input width: found 6, expected 5");
  CHECK_THROWS_AS(linear(t, right, parameters[w], parameters[b]), shape_error);
}
