#include <prismatic/io/unicode_tables.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <span>

using namespace prismatic;

TEST_CASE("the tables are ascending and apart", "[io][unicode_tables]") {
  for (const std::span<const code_point_range> ranges :
       {std::span<const code_point_range>(letter_ranges), std::span<const code_point_range>(number_ranges),
        std::span<const code_point_range>(unnormalized_ranges)}) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      CHECK((ranges[i].first <= ranges[i].last));
      CHECK((i == 0 || ranges[i - 1].last + 1 < ranges[i].first));
    }
    CHECK((ranges.back().last < 0x110000));
  }
}
