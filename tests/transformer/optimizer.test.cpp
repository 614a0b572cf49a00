#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <prismatic/autodiff/accumulate.hpp>
#include <prismatic/transformer/optimizer.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// Algorithm 2 of the paper for one scalar, in double.
struct naive_adamw {
  adamw_options o;
  double first = 0, second = 0;
  double step(double parameter, double gradient, double rate, double decay, int k) {
    first = o.beta1 * first + (1 - o.beta1) * gradient;
    second = o.beta2 * second + (1 - o.beta2) * gradient * gradient;
    const double corrected1 = first / (1 - std::pow(o.beta1, k)), corrected2 = second / (1 - std::pow(o.beta2, k));
    return parameter - rate * (corrected1 / (std::sqrt(corrected2) + o.epsilon) + decay * parameter);
  }
};

template <class T>
struct gradients {
  std::vector<matrix<T>> values;
  matrix_view<const T> gradient(parameter_id p) { return values[static_cast<std::size_t>(p.index)].view(); }
};

}  // namespace

TEST_CASE("the learning rate warms up in a line and falls in half a cosine", "[transformer][optimizer]") {
  const learning_rate_schedule s{.peak = 2, .floor = 0.5, .warmup_steps = 4, .steps = 12};
  CHECK(learning_rate(s, 1) == Approx(0.5));
  CHECK(learning_rate(s, 2) == Approx(1.0));
  CHECK(learning_rate(s, 4) == 2.0);
  CHECK(learning_rate(s, 6) == Approx(0.5 + 1.5 * 0.5 * (1 + std::sqrt(0.5))));
  CHECK(learning_rate(s, 8) == Approx(1.25));
  CHECK(learning_rate(s, 12) == Approx(0.5));
  CHECK(learning_rate(s, 13) == Approx(0.5));
  for (index_t k = 5; k <= 12; ++k) CHECK(learning_rate(s, k) < learning_rate(s, k - 1));
}

TEST_CASE("a schedule without warm-up, or of warm-up only, has no gap", "[transformer][optimizer]") {
  const learning_rate_schedule cosine{.peak = 1, .floor = 0, .warmup_steps = 0, .steps = 10};
  CHECK(learning_rate(cosine, 1) == Approx(0.5 * (1 + std::cos(0.1 * 3.141592653589793))));
  CHECK(learning_rate(cosine, 10) == Approx(0.0).margin(1e-15));
  const learning_rate_schedule line{.peak = 1, .floor = 0, .warmup_steps = 10, .steps = 10};
  for (index_t k = 1; k <= 10; ++k) CHECK(learning_rate(line, k) == Approx(0.1 * static_cast<double>(k)));
  CHECK(learning_rate({.peak = 3, .floor = 3, .warmup_steps = 0, .steps = 5}, 2) == 3.0);
}

TEMPLATE_LIST_TEST_CASE("AdamW agrees with the paper's algorithm; one-row parameters are not decayed",
                        "[transformer][optimizer]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  parameter_set<T> parameters;
  const auto weight = parameters.add("weight", 3, 5), bias = parameters.add("bias", 1, 5);
  const adamw_options options{.weight_decay = 0.3, .clip_norm = 0};
  adamw_optimizer<B, T> optimizer(cx, parameters, options);
  std::vector<naive_adamw> naive(20, naive_adamw{options});
  std::vector<double> expected(20, 0.0);
  for (index_t i = 0; i < 15; ++i) parameters.value(weight).data()[i] = T(expected[static_cast<std::size_t>(i)] = 1);

  for (int k = 1; k <= 20; ++k) {
    gradients<T> g;
    g.values.push_back(test::gaussian<T>(3, 5, "weight", static_cast<std::uint64_t>(k)));
    g.values.push_back(test::gaussian<T>(1, 5, "bias", static_cast<std::uint64_t>(k)));
    const double rate = 0.1 / k;
    optimizer.step(g, rate);
    for (std::size_t i = 0; i < 20; ++i)
      expected[i] = naive[i].step(expected[i], double(i < 15 ? g.values[0].data()[i] : g.values[1].data()[i - 15]), rate,
                                  i < 15 ? 0.3 : 0.0, k);
  }
  CHECK(optimizer.steps() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    const T found = i < 15 ? parameters.value(weight).data()[i] : parameters.value(bias).data()[i - 15];
    CHECK(std::abs(double(found) - expected[i]) <= test::rounding_bound<T>(20 * 20, 1));
  }
}

TEMPLATE_LIST_TEST_CASE("a long gradient is clipped to the norm of the whole, a short one is left alone",
                        "[transformer][optimizer]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  // Adam is blind to a constant factor; epsilon of the gradient's size makes clipping visible.
  const auto step_with = [&](double clip_norm, T factor) {
    parameter_set<T> parameters;
    parameters.add("a", 2, 2);
    parameters.add("b", 1, 1);
    adamw_optimizer<B, T> optimizer(cx, parameters, {.epsilon = 1, .weight_decay = 0, .clip_norm = clip_norm});
    gradients<T> g;
    g.values.emplace_back(2, 2);
    g.values.emplace_back(1, 1);
    g.values[0](0, 0) = 2 * factor, g.values[0](1, 1) = -4 * factor, g.values[1](0, 0) = 4 * factor;
    CHECK(optimizer.step(g, 1) == Approx(6 * double(factor)));
    return std::vector<T>{parameters.value({0})(0, 0), parameters.value({0})(1, 1), parameters.value({1})(0, 0)};
  };
  const auto expected = [](double g) { return -g / (std::abs(g) + 1); };
  const auto unclipped = step_with(0, T(1)), within = step_with(7, T(1)), clipped = step_with(3, T(1));
  const double bound = test::rounding_bound<T>(3, 1);
  CHECK(std::abs(double(unclipped[0]) - expected(2)) <= bound);
  CHECK(std::abs(double(unclipped[1]) - expected(-4)) <= bound);
  CHECK(within == unclipped);
  CHECK(std::abs(double(clipped[0]) - expected(1)) <= bound);
  CHECK(std::abs(double(clipped[1]) - expected(-2)) <= bound);
  CHECK(std::abs(double(clipped[2]) - expected(2)) <= bound);
}

TEMPLATE_LIST_TEST_CASE("a gradient that is not finite is refused and changes nothing", "[transformer][optimizer]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  parameter_set<T> parameters;
  const auto w = parameters.add("w", 2, 2);
  parameters.value(w)(0, 0) = 1;
  adamw_optimizer<B, T> optimizer(cx, parameters);
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
    gradients<T> g;
    g.values.emplace_back(2, 2);
    g.values[0](1, 0) = bad;
    CHECK_THROWS_AS(optimizer.step(g, 1), numeric_error);
  }
  CHECK(optimizer.steps() == 0);
  CHECK(parameters.value(w)(0, 0) == T(1));
}

TEST_CASE("AdamW refuses options out of range", "[transformer][optimizer]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<float> parameters;
  const auto made = [&](adamw_options o) { return adamw_optimizer<B, float>(cx, parameters, o); };
  CHECK_NOTHROW(made({}));
  CHECK_THROWS_AS(made({.beta1 = 1}), option_error);
  CHECK_THROWS_AS(made({.beta2 = -0.1}), option_error);
  CHECK_THROWS_AS(made({.epsilon = 0}), option_error);
  CHECK_THROWS_AS(made({.weight_decay = -1}), option_error);
  CHECK_THROWS_AS(made({.clip_norm = -1}), option_error);
}
