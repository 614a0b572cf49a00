#include <prismatic/io/added_tokens.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace prismatic;

namespace {

// Stretches in brackets, tokens as numbers.
std::string cut(const std::vector<added_token>& tokens, std::string_view text) {
  std::string out;
  added_token_matcher(tokens).split(
      text, [&](std::string_view stretch) { out += "[" + std::string(stretch) + "]"; },
      [&](token_id id) { out += std::to_string(id); });
  return out;
}

}  // namespace

TEST_CASE("the leftmost, then the longest token is found", "[io][added_tokens]") {
  const std::vector<added_token> tokens = {
      {.content = "<a", .id = 1}, {.content = "<a>", .id = 2}, {.content = "a>b", .id = 3}};
  CHECK(cut(tokens, "x<a>b<a") == "[x]2[b]1");
  CHECK(cut(tokens, "a>b<a>") == "32");
  CHECK(cut(tokens, "plain") == "[plain]");
  CHECK(cut(tokens, "").empty());
  CHECK(cut({}, "<a>") == "[<a>]");
}

TEST_CASE("tokens take the white space their flags name", "[io][added_tokens]") {
  CHECK(cut({{.content = "L", .id = 1, .lstrip = true}}, "a \u3000L b") == "[a]1[ b]");
  CHECK(cut({{.content = "R", .id = 1, .rstrip = true}}, "a R \n b") == "[a ]1[b]");
  CHECK(cut({{.content = "B", .id = 1, .lstrip = true, .rstrip = true}}, " B  B ") == "11");
}

TEST_CASE("a single word stands alone", "[io][added_tokens]") {
  const std::vector<added_token> tokens = {{.content = "w", .id = 1, .single_word = true}};
  CHECK(cut(tokens, "w w") == "1[ ]1");
  CHECK(cut(tokens, "aw wa w_ \u00e9w (w)") == "[aw wa w_ \u00e9w (]1[)]");
  CHECK(cut(tokens, "w\u0301") == "[w\u0301]");
}
