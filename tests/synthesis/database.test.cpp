#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/synthesis/database.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

using namespace prismatic;

TEST_CASE("values survive binding, any bytes included", "[synthesis][database]") {
  const test::temporary_directory directory;
  database db(directory / "x.sqlite");
  db.run("CREATE TABLE t (a INTEGER, b REAL, c TEXT)");
  const std::string text = "caf\xc3\xa9 'quoted'; DROP TABLE t";
  db.prepare("INSERT INTO t VALUES (?, ?, ?)").bind(index_t{1} << 60, 0.1, text).step();
  auto row = db.prepare("SELECT a, b, c FROM t");
  REQUIRE(row.step());
  CHECK(row.integer(0) == index_t{1} << 60);
  CHECK(row.number(1) == 0.1);
  CHECK(row.text(2) == text);
  CHECK_FALSE(row.step());
}

TEST_CASE("a transaction happens whole or not at all", "[synthesis][database]") {
  const test::temporary_directory directory;
  const std::string path = directory / "x.sqlite";
  const auto count = [](database& db) {
    auto rows = db.prepare("SELECT COUNT(*) FROM t");
    rows.step();
    return rows.integer(0);
  };
  {
    database db(path);
    db.run("CREATE TABLE t (a INTEGER)");
    CHECK_THROWS_AS(db.transaction([&] {
      db.run("INSERT INTO t VALUES (1)");
      throw std::runtime_error("killed");
    }),
                    std::runtime_error);
    CHECK(count(db) == 0);
    db.transaction([&] { db.run("INSERT INTO t VALUES (2)"); });
  }
  database again(path);
  CHECK(count(again) == 1);
}

TEST_CASE("a file that is no database, or in use, or nowhere, is refused in one line", "[synthesis][database]") {
  const test::temporary_directory directory;
  CHECK_THROWS_AS(database(directory.write("junk", std::string(4096, 'x'))), io_error);
  CHECK_THROWS_AS(database(directory / "missing/x.sqlite"), io_error);
  database holder(directory / "x.sqlite");
  holder.run("CREATE TABLE t (a INTEGER)");
  CHECK_THROWS_AS(database(directory / "x.sqlite"), io_error);
  CHECK_THROWS_AS(holder.run("SELECT nonsense FROM t"), io_error);
  CHECK_THROWS_AS(holder.prepare("SELECT nonsense FROM t"), io_error);
}

TEST_CASE("a database can be read while another process writes, and reading changes nothing", "[synthesis][database]") {
  const test::temporary_directory directory;
  const std::string path = directory / "odd?#%20name.sqlite";
  const auto count = [&] {
    database db(path, database_access::read);
    auto rows = db.prepare("SELECT COUNT(*) FROM t");
    rows.step();
    return rows.integer(0);
  };
  const auto files = [&] {
    std::map<std::string, std::string> out;
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
      if (!file.path().string().ends_with("-shm"))
        out[file.path().string()] = test::contents(file.path().string());
    return out;
  };
  {
    database writer(path);
    writer.run("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    const auto before = files();
    CHECK(count() == 1);
    writer.run("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
    CHECK(count() == 1);  // not committed yet
    writer.run("COMMIT");
    CHECK(count() == 2);
    CHECK(before.size() == files().size());
  }
  const auto before = files();
  CHECK(before.size() == 2);  // the database and the lock
  CHECK(count() == 2);
  CHECK(files() == before);
  database reader(path, database_access::read);
  CHECK_THROWS_AS(reader.run("INSERT INTO t VALUES (3)"), io_error);
  CHECK_THROWS_AS(database(directory / "nowhere.sqlite", database_access::read), io_error);
  CHECK_FALSE(std::filesystem::exists(directory / "nowhere.sqlite"));
}

TEST_CASE("bytes survive binding", "[synthesis][database]") {
  const test::temporary_directory directory;
  database db(directory / "x.sqlite");
  db.run("CREATE TABLE t (a BLOB)");
  const std::vector<float> values{1.5F, -0.0F, 3e-39F};
  db.prepare("INSERT INTO t VALUES (?)").bind(std::as_bytes(std::span(values))).step();
  auto row = db.prepare("SELECT a FROM t");
  REQUIRE(row.step());
  CHECK(std::ranges::equal(row.bytes(0), std::as_bytes(std::span(values))));
}
