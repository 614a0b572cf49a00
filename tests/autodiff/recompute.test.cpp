#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/linear.hpp>
#include <prismatic/autodiff/recompute.hpp>
#include <prismatic/autodiff/swiglu.hpp>

using namespace prismatic;

namespace {

// Two stretches over a leaf, each used twice by what follows: swiglu(h, h W2) with h = swiglu(x W1, x).
template <bool Again, class Tape>
variable stretches(Tape& t, const parameter_set<double>& parameters, const layout& sequences, int* passes = nullptr) {
  const variable x = test::leaf(t, parameters, {0}, sequences);
  const auto first = [&parameters, passes](auto& tape, variable in) {
    if (passes != nullptr) ++*passes;
    return swiglu(tape, linear(tape, in, parameters[{1}]), in);
  };
  const auto second = [&parameters](auto& tape, variable in) {
    return swiglu(tape, in, linear(tape, in, parameters[{2}]));
  };
  if constexpr (Again)
    return test::probe(t, recompute(t, recompute(t, x, first), second));
  else
    return test::probe(t, second(t, first(t, x)));
}

parameter_set<double> three() {
  parameter_set<double> parameters;
  test::add_gaussian(parameters, "x", 5, 4);
  test::add_gaussian(parameters, "W1", 4, 4);
  test::add_gaussian(parameters, "W2", 4, 4);
  return parameters;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a stretch computed again has the same values and gradients to the bit", "[autodiff][recompute]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2});
  const auto parameters = three();
  const layout sequences{2, 0, 3};
  test::recording_sink<double> kept(parameters.infos(), 3), again(parameters.infos(), 3);
  tape<B, double, test::recording_sink<double>> a(cx, kept), b(cx, again);
  const variable expected = stretches<false>(a, parameters, sequences), found = stretches<true>(b, parameters, sequences);
  for (index_t i = 0; i < 5; ++i) CHECK(b.value(found)(i, 0) == a.value(expected)(i, 0));
  a.backward(expected);
  b.backward(found);
  for (index_t s = 0; s < 3; ++s)
    for (index_t p = 0; p < 3; ++p) CHECK(test::identical(again.of(s, {p}), kept.of(s, {p})));
  CHECK(again.calls == kept.calls);
}

TEST_CASE("a stretch nobody wants the gradient of is not computed again", "[autodiff][recompute]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto parameters = three();
  test::recording_sink<double> sink(parameters.infos(), 1);
  sink.wanted = {false, false, true};
  tape<B, double, test::recording_sink<double>> t(cx, sink);
  int passes = 0;
  t.backward(stretches<true>(t, parameters, layout{5}, &passes));
  CHECK(passes == 1);
  CHECK(sink.calls == std::vector<int>{0, 0, 1});
}
