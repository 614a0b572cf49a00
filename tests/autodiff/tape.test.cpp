#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/add.hpp>
#include <prismatic/autodiff/linear.hpp>
#include <prismatic/autodiff/swiglu.hpp>
#include <prismatic/autodiff/tape.hpp>

#include <cmath>

using namespace prismatic;

namespace {

using B = cpu_backend<>;
using recording = test::recording_sink<double>;

// Y = sin(X), with a count of how often its adjoint ran.
template <class Tape>
variable sine(Tape& t, variable x, std::shared_ptr<int> runs = std::make_shared<int>()) {
  const variable y = t.result(t.value(x).cols(), {x});
  for (index_t i = 0; i < t.value(x).rows(); ++i)
    for (index_t j = 0; j < t.value(x).cols(); ++j) t.fill(y)(i, j) = std::sin(t.value(x)(i, j));
  t.on_backward(y, [=](auto& tape) {
    ++*runs;
    const auto dx = tape.gradient(x);
    for (index_t i = 0; i < dx.rows(); ++i)
      for (index_t j = 0; j < dx.cols(); ++j) dx(i, j) += tape.gradient(y)(i, j) * std::cos(tape.value(x)(i, j));
  });
  return y;
}

struct two_layers {
  parameter_set<double> parameters;
  parameter_id x = test::add_gaussian(parameters, "x", 5, 4), first = test::add_gaussian(parameters, "first", 3, 4),
               second = test::add_gaussian(parameters, "second", 2, 3);
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("an operation of the user's own has its place in the chain", "[autodiff][tape]",
                        test::built_in_double) {
  using Backend = typename TestType::backend;
  context<Backend> cx({.threads = 2});
  two_layers m;
  CHECK(test::gradient_error(cx, m.parameters, 2, [&](auto& t) {
          const variable x = test::leaf(t, m.parameters, m.x, layout{2, 3});
          return test::probe(t, linear(t, sine(t, linear(t, x, m.parameters[m.first])), m.parameters[m.second]));
        }) <= test::allowed);
}

TEMPLATE_LIST_TEST_CASE("a value with several consumers sums their gradients", "[autodiff][tape]",
                        test::built_in_double) {
  using Backend = typename TestType::backend;
  context<Backend> cx({.threads = 2});
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 5, 3), w = test::add_gaussian(parameters, "w", 3, 3);
  CHECK(test::gradient_error(cx, parameters, 2, [&](auto& t) {
          const variable in = test::leaf(t, parameters, x, layout{2, 3});
          const variable a = linear(t, in, parameters[w]), b = swiglu(t, in, a), c = linear(t, a, parameters[w]);
          return test::probe(t, add(t, add(t, b, in), add(t, c, sine(t, a))));
        }) <= test::allowed);
}

TEST_CASE("the sweep visits each node once, however many paths lead to it", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 1, 1);
  recording sink(parameters.infos());
  tape<B, double, recording> t(cx, sink);
  const auto runs = std::make_shared<int>();
  variable y = sine(t, test::leaf(t, parameters, x, layout{1}), runs);
  for (int i = 0; i < 50; ++i) y = add(t, y, y);  // 2^50 paths
  t.backward(y);
  CHECK(*runs == 1);
  CHECK(sink.calls[0] == 1);
  CHECK(sink.of(0, x)(0, 0) == Approx(std::ldexp(std::cos(parameters.value(x)(0, 0)), 50)));
}

TEST_CASE("the sweep stops where nothing below is wanted", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  two_layers m;
  const auto below = std::make_shared<int>(), above = std::make_shared<int>();
  const auto sweep = [&](recording& sink) {
    tape<B, double, recording> t(cx, sink);
    const variable h = sine(t, linear(t, test::leaf(t, m.parameters, m.x, layout{5}), m.parameters[m.first]), below);
    const variable y = sine(t, linear(t, h, m.parameters[m.second]), above);
    t.backward(y);
  };
  recording all(m.parameters.infos()), last(m.parameters.infos()), none(m.parameters.infos());
  last.wanted = {false, false, true};
  none.wanted = {false, false, false};
  sweep(all);
  CHECK(all.calls == std::vector<int>{1, 1, 1});
  CHECK((*below == 1 && *above == 1));
  sweep(last);
  CHECK(last.calls == std::vector<int>{0, 0, 1});
  CHECK((*below == 1 && *above == 2));
  CHECK(test::largest_difference(last.of(0, m.second), all.of(0, m.second)) == 0.0);
  sweep(none);
  CHECK(none.calls == std::vector<int>{0, 0, 0});
  CHECK((*below == 1 && *above == 2));
}

TEST_CASE("constants get no gradient and nodes off the root's path hear nothing", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  two_layers m;
  recording sink(m.parameters.infos());
  tape<B, double, recording> t(cx, sink);
  const auto values = test::gaussian<double>(5, 4, "values");
  const variable x = t.constant(values.view(), std::make_shared<layout>(layout{5}));
  CHECK_FALSE(t.needs_gradient(x));
  const auto off = std::make_shared<int>();
  const variable h = linear(t, x, m.parameters[m.first]);
  sine(t, h, off);
  const variable root = linear(t, h, m.parameters[m.second]);
  sine(t, root, off);
  t.backward(root);
  CHECK(*off == 0);
  CHECK(sink.calls == std::vector<int>{0, 1, 1});
}

TEST_CASE("a forward pass without a sink frees what keep_only leaves out", "[autodiff][tape]") {
  two_layers m;
  const index_t rows = 1000, bytes = rows * 64 * index_t{sizeof(double)};
  const auto x = test::gaussian<double>(rows, 64, "x");
  const auto held_after = [&](auto sink) {
    context<B> cx({.threads = 1});
    tape<B, double, decltype(sink)> t(cx, sink);
    variable y = t.constant(x.view(), std::make_shared<layout>(layout{rows}));
    for (int i = 0; i < 30; ++i) {
      y = sine(t, y);
      t.keep_only(y);
    }
    CHECK(std::isfinite(t.value(y)(0, 0)));
    return cx.scratch().held_bytes();
  };
  CHECK(held_after(no_sink{}) <= 3 * bytes);
  CHECK(held_after(recording(m.parameters.infos())) >= 30 * bytes);
}

TEST_CASE("keep_only leaves constants readable", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  const auto x = test::gaussian<double>(2, 2, "x");
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const variable constant = t.constant(x.view(), std::make_shared<layout>(layout{2}));
  t.keep_only(sine(t, constant));
  CHECK(t.value(constant).data() == x.data());
}

TEST_CASE("a second tape lives in the scratch of the first", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  two_layers m;
  recording sink(m.parameters.infos());
  const auto pass = [&] {
    tape<B, double, recording> t(cx, sink);
    const variable x = test::leaf(t, m.parameters, m.x, layout{5});
    t.backward(linear(t, sine(t, linear(t, x, m.parameters[m.first])), m.parameters[m.second]));
    return cx.scratch().held_bytes();
  };
  const index_t first = pass();
  for (int i = 0; i < 5; ++i) CHECK(pass() == first);
}

TEST_CASE("a sink's exception ends the sweep and leaves the context usable", "[autodiff][tape]") {
  struct refusing : recording {
    using recording::recording;
    void outer(parameter_id, matrix_view<const double>, matrix_view<const double>, const layout&) {
      throw numeric_error("enough");
    }
  };
  context<B> cx({.threads = 2});
  two_layers m;
  refusing sink(m.parameters.infos());
  {
    tape<B, double, refusing> t(cx, sink);
    const variable y = linear(t, test::leaf(t, m.parameters, m.x, layout{5}), m.parameters[m.first]);
    CHECK_THROWS_AS(t.backward(y), numeric_error);
  }
  CHECK(test::gradient_error(cx, m.parameters, 1, [&](auto& t) {
          return test::probe(t, linear(t, test::leaf(t, m.parameters, m.x, layout{5}), m.parameters[m.first]));
        }) <= test::allowed);
}

TEST_CASE("a constant must have its layout's rows", "[autodiff][tape]") {
  context<B> cx({.threads = 1});
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const matrix<double> x(3, 2);
  CHECK_THROWS_AS(t.constant(x.view(), std::make_shared<layout>(layout{2})), shape_error);
}
