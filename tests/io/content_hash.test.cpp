#include <prismatic/io/content_hash.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace prismatic;

TEST_CASE("the hash is XXH3-128 in hexadecimal", "[io][content_hash]") {
  // known answer of the algorithm for the empty input and seed 0
  CHECK(content_hash(std::string_view{}) == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("pieces hash like the whole", "[io][content_hash]") {
  const std::string whole(5000, 'x');
  content_hasher pieces;
  pieces.add(std::string_view(whole).substr(0, 7));
  pieces.add({});
  pieces.add(std::string_view(whole).substr(7));
  CHECK(pieces.text() == content_hash(whole));
}

TEST_CASE("conversations are told apart by their turns", "[io][content_hash]") {
  using turns = std::vector<message>;
  const turns a{{"user", "ab"}, {"assistant", "c"}}, b{{"user", "a"}, {"assistant", "bc"}},
      c{{"user", "ab"}, {"tool", "c"}};
  CHECK(content_hash(a) == content_hash(turns(a)));
  CHECK(content_hash(a) != content_hash(b));
  CHECK(content_hash(a) != content_hash(c));
  CHECK(content_hash(turns{{"u", "1:x"}}) != content_hash(turns{{"u", "1"}, {"x", ""}}));
  // ids must not change from one version to the next
  CHECK(content_hash(turns{{"user", "Q"}, {"assistant", "A"}}) == content_hash("4:user1:Q9:assistant1:A"));
}
