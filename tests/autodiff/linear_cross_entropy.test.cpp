#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/linear.hpp>
#include <prismatic/autodiff/linear_cross_entropy.hpp>

using namespace prismatic;

namespace {

const std::vector<token_id> targets{0, 6, 3, 3, 1, 5, 2};
const std::vector<double> weights{0.5, 0.25, 0.0, 2.0, 1.0, 0.3, 1.5};
const layout sequences{2, 0, 4, 1};

parameter_set<double> both() {
  parameter_set<double> parameters;
  test::add_gaussian(parameters, "x", 7, 4);
  test::add_gaussian(parameters, "W", 7, 4);
  return parameters;
}

template <class Tape>
variable fused(Tape& t, const parameter_set<double>& parameters) {
  return linear_cross_entropy(t, test::leaf(t, parameters, {0}, sequences), parameters[{1}], targets, weights);
}

// Memory for that many rows of logits at a time.
constexpr index_t memory_for(index_t rows) { return 2 * rows * 7 * index_t{sizeof(double)}; }

}  // namespace

TEMPLATE_LIST_TEST_CASE("linear_cross_entropy's gradient is right in any number of groups", "[autodiff][linear_cross_entropy]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2, .activation_bytes = memory_for(GENERATE(0, 1, 2, 3, 7, 100))});
  auto parameters = both();
  CHECK(test::gradient_error(cx, parameters, 4, [&](auto& t) { return fused(t, parameters); }) <= test::allowed);
}

TEST_CASE("linear_cross_entropy equals the two operations it stands for", "[autodiff][linear_cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto parameters = both();
  test::recording_sink<double> one(parameters.infos(), 4), two(parameters.infos(), 4);
  tape<B, double, test::recording_sink<double>> a(cx, one), b(cx, two);
  const variable found = fused(a, parameters);
  const variable expected =
      cross_entropy(b, linear(b, test::leaf(b, parameters, {0}, sequences), parameters[{1}]), targets, weights);
  for (index_t i = 0; i < 7; ++i) CHECK(a.value(found)(i, 0) == b.value(expected)(i, 0));
  a.backward(found);
  b.backward(expected);
  for (index_t s = 0; s < 4; ++s)
    for (index_t p = 0; p < 2; ++p) CHECK(test::identical(one.of(s, {p}), two.of(s, {p})));
}

TEST_CASE("linear_cross_entropy emits its weight once a group, and only if wanted", "[autodiff][linear_cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1, .activation_bytes = memory_for(3)});  // 7 rows: groups of 3, 3 and 1
  const auto parameters = both();
  test::recording_sink<double> sink(parameters.infos(), 4);
  sink.wanted[1] = GENERATE(true, false);
  tape<B, double, test::recording_sink<double>> t(cx, sink);
  t.backward(fused(t, parameters));
  CHECK(sink.calls == std::vector<int>{1, sink.wanted[1] ? 3 : 0});
}

TEST_CASE("linear_cross_entropy refuses wrong sizes and targets", "[autodiff][linear_cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<double> parameters = both();
  const auto narrow = parameters.add("narrow", 7, 3);
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const variable x = test::leaf(t, parameters, {0}, sequences);
  const auto loss = [&](parameter_id w, std::vector<token_id> to, std::vector<double> by) {
    return linear_cross_entropy(t, x, parameters[w], to, by);
  };
  auto beyond = targets;
  beyond[2] = 7;
  CHECK_THROWS_AS(loss(narrow, targets, weights), shape_error);
  CHECK_THROWS_AS(loss({1}, {0, 1}, weights), shape_error);
  CHECK_THROWS_AS(loss({1}, targets, {1.0}), shape_error);
  CHECK_THROWS_WITH(loss({1}, beyond, weights), "linear_cross_entropy: found target 7, expected 0 to 6");
}
