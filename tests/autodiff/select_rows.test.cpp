#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/select_rows.hpp>

using namespace prismatic;

namespace {
auto indices(std::vector<token_id> rows) { return std::make_shared<const std::vector<token_id>>(std::move(rows)); }
}  // namespace

TEMPLATE_LIST_TEST_CASE("select_rows' gradient is right", "[autodiff][select_rows]", test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  const layout sequences{3, 2, 1};
  parameter_set<double> parameters;
  const auto x = test::add_gaussian(parameters, "x", 6, 4);
  CHECK(test::gradient_error(cx, parameters, 3, [&](auto& t) {
          return test::probe(t, select_rows(t, test::leaf(t, parameters, x, sequences), indices({1, 2, 5}),
                                            std::make_shared<layout>(layout{2, 0, 1})));
        }) <= test::allowed);
}

TEST_CASE("select_rows takes the rows it is told, with their new layout", "[autodiff][select_rows]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto x = test::gaussian<double>(4, 3, "x");
  no_sink sink;
  tape<B, double, no_sink> t(cx, sink);
  const variable in = t.constant(x.view(), std::make_shared<layout>(layout{2, 2}));
  const variable y = select_rows(t, in, indices({1, 3, 2}), std::make_shared<layout>(layout{1, 2}));
  CHECK(t.sequences(y) == layout{1, 2});
  for (index_t j = 0; j < 3; ++j) {
    CHECK(t.value(y)(0, j) == x(1, j));
    CHECK(t.value(y)(1, j) == x(3, j));
    CHECK(t.value(y)(2, j) == x(2, j));
  }
  CHECK_THROWS_AS(select_rows(t, in, indices({1}), std::make_shared<layout>(layout{1, 1})), shape_error);
  CHECK_THROWS_AS(select_rows(t, in, indices({1}), std::make_shared<layout>(layout{1})), shape_error);
  CHECK_THROWS_AS(select_rows(t, in, indices({4}), std::make_shared<layout>(layout{1, 0})), option_error);
  CHECK_THROWS_AS(select_rows(t, in, indices({-1}), std::make_shared<layout>(layout{1, 0})), option_error);
}
