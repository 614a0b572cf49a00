#include <prismatic/io/file_descriptor.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <array>

using namespace prismatic;

TEST_CASE("a descriptor reads to the end and is closed once", "[io][file_descriptor]") {
  const test::temporary_directory directory;
  const std::string path = directory.write("a", "abc");
  file_descriptor file = file_descriptor::open_for_reading(path);
  std::array<std::byte, 8> buffer{};
  CHECK(file.read_some(buffer, path) == 3);
  CHECK(file.read_some(buffer, path) == 0);
  CHECK(file.status(path).st_size == 3);

  file_descriptor other = std::move(file);
  CHECK(file.get() == -1);
  other.close(path);
  CHECK(other.get() == -1);
}

TEST_CASE("a full disk is an error that names the file", "[io][file_descriptor]") {
  const file_descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() < 0) return;
  const std::string text = "x";
  CHECK_THROWS_WITH(full.write_all(std::as_bytes(std::span(text)), "out.jsonl"),
                    "out.jsonl: cannot write: No space left on device");
}
