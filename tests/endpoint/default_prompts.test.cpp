#include <prismatic/endpoint/default_prompts.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <string>

using namespace prismatic;

TEST_CASE("the prompts in the source and in examples/prompts are the same", "[endpoint][default_prompts]") {
  for (const named_prompts& each : default_prompts) {
    CAPTURE(each.name);
    CHECK(test::contents(std::string(PRISMATIC_SOURCE_DIR) + "/examples/prompts/" + std::string(each.name) + ".txt") == each.text);
  }
}
