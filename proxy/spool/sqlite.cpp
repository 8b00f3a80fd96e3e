// The thin layer over SQLite's C interface.
#include "proxy/spool/sqlite.hpp"

#include <fmt/format.h>

#include <limits>

#include "proxy/spool/file_system.hpp"

namespace homeward::spool {
namespace {

SqlFault fault_of(sqlite3* database, int code) {
  if (database == nullptr) return {code, sqlite3_errstr(code)};
  const int extended = sqlite3_extended_errcode(database);
  if ((extended & 0xff) != (code & 0xff)) return {code, sqlite3_errstr(code)};
  return {extended, sqlite3_errmsg(database)};
}

/// SQLite's own words are for programmers.
std::string_view plain_words(const SqlFault& fault) {
  switch (fault.code & 0xff) {
    case SQLITE_FULL:
      return "no room on the disk";
    case SQLITE_READONLY:
      return "the disk is read-only";
    case SQLITE_IOERR:
      return "the disk fails";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds the spool's database";
    default:
      return "the spool's database can't be used";
  }
}

}  // namespace

bool SqlFault::is_corruption() const {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

bool SqlFault::is_storage() const {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
      return true;
    default:
      return false;
  }
}

std::string words_for(const SqlFault& fault) {
  return fmt::format("{} ({})", plain_words(fault), fault.words);
}

Error to_error(const SqlFault& fault) {
  const auto words = words_for(fault);
  auto error = fault.is_storage() ? storage_error("the spool can't be written", words)
                                  : spool_error(fmt::format("the spool failed: {}", words));
  error.detail = fmt::format("sqlite {}: {}", fault.code, fault.words);
  return error;
}

Statement& Statement::reset() {
  sqlite3_reset(statement_.get());  // its answer repeats the last step's
  sqlite3_clear_bindings(statement_.get());
  next_ = 1;
  bad_bind_ = SQLITE_OK;
  return *this;
}

void Statement::check(int code) {
  if (code != SQLITE_OK && bad_bind_ == SQLITE_OK) bad_bind_ = code;
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), next_++, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // No text at all would be NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  check(sqlite3_bind_text64(statement_.get(), next_++, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_octets(std::string_view octets) {
  const char* data = octets.data() == nullptr ? "" : octets.data();
  check(sqlite3_bind_blob64(statement_.get(), next_++, data, octets.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(statement_.get(), next_++));
  return *this;
}

Sql<bool> Statement::step() {
  if (bad_bind_ != SQLITE_OK) return std::unexpected(fault_of(database_, bad_bind_));
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto fault = fault_of(database_, code);
  sqlite3_reset(statement_.get());
  return std::unexpected(std::move(fault));
}

Sql<void> Statement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return std::unexpected(stepped.error());
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<std::size_t>(size));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Sql<Database> Database::open(const std::string& path, int flags, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  Database database(handle);
  if (code != SQLITE_OK) return std::unexpected(fault_of(handle, code));
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

void Database::leave_log(bool leave) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave ? 1 : 0, nullptr);
}

Sql<void> Database::exec(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(fault_of(handle_.get(), code));
  return {};
}

Sql<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(fault_of(handle_.get(), code));
  return Statement(handle_.get(), statement);
}

Sql<std::optional<std::int64_t>> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement.error()));
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<std::int64_t>{};
  return statement->integer(0);
}

}  // namespace homeward::spool
