// SqliteStore: the trace, the settings and the clock.
#include "proxy/spool/sqlite_rows.hpp"
#include "proxy/spool/sqlite_statements.hpp"
#include "proxy/spool/sqlite_store.hpp"

namespace homeward::spool {

Result<std::vector<std::string>> SqliteStore::ids(std::string_view prefix, std::size_t most) {
  std::vector<std::string> found;
  for (auto i = index_.lower_bound(prefix); i != index_.end() && found.size() < most; ++i) {
    if (!i->first.starts_with(prefix)) break;
    found.push_back(i->first);
  }
  // Those that are done have a trace still.
  const auto end = std::string(prefix) + "\x7f";
  auto& ids = statements_->trace_ids.reset().bind(prefix).bind(end).bind(static_cast<std::int64_t>(most));
  auto more = ids.step();
  for (; more && *more && found.size() < most; more = ids.step()) {
    if (find(ids.text(0)) == nullptr) found.emplace_back(ids.text(0));
  }
  ids.reset();
  if (!more) return failed(more.error());
  return found;
}

Result<void> SqliteStore::add_trace(const TraceLine& line, std::chrono::milliseconds witnessed) {
  auto& add = statements_->add_trace.reset();
  add.bind(line.id).bind(to_milliseconds(line.when)).bind(std::int64_t{witnessed.count()});
  return told(add.bind(line.event).bind(line.text).run());
}

Result<std::vector<TraceLine>> SqliteStore::trace(std::string_view id) {
  std::vector<TraceLine> lines;
  auto& trace = statements_->trace.reset().bind(id);
  auto more = trace.step();
  for (; more && *more; more = trace.step()) {
    lines.push_back({.id = std::string(id),
                     .when = from_milliseconds(trace.integer(0)),
                     .event = std::string(trace.text(1)),
                     .text = std::string(trace.text(2))});
  }
  trace.reset();
  if (!more) return failed(more.error());
  return lines;
}

Result<bool> SqliteStore::prune_trace(std::chrono::milliseconds before) {
  const auto pruned = statements_->prune_trace.reset().bind(std::int64_t{before.count()}).run();
  if (!pruned) return failed(pruned.error());
  return sqlite3_changes(database_.handle()) > 0;
}

Result<void> SqliteStore::remember(std::string_view key, std::string_view value) {
  if (value.empty()) return told(statements_->forget.reset().bind(key).run());
  return told(statements_->remember.reset().bind(key).bind(value).run());
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteStore::remembered() {
  std::vector<std::pair<std::string, std::string>> all;
  auto& settings = statements_->remembered.reset();
  auto more = settings.step();
  for (; more && *more; more = settings.step()) all.emplace_back(settings.text(0), settings.text(1));
  settings.reset();
  if (!more) return failed(more.error());
  return all;
}

Result<void> SqliteStore::set_time(const TimeRecord& record) {
  auto& set = statements_->set_time.reset();
  set.bind(record.boot).bind(std::int64_t{record.since_boot.count()}).bind(to_milliseconds(record.wall));
  return told(set.bind(std::int64_t{record.witnessed.count()}).run());
}

Result<std::optional<TimeRecord>> SqliteStore::time() {
  using std::chrono::milliseconds;
  auto& time = statements_->time.reset();
  const auto there = time.step();
  if (!there) return failed(there.error());
  std::optional<TimeRecord> record;
  if (*there) {
    record = {.boot = std::string(time.text(0)),
              .since_boot = milliseconds{time.integer(1)},
              .wall = from_milliseconds(time.integer(2)),
              .witnessed = milliseconds{time.integer(3)}};
  }
  time.reset();
  return record;
}

}  // namespace homeward::spool
