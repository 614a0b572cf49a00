#include <prismatic/io/atomic_file.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>

using namespace prismatic;
namespace fs = std::filesystem;

TEST_CASE("a file appears when it is committed, whole", "[io][atomic_file]") {
  const test::temporary_directory directory;
  const std::string path = directory / "out";
  const std::string large(std::size_t{3} << 20, 'x');
  {
    atomic_file file(path);
    file.write("head ");
    file.write(large);
    file.write(" tail");
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  CHECK(test::contents(path) == "head " + large + " tail");
  CHECK(directory.entries() == 1);
}

TEST_CASE("an abandoned file leaves nothing behind and the old one alone", "[io][atomic_file]") {
  const test::temporary_directory directory;
  const std::string path = directory.write("out", "old");
  {
    atomic_file file(path);
    file.write(std::string(std::size_t{2} << 20, 'x'));
  }
  CHECK(test::contents(path) == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("two writers of one name do not meet", "[io][atomic_file]") {
  const test::temporary_directory directory;
  atomic_file first(directory / "out"), second(directory / "out");
  first.write("first");
  second.write("second");
  first.commit();
  second.commit();
  CHECK(test::contents(directory / "out") == "second");
  CHECK(directory.entries() == 1);
}

TEST_CASE("permissions and symbolic links survive", "[io][atomic_file]") {
  const test::temporary_directory directory;
  const std::string path = directory.write("real", "old");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real", directory / "link");
  write_file(directory / "link", "new");
  CHECK(fs::is_symlink(directory / "link"));
  CHECK(test::contents(path) == "new");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("output that cannot be written is refused at once", "[io][atomic_file]") {
  const test::temporary_directory directory;
  CHECK_THROWS_WITH(atomic_file(directory / "no/such/out"),
                    directory / "no/such/out: cannot write: No such file or directory");
  CHECK_THROWS_WITH(atomic_file(directory.path()), Catch::Contains("found a directory"));
  CHECK_THROWS_WITH(atomic_file("/dev/null"), Catch::Contains("found no regular file"));
  CHECK_THROWS_AS(atomic_file(directory.write("file", "") + "/out"), io_error);
  fs::create_symlink("nowhere", directory / "dangling");
  CHECK_THROWS_AS(atomic_file(directory / "dangling"), io_error);
}

TEST_CASE("a directory without write permission is refused", "[io][atomic_file]") {
  const test::temporary_directory directory;
  if (::geteuid() == 0) {
    // Permissions do not bind root; a directory under /proc refuses everybody.
    CHECK_THROWS_AS(atomic_file("/proc/self/out"), io_error);
    return;
  }
  fs::permissions(directory.path(), fs::perms::owner_read | fs::perms::owner_exec);
  CHECK_THROWS_WITH(atomic_file(directory / "out"), Catch::Contains("cannot write: Permission denied"));
  fs::permissions(directory.path(), fs::perms::owner_all);
}
