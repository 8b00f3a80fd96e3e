// One row of `entry`, and the Entry that it stands for.
#pragma once

#include "proxy/spool/entry.hpp"
#include "proxy/spool/row_text.hpp"
#include "proxy/spool/sqlite.hpp"

namespace homeward::spool {

/// The columns of `entry` in the order in which both functions below know them.
inline constexpr const char* kEntryColumns =
    "row,id,kind,about,account,state,client,client_name,listener,esmtp,reverse_path,parameters,recipients,"
    "octets,in_file,received_wall,received_seen,next,attempts,last_wall,last_seen,last_word,possible_copy,"
    "delay_told,held_by_person,login,local_user";
inline constexpr const char* kEntryMarks = "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?";
/// The same as a SELECT has them from a database of the first version, which lacks the last two.
inline constexpr const char* kFirstEntryColumns =
    "row,id,kind,about,account,state,client,client_name,listener,esmtp,reverse_path,parameters,recipients,"
    "octets,in_file,received_wall,received_seen,next,attempts,last_wall,last_seen,last_word,possible_copy,"
    "delay_told,held_by_person,NULL,NULL";

struct EntryRow {
  std::int64_t row = 0;
  bool in_file = false;
  Entry entry;
};

/// The texts of an entry that must live while they are bound.
struct BoundTexts {
  explicit BoundTexts(const Entry& entry);
  std::string client;
  std::string reverse_path;
  std::string parameters;
  std::string recipients;
  std::string local_user;
};

/// Binds all columns; row 0: SQLite chooses the next.
void bind_entry(Statement& statement, const EntryRow& row, const BoundTexts& texts);

/// The row that `statement` stands on. Error: what can't be read of it.
Parsed<EntryRow> read_entry(const Statement& statement);

/// A sum by which a damaged content is told from a whole one (FNV-1a, 64 bits): pages may be lost in ways
/// that the database doesn't see.
std::int64_t sum_of(std::string_view octets);

std::int64_t to_milliseconds(std::chrono::system_clock::time_point wall);
std::chrono::system_clock::time_point from_milliseconds(std::int64_t wall);

}  // namespace homeward::spool
