// SqliteStore while mail flows: transactions and entries. Trace and settings: sqlite_trace.cpp.
#include "proxy/spool/sqlite_store.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/spool/file_system.hpp"
#include "proxy/spool/sqlite_rows.hpp"
#include "proxy/spool/sqlite_statements.hpp"

namespace homeward::spool {
namespace {

/// Pages of the log from which it is written back while nobody waits, and even while somebody does.
constexpr int kTidyPages = 1000;
constexpr int kMostPages = 4000;

std::unexpected<Error> no_such(std::string_view id) {
  return std::unexpected(
      make_error(Fault::local, 550, {5, 1, 0}, fmt::format("no such message: {}", id.substr(0, 64))));
}

}  // namespace

const SqliteStore::Live* SqliteStore::find(std::string_view id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &found->second;
}

void SqliteStore::set_live(const std::string& id, std::optional<Live> now) {
  const auto* before = find(id);
  undo_.emplace_back(id, before == nullptr ? std::optional<Live>() : *before);
  if (now) {
    index_.insert_or_assign(id, std::move(*now));
  } else {
    index_.erase(id);
  }
}

/// Takes back what was changed in the index since `from`, the last first.
void SqliteStore::restore(std::size_t from) {
  while (undo_.size() > from) {
    auto& [id, before] = undo_.back();
    if (before) {
      index_.insert_or_assign(id, std::move(*before));
    } else {
      index_.erase(id);
    }
    undo_.pop_back();
  }
}

Result<void> SqliteStore::begin() {
  undo_.clear();
  mark_ = 0;
  return told(statements_->begin.reset().run());
}

Result<void> SqliteStore::commit() {
  auto done = statements_->commit.reset().run();
  if (!done) return failed(done.error());
  undo_.clear();
  return {};
}

void SqliteStore::roll_back() {
  // It fails only where a fault has rolled back already.
  if (in_transaction()) (void)statements_->roll_back.reset().run();
  restore(0);
}

Result<void> SqliteStore::mark() {
  mark_ = undo_.size();
  return told(statements_->mark.reset().run());
}

Result<void> SqliteStore::keep() {
  return told(statements_->keep.reset().run());
}

void SqliteStore::undo() {
  if (!in_transaction()) return;  // all of it is gone: roll_back() restores the index
  auto undone = statements_->undo.reset().run();
  if (undone) undone = statements_->keep.reset().run();
  restore(mark_);
}

Result<Entry> SqliteStore::load(std::string_view id) {
  const auto* live = find(id);
  if (live == nullptr) return no_such(id);
  auto& load = statements_->load.reset().bind(live->row);
  const auto there = load.step();
  if (!there) return failed(there.error());
  if (!*there)
    return std::unexpected(spool_error(fmt::format("message {} can't be read: its row is gone", id)));
  auto row = read_entry(load);
  load.reset();
  if (!row) return std::unexpected(spool_error(fmt::format("message {} can't be read: {}", id, row.error())));
  return std::move(row->entry);
}

Result<void> SqliteStore::insert(const Entry& entry, NewContent content) {
  if (find(entry.id) != nullptr) {
    return std::unexpected(spool_error(fmt::format("message {} is there already", entry.id)));
  }
  const BoundTexts texts(entry);
  EntryRow row{0, !content.has_value(), entry};
  auto& insert = statements_->insert.reset();
  bind_entry(insert, row, texts);
  auto done = insert.run();
  if (!done) return failed(done.error());
  row.row = database_.last_row();
  if (content) {
    done =
        statements_->insert_content.reset().bind(row.row).bind(sum_of(*content)).bind_octets(*content).run();
    if (!done) return failed(done.error());
  }
  set_live(entry.id, Live{row.row, entry.octets, row.in_file, summary_of(entry)});
  return {};
}

Result<void> SqliteStore::update(const Entry& entry) {
  const auto* live = find(entry.id);
  if (live == nullptr) return no_such(entry.id);
  const auto recipients = recipients_text(entry.recipients);
  auto& update = statements_->update.reset();
  update.bind(entry.account).bind(to_string(entry.state)).bind(recipients);
  update.bind(std::int64_t{entry.next.count()}).bind(std::int64_t{entry.attempts});
  if (entry.last_attempt) {
    update.bind(to_milliseconds(entry.last_attempt->wall));
    update.bind(std::int64_t{entry.last_attempt->witnessed.count()});
  } else {
    update.bind_null().bind_null();
  }
  update.bind(entry.last_word).bind(std::int64_t{entry.possible_copy});
  update.bind(std::int64_t{entry.delay_told}).bind(std::int64_t{entry.held_by_person}).bind(live->row);
  if (const auto done = update.run(); !done) return failed(done.error());
  auto changed = *live;
  changed.summary = summary_of(entry);
  set_live(entry.id, std::move(changed));
  return {};
}

Result<bool> SqliteStore::remove(std::string_view id) {
  const auto* live = find(id);
  if (live == nullptr) return no_such(id);
  const bool in_file = live->in_file;
  auto done = statements_->remove.reset().bind(live->row).run();
  if (done && !in_file) done = statements_->remove_content.reset().bind(live->row).run();
  if (!done) return failed(done.error());
  set_live(std::string(id), std::nullopt);
  return in_file;
}

Result<std::optional<std::string>> SqliteStore::content(std::string_view id) {
  const auto* live = find(id);
  if (live == nullptr) return no_such(id);
  if (live->in_file) return std::optional<std::string>{};
  auto& load = statements_->load_content.reset().bind(live->row);
  const auto there = load.step();
  if (!there) return failed(there.error());
  const bool whole = *there && load.text(0).size() == live->octets && load.integer(1) == sum_of(load.text(0));
  std::optional<std::string> octets;
  if (whole) octets = std::string(load.text(0));
  load.reset();
  if (!whole) return std::unexpected(spool_error(fmt::format("the content of message {} is damaged", id)));
  return octets;
}

std::vector<Summary> SqliteStore::summaries() const {
  std::vector<Summary> all;
  all.reserve(index_.size());
  for (const auto& [id, live] : index_) all.push_back(live.summary);
  return all;
}

Result<std::vector<Entry>> SqliteStore::list(const ListQuery& query) {
  std::vector<Entry> found;
  for (auto i = index_.upper_bound(query.after); i != index_.end() && found.size() < query.limit; ++i) {
    const auto& summary = i->second.summary;
    if (query.state && summary.state != *query.state) continue;
    if (query.account && summary.account != *query.account) continue;
    auto entry = load(i->first);
    if (!entry) return std::unexpected(std::move(entry.error()));
    found.push_back(std::move(*entry));
  }
  return found;
}

Counts SqliteStore::counts() const {
  Counts counts{.set_aside = set_aside_};
  for (const auto& [id, live] : index_) {
    counts.octets += live.octets;
    switch (live.summary.state) {
      case State::held:
        ++counts.held;
        break;
      case State::failed:
        ++counts.failed;
        break;
      case State::pending:
      case State::done:
        break;
      case State::queued:
      case State::sending:
      case State::reply_unknown:
      case State::deferred:
        ++counts.waiting;
    }
  }
  return counts;
}

Result<void> SqliteStore::tidy(bool busy) {
  if (log_pages_ < (busy ? kMostPages : kTidyPages)) return {};
  log_pages_ = 0;  // not again at once where it fails; the next commit tells the true size
  const int code =
      sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return failed({code, sqlite3_errmsg(database_.handle())});
  return {};
}

}  // namespace homeward::spool
