#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/synthesis/database.hpp>

#include <stdexcept>
#include <string>

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
