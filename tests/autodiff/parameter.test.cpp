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

TEST_CASE("a weight may be held as bfloat16 until its numbers are to be changed", "[autodiff][parameter]") {
  parameter_set<float> parameters;
  const parameter_id w = parameters.add("w", 2, 3);
  const matrix_view<bf16> held = parameters.hold_rounded(w);
  REQUIRE(held.rows() == 2);
  REQUIRE(held.cols() == 3);
  CHECK(held(1, 2) == 0.0f);
  held(1, 2) = {to_bfloat16(1.5f)};
  const parameter_set<float>& reader = parameters;
  CHECK(reader[w].rounded.data() == held.data());
  CHECK(reader[w].value.empty());
  CHECK(reader.any_rounded());
  CHECK(reader[w].rows() == 2);
  CHECK(reader[w].cols() == 3);
  CHECK_THROWS_AS(reader.value(w), model_error);
  CHECK_THROWS_WITH(reader.value(w), "parameters: found tensor 'w' held as bfloat16, expected it held in full");

  CHECK(parameters.value(w)(1, 2) == 1.5f);
  CHECK(parameters.value(w)(0, 0) == 0.0f);
  CHECK(reader.rounded(w).empty());
  CHECK_FALSE(reader.any_rounded());
  CHECK(reader[w].value.data() == reader.value(w).data());
  CHECK(reader[w].cols() == 3);
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
