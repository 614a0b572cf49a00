#include <prismatic/synthesis/arithmetic.hpp>

#include "oracle/equations.hpp"
#include "support/catch.hpp"

using namespace prismatic;

namespace {
std::string value(std::string_view text) {
  variables known;
  known.set("a", 3);
  known.set("b", rational(1, 2));
  known.set("a", 4);
  return to_string(formula::evaluate(text, known));
}
}  // namespace

TEST_CASE("the table of formulas", "[synthesis][arithmetic]") {
  struct row {
    const char *text, *value;
  };
  const row rows[] = {{"7", "7"},           {"a", "4"},
                      {"a*b", "2"},         {"1-2-3", "-4"},
                      {"12/2/3", "2"},      {"2+3*4", "14"},
                      {"(2+3)*4", "20"},    {"-a+1", "-3"},
                      {"2*-3", "-6"},       {" 1 + 2 ", "3"},
                      {"1.5*2", "3"},       {"1/3", "1/3"},
                      {"floor(7/2)", "3"},  {"floor(-7/2)", "-4"},
                      {"floor(6/2)", "3"},  {"mod(7,3)", "1"},
                      {"mod(-1,3)", "2"},   {"gcd(12,18)", "6"},
                      {"lcm(4,6)", "12"},   {"pow(2,10)", "1024"},
                      {"pow(5,0)", "1"},    {"choose(5,2)", "10"},
                      {"choose(4,0)", "1"}, {"choose(2,3)", "0"}};
  for (const row& r : rows) {
    CAPTURE(r.text);
    CHECK(value(r.text) == r.value);
  }
}

TEST_CASE("formulas agree with doubles", "[synthesis][arithmetic]") {
  for (const std::string text : {"1+2*3-4/5", "(1+2)*(3-4)/5", "-(2-3)*-4", "10-2*3*4+7/2", "((3))"}) {
    const auto exact = parse_rational(value(text));
    REQUIRE(exact);
    CHECK(static_cast<double>(exact->numerator()) / static_cast<double>(exact->denominator()) ==
          Approx(oracle::plain_arithmetic::value(text)));
  }
}

TEST_CASE("formulas that cannot be read are named", "[synthesis][arithmetic]") {
  for (const char* text :
       {"", "1+", "(1", "1)", "x", "1 2", "foo(1,2)", "gcd(1)", "gcd(1/2,3)", "pow(2,-1)", "1..2", "a%b"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(value(text), data_error);
  }
  CHECK_THROWS_AS(value("1/0"), numeric_error);
  CHECK_THROWS_AS(value("pow(10,30)"), size_error);
}
