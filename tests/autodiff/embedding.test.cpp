#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/embedding.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("embedding picks rows, and repeated ids add up", "[autodiff][embedding]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2});
  const auto sequences = std::make_shared<layout>(layout{4, 0, 3});
  const std::vector<token_id> ids{2, 0, 2, 2, 4, 2, 4};
  parameter_set<double> parameters;
  const auto table = test::add_gaussian(parameters, "table", 5, 3);
  {
    no_sink none;
    tape<B, double, no_sink> t(cx, none);
    const variable y = embedding(t, ids, parameters[table], sequences);
    REQUIRE(t.value(y).rows() == 7);
    for (index_t i = 0; i < 7; ++i)
      for (index_t j = 0; j < 3; ++j)
        CHECK(t.value(y)(i, j) == parameters.value(table)(ids[static_cast<std::size_t>(i)], j));
  }
  CHECK(test::gradient_error(cx, parameters, 3, [&](auto& t) {
          return test::probe(t, embedding(t, ids, parameters[table], sequences));
        }) <= test::allowed);
}

TEST_CASE("embedding refuses ids outside the table and a wrong count", "[autodiff][embedding]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  parameter_set<float> parameters;
  const auto table = parameters.add("table", 5, 3);
  no_sink sink;
  tape<B, float, no_sink> t(cx, sink);
  const auto two = std::make_shared<layout>(layout{2});
  const auto embed = [&](std::vector<token_id> ids) { return embedding(t, ids, parameters[table], two); };
  CHECK_THROWS_AS(embed({0, 5}), option_error);
  CHECK_THROWS_WITH(embed({0, 5}), "embedding: found token id 5, expected 0 to 4");
  CHECK_THROWS_AS(embed({-1, 0}), option_error);
  CHECK_THROWS_AS(embed({0, 1, 2}), shape_error);
}
