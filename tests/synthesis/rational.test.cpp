#include <prismatic/synthesis/rational.hpp>

#include "support/catch.hpp"

#include <limits>

using namespace prismatic;

TEST_CASE("fractions are kept in lowest terms", "[synthesis][rational]") {
  CHECK(rational(6, 4) == rational(3, 2));
  CHECK(rational(-6, -4) == rational(3, 2));
  CHECK(rational(6, -4).numerator() == -3);
  CHECK(rational(6, -4).denominator() == 2);
  CHECK(rational(0, 7) == rational(0));
  CHECK(rational(4, 2).is_integer());
}

TEST_CASE("arithmetic agrees with doubles on small fractions", "[synthesis][rational]") {
  for (index_t a = -6; a <= 6; ++a)
    for (index_t b = 1; b <= 6; ++b)
      for (index_t c = -6; c <= 6; ++c)
        for (index_t d = 1; d <= 6; ++d) {
          const rational x(a, b), y(c, d);
          const auto value = [](rational r) {
            return static_cast<double>(r.numerator()) / static_cast<double>(r.denominator());
          };
          const double u = static_cast<double>(a) / static_cast<double>(b);
          const double v = static_cast<double>(c) / static_cast<double>(d);
          REQUIRE(value(x + y) == Approx(u + v).margin(1e-12));
          REQUIRE(value(x - y) == Approx(u - v).margin(1e-12));
          REQUIRE(value(x * y) == Approx(u * v).margin(1e-12));
          if (c != 0) REQUIRE(value(x / y) == Approx(u / v).margin(1e-12));
          REQUIRE((x < y) == (a * d < c * b));
          REQUIRE((x == y) == (a * d == c * b));
        }
}

TEST_CASE("what does not fit is refused", "[synthesis][rational]") {
  constexpr index_t largest = std::numeric_limits<index_t>::max(), lowest = std::numeric_limits<index_t>::min();
  CHECK_THROWS_AS(rational(1, 0), numeric_error);
  CHECK_THROWS_AS(rational(1) / rational(0), numeric_error);
  CHECK_THROWS_AS(rational(largest) + rational(1), size_error);
  CHECK_THROWS_AS(rational(largest) * rational(2), size_error);
  CHECK_THROWS_AS(rational(lowest, -1), size_error);
  CHECK_THROWS_AS(rational(1, lowest), size_error);
  CHECK(rational(largest, 3) * rational(3) == rational(largest));
  CHECK(rational(largest, 2) / rational(largest, 4) == rational(2));
}

TEST_CASE("numbers have one spelling", "[synthesis][rational]") {
  CHECK(to_string(rational(7)) == "7");
  CHECK(to_string(rational(-5, 2)) == "-2.5");
  CHECK(to_string(rational(-1, 20)) == "-0.05");
  CHECK(to_string(rational(1, 64)) == "0.015625");
  CHECK(to_string(rational(1, 128)) == "1/128");
  CHECK(to_string(rational(-22, 7)) == "-22/7");
  CHECK(to_string(rational(1000001, 1000000)) == "1.000001");
}

TEST_CASE("numbers are read as people write them", "[synthesis][rational]") {
  struct row {
    const char* text;
    const char* value;  // "" where it is not a number
  };
  const row rows[] = {{"12", "12"},
                      {"+3", "3"},
                      {"-3.50", "-3.5"},
                      {".5", "0.5"},
                      {"-.5", "-0.5"},
                      {"007", "7"},
                      {"1,234,567", "1234567"},
                      {"-1,234.50", "-1234.5"},
                      {"3/4", "0.75"},
                      {"6/-4", ""},
                      {"-6/4", "-1.5"},
                      {"1.5/2.5", "0.6"},
                      {"9223372036854775807", "9223372036854775807"},
                      {"9223372036854775808", ""},
                      {"2.50000000000000000000000000000", "2.5"},
                      {"0.1234567890123456789", ""},
                      {"", ""},
                      {"-", ""},
                      {".", ""},
                      {"1.", ""},
                      {"1,23", ""},
                      {"1234,567", ""},
                      {"1/0", ""},
                      {"1/", ""},
                      {"1 2", ""},
                      {"abc", ""},
                      {"1e5", ""}};
  for (const row& r : rows) {
    CAPTURE(r.text);
    const auto value = parse_rational(r.text);
    CHECK((value ? to_string(*value) : "") == r.value);
  }
}

TEST_CASE("a number is taken from the front of a text", "[synthesis][rational]") {
  std::string_view text = "1,250.5 apples";
  CHECK(take_rational(text) == rational(2501, 2));
  CHECK(text == " apples");
  CHECK_FALSE(take_rational(text));
  CHECK(text == " apples");
  text = "12.";
  CHECK(take_rational(text) == rational(12));
  CHECK(text == ".");
  text = "1,2";
  CHECK(take_rational(text) == rational(1));
  CHECK(text == ",2");
}
