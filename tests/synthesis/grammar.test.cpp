#include <prismatic/synthesis/grammar.hpp>

#include "support/catch.hpp"

#include <set>

using namespace prismatic;

namespace {
std::string written(std::string_view definitions, std::string_view text, std::uint64_t number = 0) {
  dice random(1, "test", number);
  return template_writer(definitions, random).write(text);
}
}  // namespace

TEST_CASE("numbers are drawn, computed and shown", "[synthesis][grammar]") {
  CHECK(written("a=3..3 b=a*2", "{a} + {a} = {b}, {a/b}") == "3 + 3 = 6, 0.5");
  CHECK(written("a=5/4", "${a:$} ${a*2:$} ${a*4:$} {a:/} {a*4:/}") == "$1.25 $2.50 $5 5/4 5");
  CHECK(written("t=845", "{t:clock} {t+22*60-845:clock} {9*60+5:clock}") == "14:05 22:00 9:05");
  std::set<std::string> drawn, chosen;
  for (std::uint64_t number = 0; number < 200; ++number) {
    drawn.insert(written("lo=2..2 a=lo..lo+3", "{a}", number));
    chosen.insert(written("a=5|10|25", "{a}", number));
  }
  CHECK(drawn == std::set<std::string>{"2", "3", "4", "5"});
  CHECK(chosen == std::set<std::string>{"5", "10", "25"});
}

TEST_CASE("alternatives nest and are drawn at each place", "[synthesis][grammar]") {
  std::set<std::string> out;
  for (std::uint64_t number = 0; number < 300; ++number)
    out.insert(written("n=2..2", "{a|b{n}{x|y}|} {1|2}", number));
  CHECK(out == std::set<std::string>{"a 1", "a 2", "b2x 1", "b2x 2", "b2y 1", "b2y 2", " 1", " 2"});
}

TEST_CASE("words keep their value and differ from each other", "[synthesis][grammar]") {
  for (std::uint64_t number = 0; number < 200; ++number) {
    const std::string out = written("", "{@fruit}/{@fruit2}/{@fruit3}/{@fruit}", number);
    std::vector<std::string_view> parts;
    for (std::string_view rest = out; !rest.empty();) parts.push_back(ascii::take_until(rest, "/"));
    REQUIRE(parts.size() == 4);
    CHECK(parts[0] == parts[3]);
    CHECK(std::set<std::string_view>(parts.begin(), parts.end()).size() == 3);
  }
}

TEST_CASE("pronouns belong to the first person and never to the second", "[synthesis][grammar]") {
  index_t women = 0;
  for (std::uint64_t number = 0; number < 200; ++number) {
    const std::string out = written("", "{@name} {@name2} {@he} {@He} {@his} {@His} {@him}", number);
    std::string_view rest = out;
    const std::string_view first = ascii::take_until(rest, " "), second = ascii::take_until(rest, " ");
    const auto is_in = [](std::string_view list, std::string_view name) {
      return std::ranges::count(word_list(list), name) == 1;
    };
    const bool woman = is_in("woman", first);
    women += woman;
    CHECK(is_in(woman ? "man" : "woman", second));
    CHECK(rest == (woman ? "she She her Her her" : "he He his His him"));
  }
  CHECK(women > 60);
  CHECK(women < 140);
}

TEST_CASE("a template recognises what was written from it", "[synthesis][grammar]") {
  const word_problem_form form{"t", "a=1..9", "{@name} has {a} {pens|books}. How many?", "", ""};
  for (std::uint64_t number = 0; number < 50; ++number)
    CHECK(could_be(form, written(form.variables, form.question, number)));
  CHECK(could_be(form, "Anybody at all has no pens. How many?"));
  CHECK_FALSE(could_be(form, "Maria has 3 pens. How many pens?"));
  CHECK_FALSE(could_be(form, "Maria had 3 pens. How many?"));
  CHECK_FALSE(could_be({"t", "", "There are {a} pens", "", ""}, "Here There are 3 pens"));
  CHECK_FALSE(could_be(form, ""));
}

TEST_CASE("templates that cannot be read are refused", "[synthesis][grammar]") {
  CHECK_THROWS_AS(written("", "{a"), data_error);
  CHECK_THROWS_AS(written("", "{a}"), data_error);
  CHECK_THROWS_AS(written("a=1", "{a:?}"), data_error);
  CHECK_THROWS_AS(written("", "{@planet}"), data_error);
  CHECK_THROWS_AS(written("a=b", ""), data_error);
}
