#include "autodiff/gradient_check.hpp"
#include "oracle/attention.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/attention.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("attention's gradients are right over ragged sequences", "[autodiff][attention]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const attention_shape shape = GENERATE(attention_shape{1, 1, 2, 0.7}, attention_shape{4, 2, 3, 0.5},
                                         attention_shape{3, 1, 1, 1.0});
  CAPTURE(B::name, shape.heads, shape.kv_heads);
  const layout sequences{1, 4, 0, 3};
  parameter_set<double> parameters;
  const auto q = test::add_gaussian(parameters, "q", 8, shape.heads * shape.head_dim);
  const auto k = test::add_gaussian(parameters, "k", 8, shape.kv_heads * shape.head_dim);
  const auto v = test::add_gaussian(parameters, "v", 8, shape.kv_heads * shape.head_dim);
  CHECK(test::gradient_error(cx, parameters, 4, [&](auto& t) {
          const auto in = [&](parameter_id p) { return test::leaf(t, parameters, p, sequences); };
          return test::probe(t, attention(t, in(q), in(k), in(v), shape));
        }) <= test::allowed);
}

TEMPLATE_LIST_TEST_CASE("one value may be query, key and value at once", "[autodiff][attention]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2});
  const layout sequences{3, 2};
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 5, 6);
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          const variable in = test::leaf(t, parameters, x, sequences);
          return test::probe(t, attention(t, in, in, in, {2, 2, 3, 0.6}));
        }) <= test::allowed);
}

TEST_CASE("attention sees its own sequence's past and nothing else", "[autodiff][attention]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const attention_shape shape{2, 1, 4, 0.5};
  const layout sequences{3, 2};
  const auto q = test::gaussian<double>(5, 8, "q"), k = test::gaussian<double>(5, 4, "k"),
             v = test::gaussian<double>(5, 4, "v");
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const auto in = [&](const matrix<double>& m) { return t.constant(m.view(), std::make_shared<layout>(sequences)); };
  const variable o = attention(t, in(q), in(k), in(v), shape);
  const auto expected = test::oracle::attention(shape, q, k, v, sequences.ranges(), sequences.ranges());
  CHECK(test::largest_difference(t.value(o), expected.o.view()) <= test::rounding_bound<double>(7, 10));
}

TEST_CASE("attention refuses shapes that do not fit", "[autodiff][attention]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const matrix<float> wide(2, 8), narrow(2, 4), longer(3, 4);
  no_sink sink;
  tape<B, float, no_sink> t(cx, sink);
  const auto two = std::make_shared<layout>(layout{2});
  const variable q = t.constant(wide.view(), two), k = t.constant(narrow.view(), two);
  const variable more = t.constant(longer.view(), std::make_shared<layout>(layout{3}));
  CHECK_NOTHROW(attention(t, q, k, k, {2, 1, 4, 1.0}));
  CHECK_THROWS_AS(attention(t, k, k, k, {2, 1, 4, 1.0}), shape_error);
  CHECK_THROWS_AS(attention(t, q, q, k, {2, 1, 4, 1.0}), shape_error);
  CHECK_THROWS_AS(attention(t, q, k, q, {2, 1, 4, 1.0}), shape_error);
  CHECK_THROWS_AS(attention(t, q, more, more, {2, 1, 4, 1.0}), shape_error);
}
