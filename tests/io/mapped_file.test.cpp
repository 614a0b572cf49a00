#include <prismatic/io/mapped_file.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

TEST_CASE("a mapped file is its bytes", "[io][mapped_file]") {
  const test::temporary_directory directory;
  mapped_file file(directory.write("a", "hello"));
  CHECK(file.size() == 5);
  CHECK(file.text() == "hello");
  CHECK(file.text(1, 3, "middle") == "ell");
  CHECK(file.slice(5, 0, "nothing").empty());

  mapped_file moved = std::move(file);
  CHECK(moved.text() == "hello");
}

TEST_CASE("an empty file maps to nothing", "[io][mapped_file]") {
  const test::temporary_directory directory;
  const mapped_file file(directory.write("empty", ""));
  CHECK(file.size() == 0);
  CHECK(file.text().empty());
  CHECK_THROWS_AS(file.slice(0, 1, "byte"), data_error);
}

TEST_CASE("a slice outside the file is refused with its name", "[io][mapped_file]") {
  const test::temporary_directory directory;
  const mapped_file file(directory.write("a", "hello"));
  constexpr index_t huge = std::numeric_limits<index_t>::max();
  const auto [offset, count] = GENERATE_COPY(
      table<index_t, index_t>({{0, 6}, {5, 1}, {6, 0}, {-1, 1}, {0, -1}, {1, huge}, {huge, 1}, {huge, huge}}));
  CAPTURE(offset, count);
  CHECK_THROWS_WITH(file.slice(offset, count, "weights"),
                    Catch::Contains(file.path() + ": weights: found a file of 5"));
}

TEST_CASE("what is no regular file is refused", "[io][mapped_file]") {
  const test::temporary_directory directory;
  CHECK_THROWS_AS(mapped_file(directory.path()), io_error);
  CHECK_THROWS_AS(mapped_file("/dev/null"), io_error);
  CHECK_THROWS_WITH(mapped_file(directory / "absent"),
                    directory / "absent: cannot open: No such file or directory");
}
