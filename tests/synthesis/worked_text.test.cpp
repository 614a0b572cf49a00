#include <prismatic/synthesis/worked_text.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("the four layouts", "[synthesis][worked_text]") {
  const std::vector<std::string> steps{"Two and 2.5 make 4.5.", "Twice that is 9."};
  CHECK(lay_out(steps, "9", solution_layout::steps) ==
        "Step 1: Two and 2.5 make 4.5.\nStep 2: Twice that is 9.\nThe answer is 9.");
  CHECK(lay_out(steps, "9", solution_layout::paragraph) ==
        "Two and 2.5 make 4.5. Twice that is 9. The answer is 9.");
  CHECK(lay_out(steps, "9", solution_layout::numbers) ==
        "1. Two and 2.5 make 4.5.\n2. Twice that is 9.\nThe answer is 9.");
  CHECK(lay_out(steps, "9", solution_layout::bullets) ==
        "- Two and 2.5 make 4.5.\n- Twice that is 9.\nThe answer is 9.");
  for (const solution_layout layout : solution_layouts) {
    const std::string text = lay_out(steps, "9", layout);
    CHECK(layout_of(text) == layout);
    CHECK(steps_of(text) == steps);
  }
}

TEST_CASE("other texts are split at lines or sentences", "[synthesis][worked_text]") {
  CHECK(steps_of("").empty());
  CHECK(steps_of("\n\n").empty());
  CHECK(steps_of("One. Two") == std::vector<std::string>{"One.", "Two."});
  CHECK(steps_of("One. Still one\nTwo") == std::vector<std::string>{"One. Still one", "Two"});
  CHECK(steps_of("The answer is 3.").empty());
  CHECK(lay_out({}, "3", solution_layout::steps) == "The answer is 3.");
}
