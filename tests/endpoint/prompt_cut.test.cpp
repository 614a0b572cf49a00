#include <prismatic/endpoint/prompt_cut.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("a prompt whose tokens stop growing was cut", "[endpoint][prompt_cut]") {
  // A server with a context of 2,048 tokens, 4.2 bytes a token, 30 tokens around the text.
  prompt_cut cut;
  for (index_t bytes = 200; bytes < 30'000; bytes += 517) {
    const auto whole = static_cast<index_t>(static_cast<double>(bytes) / 4.2) + 30;
    const bool is_cut = cut(bytes, std::min<index_t>(whole, 2048));
    CAPTURE(bytes);
    if (bytes < 8'400) CHECK_FALSE(is_cut);
    if (bytes > 12'500) CHECK(is_cut);
  }
}

TEST_CASE("a long prompt that comes first is judged by itself", "[endpoint][prompt_cut]") {
  CHECK(prompt_cut()(30'000, 2048));
  CHECK_FALSE(prompt_cut()(8'000, 2048));
  CHECK_FALSE(prompt_cut()(30'000, std::nullopt));
  CHECK_FALSE(prompt_cut()(30'000, 0));  // some servers count nothing for what they had in their cache
}
