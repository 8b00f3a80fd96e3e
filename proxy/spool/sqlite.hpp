// SQLite as values: an open database, a prepared statement, and a fault. Only the sqlite_* files see it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"

namespace homeward::spool {

struct SqlFault {
  int code = 0;  ///< extended
  std::string words;

  bool is_corruption() const;  ///< the file is damaged, or no database
  bool is_storage() const;     ///< full, read-only, input/output: it may work again later
};

template <class T>
using Sql = std::expected<T, SqlFault>;

/// For a person: "no room on the disk (database or disk is full)".
std::string words_for(const SqlFault& fault);
/// 452 4.3.1 where storage fails, 451 4.3.0 else.
Error to_error(const SqlFault& fault);

/// A statement that is kept. Arguments are bound in order and must live until the next reset.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  /// Begins anew, with no argument bound.
  Statement& reset();
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_octets(std::string_view octets);
  Statement& bind_null();

  /// True where there is a row.
  Sql<bool> step();
  /// For what gives no rows; resets.
  Sql<void> run();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< until the next step; of blobs too
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void check(int code);

  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  int bad_bind_ = SQLITE_OK;  ///< told by the next step
};

class Database {
 public:
  static Sql<Database> open(const std::string& path, int flags, const std::string& vfs);

  Sql<void> exec(const std::string& sql);
  Sql<Statement> prepare(std::string_view sql);
  /// The first column of the first row. None: no row.
  Sql<std::optional<std::int64_t>> integer(std::string_view sql);
  /// Whether the write-ahead log is left beside the file when it is closed.
  void leave_log(bool leave);
  std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace homeward::spool
