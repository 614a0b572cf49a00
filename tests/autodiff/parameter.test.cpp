#include "support/catch.hpp"

#include <prismatic/autodiff/parameter.hpp>

#include <limits>

using namespace prismatic;

TEST_CASE("parameters keep their order, names and shapes, and start at zero", "[autodiff][parameter]") {
  parameter_set<float> parameters;
  const parameter_id w = parameters.add("w", 3, 4), b = parameters.add("b", 1, 3);
  REQUIRE(parameters.size() == 2);
  CHECK(w == parameter_id{0});
  CHECK(b == parameter_id{1});
  CHECK(parameters.info(w).name == "w");
  CHECK(parameters.info(b).size() == 3);
  CHECK(parameters.scalars() == 15);
  CHECK(parameters.value(w).rows() == 3);
  CHECK(parameters.value(w).cols() == 4);
  for (index_t i = 0; i < 12; ++i) CHECK(parameters.value(w).data()[i] == 0.0f);
  CHECK(parameters[w].id == w);
  CHECK(parameters[w].value.data() == parameters.value(w).data());
}

TEST_CASE("adding a parameter moves no values", "[autodiff][parameter]") {
  parameter_set<double> parameters;
  const parameter_id first = parameters.add("first", 2, 2);
  const double* const before = parameters.value(first).data();
  for (int i = 0; i < 100; ++i) parameters.add("p" + std::to_string(i), 1, 1);
  CHECK(parameters.value(first).data() == before);
}

TEST_CASE("a parameter is found by name, and an unknown name is refused", "[autodiff][parameter]") {
  parameter_set<float> parameters;
  parameters.add("a", 1, 1);
  const parameter_id b = parameters.add("b", 1, 1);
  CHECK(parameters.find("b") == b);
  CHECK_THROWS_AS(parameters.find("c"), model_error);
  CHECK_THROWS_WITH(parameters.find("c"), "parameters: no tensor called 'c'");
}

TEST_CASE("a parameter of impossible size is refused and leaves the set as it was", "[autodiff][parameter]") {
  parameter_set<float> parameters;
  CHECK_THROWS_AS(parameters.add("w", std::numeric_limits<index_t>::max(), 2), size_error);
  CHECK_THROWS_AS(parameters.add("w", -1, 2), size_error);
  CHECK(parameters.size() == 0);
}
