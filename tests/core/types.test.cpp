// The scalar vocabulary is what files and other layers rely on.
#include <prismatic/core/types.hpp>

#include "support/catch.hpp"

#include <limits>
#include <type_traits>

using namespace prismatic;

TEST_CASE("sizes are signed and 64 bits wide, ids 32", "[core][types]") {
  static_assert(std::is_signed_v<index_t> && sizeof(index_t) == 8);
  static_assert(std::is_signed_v<token_id> && sizeof(token_id) == 4);
  static_assert(std::is_signed_v<label_t> && sizeof(label_t) == 4);
  static_assert(real<float> && real<double> && !real<int> && !real<long double> && !real<const float>);
  static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);
  SUCCEED();
}
