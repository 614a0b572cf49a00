#include <prismatic/synthesis/arrival.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace prismatic;

TEST_CASE("a text is whole when it ended by itself", "[synthesis][arrival]") {
  CHECK(response{"x"}.is_whole());
  CHECK(response{"x", "stop"}.is_whole());
  CHECK_FALSE(response{"x", "length"}.is_whole());
  CHECK_FALSE(response{"", "content_filter"}.is_whole());
}

TEST_CASE("a sink hands on what it is told, nothing included", "[synthesis][arrival]") {
  std::vector<std::size_t> heard;
  const auto listen = [&](std::span<const arrival> a, std::span<const exchange> e) { heard.push_back(10 * a.size() + e.size()); };
  const arrival_sink sink(listen);
  sink(std::vector<arrival>(2), std::vector<exchange>(1));
  sink({});
  CHECK(heard == std::vector<std::size_t>{21, 0});
}
