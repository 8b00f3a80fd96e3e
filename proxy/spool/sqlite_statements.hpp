// The statements of SqliteStore, prepared once and kept. One place for all SQL that runs while mail flows.
#pragma once

#include "proxy/spool/sqlite.hpp"
#include "proxy/spool/sqlite_store.hpp"

namespace homeward::spool {

struct SqliteStore::Statements {
  static Sql<Statements> prepare(Database& database);

  Statement begin, commit, roll_back, mark, keep, undo;
  Statement load, insert, update, remove;
  Statement insert_content, load_content, remove_content;
  Statement add_trace, trace, trace_ids, prune_trace;
  Statement remember, forget, remembered;
  Statement set_time, time;
};

/// Answers of the layer beneath, as the store's callers get them.
inline std::unexpected<Error> failed(const SqlFault& fault) {
  return std::unexpected(to_error(fault));
}
template <class T>
Result<T> told(Sql<T> answer) {
  if (!answer) return failed(answer.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*answer);
  }
}

}  // namespace homeward::spool
