#include <prismatic/io/byte_source.hpp>

#include "support/catch.hpp"
#include "support/gzip.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

namespace {
std::string all(const std::string& path, std::size_t step) {
  byte_source source(path);
  std::string out, buffer(step, '\0');
  while (const index_t got = source.read(buffer)) out.append(buffer, 0, static_cast<std::size_t>(got));
  return out;
}
}  // namespace

TEST_CASE("the bytes do not depend on how they are asked for", "[io][byte_source]") {
  const test::temporary_directory directory;
  std::string text;
  for (int i = 0; i < 60000; ++i) text += static_cast<char>(i % 251 * (i % 83));
  const std::string plain = directory.write("plain", text);
  const std::string packed = directory.write("packed", test::gzip(text));
  const std::size_t step = GENERATE(as<std::size_t>{}, 1, 7, 4096, 1 << 20);
  CAPTURE(step);
  CHECK(all(plain, step) == text);
  CHECK(all(packed, step) == text);
}

TEST_CASE("files shorter than a magic number are plain", "[io][byte_source]") {
  const test::temporary_directory directory;
  const std::string text = GENERATE(as<std::string>{}, "", "a", "ab", "\x1F", "abc");
  CHECK(all(directory.write("short", text), 16) == text);
}
