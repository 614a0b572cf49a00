/// SQLite, as much of it as a run's state needs: statements, bound values, transactions, one writer and any readers.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/file_descriptor.hpp>

#include <sqlite3.h>
#include <sys/file.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

class database;

/// A prepared statement: bind from left to right, then step.
class statement {
 public:
  /// Runs or fetches the next row. False when there are no more.
  bool step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw io_error("run state: " + std::string(sqlite3_errmsg(sqlite3_db_handle(handle_.get()))));
  }

  /// Binds all parameters, in order, and makes the statement ready to run again.
  template <class... Values>
  statement& bind(const Values&... values) {
    sqlite3_reset(handle_.get());
    int at = 0;
    (bind_one(++at, values), ...);
    return *this;
  }

  [[nodiscard]] index_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  [[nodiscard]] double number(int column) const { return sqlite3_column_double(handle_.get(), column); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }
  /// Until the next step.
  [[nodiscard]] std::span<const std::byte> bytes(int column) const {
    const auto* first = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
    return {first, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
  }

 private:
  friend class database;
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  explicit statement(sqlite3_stmt* handle) : handle_(handle) {}

  void check(int code) const {
    if (code != SQLITE_OK)
      throw io_error("run state: " + std::string(sqlite3_errmsg(sqlite3_db_handle(handle_.get()))));
  }
  void bind_one(int at, index_t value) { check(sqlite3_bind_int64(handle_.get(), at, value)); }
  void bind_one(int at, double value) { check(sqlite3_bind_double(handle_.get(), at, value)); }
  void bind_one(int at, std::string_view value) {
    check(sqlite3_bind_text64(handle_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void bind_one(int at, std::span<const std::byte> value) {
    check(sqlite3_bind_blob64(handle_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT));
  }

  std::unique_ptr<sqlite3_stmt, finalize> handle_;
};

/// What a database is opened for.
enum class database_access : std::uint8_t {
  write,  ///< by one process at a time, as long as it has the database open; the file is made where there is none
  read,   ///< also while another process writes: what was committed when a statement began. Nothing is changed
};

/// A database file in WAL mode: a commit survives a kill, and one that a kill interrupts leaves no trace. The one writer
/// holds a lock on PATH.lock, an empty file beside it, which the system takes back when the process ends, however it does.
class database {
 public:
  /// @throws io_error  the file cannot be opened, is no database, or another process writes to it already
  explicit database(const std::string& path, database_access access = database_access::write) {
    if (access == database_access::write) lock_ = locked(path + ".lock");
    sqlite3* raw = nullptr;
    const int code = access == database_access::write
                         ? sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr)
                         : sqlite3_open_v2(reading_uri(path).c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK) throw io_error(path + ": cannot open: " + sqlite3_errstr(code));
    sqlite3_busy_timeout(raw, patience_ms);
    try {
      if (access == database_access::write) {
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
      }
      run("SELECT COUNT(*) FROM sqlite_master");  // whether it is a database
    } catch (const io_error& e) {
      throw io_error(path + ": " + e.what());
    }
  }

  /// Runs SQL that takes no parameters and whose rows do not matter.
  void run(const char* sql) {
    char* message = nullptr;
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, &message) == SQLITE_OK) return;
    const std::string text = message == nullptr ? "unknown failure" : message;
    sqlite3_free(message);
    throw io_error("run state: " + text);
  }

  [[nodiscard]] statement prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
      throw io_error("run state: " + std::string(sqlite3_errmsg(handle_.get())));
    return statement(raw);
  }

  /// Calls `body` inside a transaction: all of it happens, or none.
  template <std::invocable F>
  void transaction(F&& body) {
    run("BEGIN IMMEDIATE");
    try {
      body();
    } catch (...) {
      sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
    run("COMMIT");
  }

 private:
  struct close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
  };

  static constexpr int patience_ms = 10'000;  // how long a statement waits for a lock, such as that of a checkpoint

  static file_descriptor locked(const std::string& path) {
    file_descriptor out(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (out.get() < 0) throw_os_error(path, "open", errno);
    if (::flock(out.get(), LOCK_EX | LOCK_NB) == 0) return out;
    if (errno == EWOULDBLOCK) throw io_error(path + ": found the lock of another process, expected to be the only writer");
    throw_os_error(path, "lock", errno);
  }

  // A database that nobody has open and that was closed in order is one file, and reading it leaves no others behind.
  static std::string reading_uri(const std::string& path) {
    std::string out = "file:";
    for (const char c : path)
      switch (c) {
        case '%': out += "%25"; break;
        case '?': out += "%3f"; break;
        case '#': out += "%23"; break;
        default: out += c;
      }
    return out + (std::filesystem::exists(path + "-wal") ? "?mode=ro" : "?mode=ro&immutable=1");
  }

  file_descriptor lock_;
  std::unique_ptr<sqlite3, close> handle_;
};

}  // namespace prismatic
