#include <prismatic/synthesis/word_lists.hpp>

#include "support/catch.hpp"

#include <set>

using namespace prismatic;

TEST_CASE("lists are long enough and repeat nothing", "[synthesis][word_lists]") {
  for (const char* name :
       {"woman", "man", "fruit", "snack", "item", "toy", "good", "furnishing", "place", "city", "vehicle",
        "color", "plant", "drink", "club", "team", "day", "container", "task"}) {
    CAPTURE(name);
    const auto words = word_list(name);
    CHECK(words.size() >= 5);
    CHECK(std::set<std::string_view>(words.begin(), words.end()).size() == words.size());
  }
  CHECK_THROWS_AS(word_list("planet"), data_error);
}

TEST_CASE("no name is shared by women and men", "[synthesis][word_lists]") {
  for (const std::string_view woman : word_list("woman"))
    for (const std::string_view man : word_list("man")) CHECK(woman != man);
}
