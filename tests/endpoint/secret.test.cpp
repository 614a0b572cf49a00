#include <prismatic/endpoint/secret.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <concepts>
#include <cstdlib>
#include <ostream>
#include <string>

using namespace prismatic;

namespace {

std::string revealed(const secret& key) {
  std::string out;
  key.reveal([&](std::string_view k) { out = k; });
  return out;
}

template <class T>
concept printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!printable<secret>);
static_assert(!std::convertible_to<secret, std::string> && !std::convertible_to<secret, std::string_view>);
static_assert(!std::equality_comparable<secret>);

}  // namespace

TEST_CASE("a key comes from a variable or the first line of a file", "[endpoint][secret]") {
  const test::temporary_directory directory;
  ::setenv("PRISMATIC_TEST_KEY", " sk-0123456789ab ", 1);
  CHECK(revealed(secret::from_environment("PRISMATIC_TEST_KEY")) == "sk-0123456789ab");
  ::unsetenv("PRISMATIC_TEST_KEY");
  CHECK(secret::from_environment("PRISMATIC_TEST_KEY").is_empty());
  CHECK(revealed(secret::from_file(directory.write("key", "sk-abc\r\nmore"))) == "sk-abc");
  CHECK_THROWS_AS(secret::from_file(directory / "missing"), io_error);
  CHECK_THROWS_AS(secret::from_file(directory.write("empty", "\n")), option_error);
}

TEST_CASE("a key that would break a header is refused without being shown", "[endpoint][secret]") {
  const test::temporary_directory directory;
  for (const std::string& bad : {std::string("sk-abc\rX-Evil: 1"), std::string("two words"), std::string("k\xC3\xA9y"), std::string(5000, 'k')}) {
    const std::string path = directory.write("key", bad);
    try {
      (void)secret::from_file(path);
      FAIL("taken");
    } catch (const option_error& e) {
      CHECK(std::string(e.what()).find(bad.substr(0, 6)) == std::string::npos);
    }
  }
}

TEST_CASE("what repeats the key is redacted", "[endpoint][secret]") {
  const test::temporary_directory directory;
  std::string text = "bad key sk-0123456789ab, sk-0123456789ab!";
  secret::from_file(directory.write("key", "sk-0123456789ab")).redact(text);
  CHECK(text == "bad key ***, ***!");
  std::string words = "EMPTY is empty";
  secret::from_file(directory.write("key", "EMPTY")).redact(words);
  CHECK(words == "EMPTY is empty");
  secret().redact(words);
  CHECK(words == "EMPTY is empty");
}
