#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/cross_entropy.hpp>

#include <cmath>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("cross_entropy's gradient is right, rows of weight zero included", "[autodiff][cross_entropy]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const layout sequences{2, 0, 3};
  const std::vector<token_id> targets{0, 6, 3, 3, 1};
  const std::vector<double> weights{0.5, 0.25, 0.0, 2.0, 1.0};
  parameter_set<double> parameters;
  const auto z = test::add_gaussian(parameters, "z", 5, 7);
  CHECK(test::gradient_error(cx, parameters, 3, [&](auto& t) {
          return cross_entropy(t, test::leaf(t, parameters, z, sequences), targets, weights);
        }) <= test::allowed);
}

TEST_CASE("cross_entropy of level logits is the log of their number", "[autodiff][cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<double> parameters;
  const auto z = parameters.add("z", 2, 8);
  for (index_t j = 0; j < 8; ++j) parameters.value(z)(1, j) = 1e4;
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const std::vector<double> weights{1.0, 0.5};
  const variable losses =
      cross_entropy(t, test::leaf(t, parameters, z, layout{2}), std::vector<token_id>{3, 0}, weights);
  CHECK(t.value(losses)(0, 0) == Approx(std::log(8.0)));
  CHECK(t.value(losses)(1, 0) == Approx(0.5 * std::log(8.0)));
}

TEST_CASE("cross_entropy refuses wrong counts, targets and logits it cannot use up", "[autodiff][cross_entropy]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<double> parameters;
  const auto z = parameters.add("z", 2, 4);
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const std::vector<double> weights(2, 1.0), three(3, 1.0);
  const variable logits = test::leaf(t, parameters, z, layout{2});
  const auto loss = [&](std::vector<token_id> targets, const std::vector<double>& w) {
    return cross_entropy(t, logits, targets, w);
  };
  CHECK_THROWS_AS(loss({0}, weights), shape_error);
  CHECK_THROWS_AS(loss({0, 1}, three), shape_error);
  CHECK_THROWS_AS(loss({0, 4}, weights), option_error);
  CHECK_THROWS_WITH(loss({0, -1}, weights), "cross_entropy: found target -1, expected 0 to 3");
  const variable constant = t.constant(parameters.value(z), std::make_shared<layout>(layout{2}));
  CHECK_THROWS_AS(cross_entropy(t, constant, std::vector<token_id>{0, 1}, weights), shape_error);
}
