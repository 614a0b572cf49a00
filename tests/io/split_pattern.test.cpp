#include <prismatic/io/split_pattern.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

using pieces = std::vector<std::string>;

pieces cut(std::string_view pattern, std::string_view text) {
  pieces out;
  split_pattern(pattern, "file", "field").split(text, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

}  // namespace

TEST_CASE("matches and what lies between them are pieces", "[io][split_pattern]") {
  CHECK(cut("b+", "abbcb") == pieces{"a", "bb", "c", "b"});
  CHECK(cut("b+", "acd") == pieces{"acd"});
  CHECK(cut("b", "").empty());
  CHECK(cut("(?=b)", "abcb") == pieces{"a", "bc", "b"});  // an empty match still cuts
  CHECK(cut("x*", "\u4f60a") == pieces{"\u4f60", "a"});
  CHECK(cut(R"(\p{Lu}\p{Ll}*)", "AbcDe1") == pieces{"Abc", "De", "1"});
  CHECK(cut("(?i:'s)", "a'Sb") == pieces{"a", "'S", "b"});
}

TEST_CASE("white space is the property White_Space", "[io][split_pattern]") {
  CHECK(cut(R"(\s)", "a\u0085b\u180ec\x1c") == pieces{"a", "\u0085", "b\u180ec\x1c"});
  CHECK(cut(R"([\s!]+)", "a \u3000!b") == pieces{"a", " \u3000!", "b"});
  CHECK(cut(R"(\S+)", "ab\u180e c") == pieces{"ab\u180e", " ", "c"});
  CHECK(cut(R"(\s+(?!\S)|\s+)", "a   b  ") == pieces{"a", "  ", " ", "b", "  "});
}

TEST_CASE("what means something else to PCRE2 is refused by name", "[io][split_pattern]") {
  struct refusal {
    const char* pattern;
    const char* words;
  };
  for (const refusal& each :
       {refusal{"(a", "does not compile"}, refusal{"[a[b]]", "a class inside a class"},
        refusal{"[a&&b]", "an intersection"}, refusal{R"(\h)", "the escape \\h"},
        refusal{R"([\S])", "the escape \\S"}, refusal{"(?m:a)", "the flag m"}, refusal{"(?i-s)a", "the flag s"},
        refusal{"(*UTF)a", "a control verb"}, refusal{"[]a]", "a class that begins with ]"},
        refusal{R"(\)", "does not compile"}})
    CHECK_THROWS_WITH(split_pattern(each.pattern, "file", "field"),
                      Contains("file: field: found ") && Contains(each.words));
}

TEST_CASE("a pattern that explodes is stopped", "[io][split_pattern]") {
  CHECK_THROWS_AS(cut("(a+)+[xy]", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"), data_error);
}
