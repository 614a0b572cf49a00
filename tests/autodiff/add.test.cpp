#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/add.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("add's gradients are right, for one value twice too", "[autodiff][add]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const layout sequences{2, 3};
  parameter_set<double> parameters;
  const auto a = test::add_gaussian(parameters, "a", 5, 4), b = test::add_gaussian(parameters, "b", 5, 4);
  const auto in = [&](auto& t, parameter_id p) { return test::leaf(t, parameters, p, sequences); };
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          return test::probe(t, add(t, in(t, a), in(t, b)));
        }) <= test::allowed);
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          const variable x = in(t, a);
          return test::probe(t, add(t, x, x));
        }) <= test::allowed);
  // Both summands have had gradient from elsewhere when the sum's arrives.
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          const variable x = in(t, a), y = in(t, b), sum = add(t, x, y);
          return test::probe(t, add(t, add(t, x, sum), add(t, sum, y)));
        }) <= test::allowed);
}

TEST_CASE("add gives a gradient to the summand that needs one", "[autodiff][add]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<double> parameters;
  const auto a = test::add_gaussian(parameters, "a", 3, 2);
  const auto c = test::gaussian<double>(3, 2, "c");
  const auto sequences = std::make_shared<layout>(layout{3});
  const bool first = GENERATE(false, true);
  CHECK(test::gradient_error(cx, parameters, 1, [&](auto& t) {
          const variable x = test::leaf(t, parameters, a, *sequences), k = t.constant(c.view(), sequences);
          return test::probe(t, first ? add(t, x, k) : add(t, k, x));
        }) <= test::allowed);
}

TEST_CASE("add refuses two shapes", "[autodiff][add]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const matrix<float> a(2, 3), wide(2, 4), tall(3, 3);
  no_sink sink;
  tape<B, float, no_sink> t(cx, sink);
  const auto in = [&](const matrix<float>& m) { return t.constant(m.view(), std::make_shared<layout>(layout{m.rows()})); };
  CHECK_THROWS_WITH(add(t, in(a), in(wide)), "add: cols: found 4, expected 3");
  CHECK_THROWS_AS(add(t, in(a), in(tall)), shape_error);
}
