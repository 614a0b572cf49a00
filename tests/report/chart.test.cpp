#include "support/catch.hpp"

#include <prismatic/report/chart.hpp>

#include <vector>

using namespace prismatic;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

}  // namespace

TEST_CASE("a line chart draws every point of every series and names them", "[report][chart]") {
  const std::vector<chart_series> series{{"one", {1, 2, 3}, {4, 5, 6}}, {"t<o", {1, 3}, {7, 8}}};
  const std::string svg = line_chart(series, {.x_label = "x", .y_label = "y"});
  CHECK(count(svg, "<circle") == 5);
  CHECK(count(svg, "<polyline") == 2);
  CHECK(svg.find("t&lt;o") != std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("the legend keeps clear of the lines' ends", "[report][chart]") {
  const auto legend_of = [](std::vector<double> y) {
    const std::string svg = line_chart(std::vector<chart_series>{{"name", {1, 2}, std::move(y)}}, {});
    const std::string before = svg.substr(0, svg.find(">name<"));
    return std::stod(before.substr(before.rfind(" y=\"") + 4));
  };
  CHECK(legend_of({1, 9}) > 200);
  CHECK(legend_of({9, 1}) < 100);
}

TEST_CASE("ticks are round numbers that cover the data", "[report][chart]") {
  const auto ticks = detail::ticks(0.3, 9.7);
  CHECK(ticks.front() <= 0.3);
  CHECK(ticks.back() >= 9.7);
  CHECK(ticks[1] - ticks[0] == Approx(2));
  CHECK(detail::ticks(5, 5).size() >= 2);
}

TEST_CASE("degenerate charts draw or say why not", "[report][chart]") {
  CHECK(line_chart(std::vector<chart_series>{{"flat", {1}, {2}}}, {}).find("nan") == std::string::npos);
  CHECK_THROWS_AS(line_chart(std::vector<chart_series>{}, {}), option_error);
  CHECK_THROWS_AS(line_chart(std::vector<chart_series>{{"odd", {1, 2}, {1}}}, {}), shape_error);
  CHECK_THROWS_AS(histogram(std::vector<index_t>{}, {}), option_error);
}

TEST_CASE("a histogram counts every value", "[report][chart]") {
  const std::string svg = histogram(std::vector<index_t>{1, 1, 2, 5}, {.x_label = "size", .y_label = "clusters"});
  CHECK(count(svg, "<rect") == 6);  // 0 to 5, one bar each
  CHECK(histogram(std::vector<index_t>{0}, {}).find("nan") == std::string::npos);
}
