#include "support/catch.hpp"

#include <prismatic/transformer/config.hpp>

using namespace prismatic;

namespace {

decoder_config good() {
  return {.vocabulary = 10, .width = 8, .layers = 1, .heads = 4, .kv_heads = 2, .head_dim = 2, .ffn = 8, .context = 4};
}

template <class Change>
void refused(Change&& change) {
  decoder_config config = good();
  change(config);
  CHECK_THROWS_AS(config.check(), option_error);
}

}  // namespace

TEST_CASE("a configuration that fits is accepted", "[transformer][config]") {
  CHECK_NOTHROW(good().check());
}

TEST_CASE("every size must be positive and fit the others", "[transformer][config]") {
  refused([](decoder_config& c) { c.vocabulary = 0; });
  refused([](decoder_config& c) { c.width = -1; });
  refused([](decoder_config& c) { c.layers = 0; });
  refused([](decoder_config& c) { c.heads = 0; });
  refused([](decoder_config& c) { c.kv_heads = 0; });
  refused([](decoder_config& c) { c.kv_heads = 3; });
  refused([](decoder_config& c) { c.head_dim = 0; });
  refused([](decoder_config& c) { c.head_dim = 3; });
  refused([](decoder_config& c) { c.ffn = 0; });
  refused([](decoder_config& c) { c.context = 0; });
  refused([](decoder_config& c) { c.norm_epsilon = 0; });
  refused([](decoder_config& c) { c.rope_theta = -1; });
  decoder_config config = good();
  config.kv_heads = 3;
  CHECK_THROWS_WITH(config.check(), "decoder: kv_heads: found 3, expected a divisor of 4 heads");
}
