// Opening of the database: its pragmas, the migrations, the statements, and the index of what it holds.
#include <fmt/format.h>

#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "proxy/spool/sqlite_rows.hpp"
#include "proxy/spool/sqlite_statements.hpp"
#include "proxy/spool/sqlite_store.hpp"

namespace homeward::spool {
namespace {

/// Each brings the schema from the version before to its own (user_version: how many were done). Never
/// change one that was released: add one.
constexpr std::array<const char*, 2> kMigrations{R"(
  CREATE TABLE entry (row INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
    account TEXT NOT NULL, state TEXT NOT NULL, client TEXT NOT NULL, client_name TEXT NOT NULL,
    listener TEXT NOT NULL, esmtp INTEGER NOT NULL, reverse_path TEXT NOT NULL, parameters TEXT NOT NULL,
    recipients TEXT NOT NULL, octets INTEGER NOT NULL, in_file INTEGER NOT NULL,
    received_wall INTEGER NOT NULL, received_seen INTEGER NOT NULL, next INTEGER NOT NULL,
    attempts INTEGER NOT NULL, last_wall INTEGER, last_seen INTEGER, last_word TEXT NOT NULL,
    possible_copy INTEGER NOT NULL, delay_told INTEGER NOT NULL, held_by_person INTEGER NOT NULL);
  CREATE TABLE content (row INTEGER PRIMARY KEY, sum INTEGER NOT NULL, octets BLOB NOT NULL);
  CREATE TABLE trace (row INTEGER PRIMARY KEY, id TEXT NOT NULL, wall INTEGER NOT NULL,
    seen INTEGER NOT NULL, event TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX trace_id ON trace(id);
  CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE clock (row INTEGER PRIMARY KEY CHECK (row = 1), boot TEXT NOT NULL,
    since_boot INTEGER NOT NULL, wall INTEGER NOT NULL, seen INTEGER NOT NULL);
  CREATE TABLE set_aside (row INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT (datetime('now')),
    why TEXT NOT NULL, id, kind, about, account, state, client, client_name, listener, esmtp, reverse_path,
    parameters, recipients, octets, in_file, received_wall, received_seen, next, attempts, last_wall,
    last_seen, last_word, possible_copy, delay_told, held_by_person, content BLOB);
)",
                                                 R"(
  ALTER TABLE entry ADD COLUMN login TEXT;
  ALTER TABLE entry ADD COLUMN local_user TEXT;
  ALTER TABLE set_aside ADD COLUMN login;
  ALTER TABLE set_aside ADD COLUMN local_user;
)"};

// One owner, so the index of the log is kept in memory and no lock is taken and given back for each commit.
// FULL: a commit is synced before it is told. FAST: what is deleted is overwritten where that costs no
// further page. Checkpoints are ours (tidy), the log is not cut back below what it reaches in normal times.
constexpr const char* kPragmas =
    "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA secure_delete=FAST; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216;"
    "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";

using OpenFault = SqliteStore::OpenFault;

std::unexpected<OpenFault> open_fault(const SqlFault& fault) {
  using enum OpenFault::Kind;
  if (fault.is_corruption()) return std::unexpected(OpenFault{damaged, fault.words});
  return std::unexpected(OpenFault{failed, words_for(fault)});
}

/// Whether it is ours and of a version that we know.
std::expected<std::int64_t, OpenFault> known_version(Database& database) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return open_fault(application.error());
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return open_fault(version.error());
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return open_fault(tables.error());
  const bool is_new = **application == 0 && **version == 0 && **tables == 0;
  using enum OpenFault::Kind;
  if (!is_new && **application != kApplicationId) {
    return std::unexpected(OpenFault{foreign, "it is the database of another program"});
  }
  if (**version < 0 || **version > static_cast<std::int64_t>(kMigrations.size())) {
    return std::unexpected(
        OpenFault{foreign, fmt::format("its format has version {}, which a later homeward made "
                                       "(this one knows {})",
                                       **version, kMigrations.size())});
  }
  return **version;
}

Sql<void> migrate(Database& database, std::int64_t version) {
  for (auto i = static_cast<std::size_t>(version); i < kMigrations.size(); ++i) {
    auto done =
        database.exec(fmt::format("BEGIN; {} PRAGMA application_id={}; PRAGMA user_version={}; COMMIT;",
                                  kMigrations[i], kApplicationId, i + 1));
    if (!done) return done;
  }
  return {};
}

}  // namespace

Sql<SqliteStore::Statements> SqliteStore::Statements::prepare(Database& database) {
  Statements all;
  const auto select = fmt::format("SELECT {} FROM entry WHERE row=?", kEntryColumns);
  const auto insert = fmt::format("INSERT INTO entry({}) VALUES({})", kEntryColumns, kEntryMarks);
  const std::pair<Statement*, std::string> texts[] = {
      {&all.begin, "BEGIN"},
      {&all.commit, "COMMIT"},
      {&all.roll_back, "ROLLBACK"},
      {&all.mark, "SAVEPOINT part"},
      {&all.keep, "RELEASE part"},
      {&all.undo, "ROLLBACK TO part"},
      {&all.load, select},
      {&all.insert, insert},
      {&all.update,
       "UPDATE entry SET "
       "account=?,state=?,recipients=?,next=?,attempts=?,last_wall=?,last_seen=?,last_word=?,"
       "possible_copy=?,delay_told=?,held_by_person=? WHERE row=?"},
      {&all.remove, "DELETE FROM entry WHERE row=?"},
      {&all.insert_content, "INSERT INTO content(row,sum,octets) VALUES(?,?,?)"},
      {&all.load_content, "SELECT octets,sum FROM content WHERE row=?"},
      {&all.remove_content, "DELETE FROM content WHERE row=?"},
      {&all.add_trace, "INSERT INTO trace(id,wall,seen,event,text) VALUES(?,?,?,?,?)"},
      {&all.trace, "SELECT wall,event,text FROM trace WHERE id=? ORDER BY row LIMIT 10000"},
      {&all.trace_ids, "SELECT DISTINCT id FROM trace WHERE id>=? AND id<? LIMIT ?"},
      // Lines come in the order of witnessed time: the oldest are the first rows.
      {&all.prune_trace,
       "DELETE FROM trace WHERE row IN (SELECT row FROM trace ORDER BY row LIMIT 500) AND seen<?"},
      {&all.remember,
       "INSERT INTO setting(key,value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value"},
      {&all.forget, "DELETE FROM setting WHERE key=?"},
      {&all.remembered, "SELECT key,value FROM setting ORDER BY key"},
      {&all.set_time, "INSERT OR REPLACE INTO clock(row,boot,since_boot,wall,seen) VALUES(1,?,?,?,?)"},
      {&all.time, "SELECT boot,since_boot,wall,seen FROM clock WHERE row=1"},
  };
  for (const auto& [statement, text] : texts) {
    auto prepared = database.prepare(text);
    if (!prepared) return std::unexpected(std::move(prepared.error()));
    *statement = std::move(*prepared);
  }
  return all;
}

SqliteStore::SqliteStore(Database database) : database_(std::move(database)) {
  const auto keep_size = [](void* store, sqlite3* /*database*/, const char* /*name*/, int pages) {
    static_cast<SqliteStore*>(store)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(database_.handle(), keep_size, this);
}

SqliteStore::~SqliteStore() = default;

Sql<std::unique_ptr<SqliteStore>> SqliteStore::prepare(Database database) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(database)));
  auto statements = Statements::prepare(store->database_);
  if (!statements) return std::unexpected(std::move(statements.error()));
  store->statements_ = std::make_unique<Statements>(std::move(*statements));
  const auto aside = store->database_.integer("SELECT count(*) FROM set_aside");
  if (!aside) return std::unexpected(aside.error());
  store->set_aside_ = static_cast<std::uint64_t>(aside->value_or(0));
  return store;
}

std::expected<std::unique_ptr<SqliteStore>, OpenFault> SqliteStore::open(const std::string& path,
                                                                         const std::string& vfs) {
  // NOMUTEX: one thread at a time uses it.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
  auto database = Database::open(path, kFlags, vfs);
  if (!database) return open_fault(database.error());
  database->leave_log(true);  // what is not ours, or damaged, is not even tidied
  if (auto set = database->exec("PRAGMA locking_mode=EXCLUSIVE"); !set) return open_fault(set.error());
  const auto version = known_version(*database);
  if (!version) return std::unexpected(version.error());
  if (auto set = database->exec(kPragmas); !set) return open_fault(set.error());
  if (auto migrated = migrate(*database, *version); !migrated) return open_fault(migrated.error());
  auto store = prepare(std::move(*database));
  if (!store) {
    // Our mark, our version, and yet a table is missing.
    if (!store.error().is_storage())
      return std::unexpected(OpenFault{OpenFault::Kind::damaged, store.error().words});
    return open_fault(store.error());
  }
  (*store)->database_.leave_log(false);
  return std::move(*store);
}

Sql<std::vector<SqliteStore::BadRow>> SqliteStore::read_index() {
  // length() of a blob reads its header alone.
  auto lengths = database_.prepare("SELECT row,length(octets) FROM content");
  if (!lengths) return std::unexpected(std::move(lengths.error()));
  std::unordered_map<std::int64_t, std::int64_t> inside;
  auto more = lengths->step();
  for (; more && *more; more = lengths->step()) inside.emplace(lengths->integer(0), lengths->integer(1));
  if (!more) return std::unexpected(more.error());

  std::vector<BadRow> bad;
  auto rows = database_.prepare(fmt::format("SELECT {} FROM entry ORDER BY row", kEntryColumns));
  if (!rows) return std::unexpected(std::move(rows.error()));
  for (more = rows->step(); more && *more; more = rows->step()) {
    const auto read = read_entry(*rows);
    std::string why = read ? "" : read.error();
    if (read && !read->in_file) {
      const auto found = inside.find(read->row);
      if (found == inside.end()) why = "its content is missing";
      if (found != inside.end() && found->second != static_cast<std::int64_t>(read->entry.octets))
        why = "its content is cut";
    }
    if (read && index_.contains(read->entry.id)) why = "its id is there twice";
    if (!why.empty()) {
      bad.push_back({rows->integer(0), std::string(rows->text(1)), std::move(why)});
      continue;
    }
    index_.emplace(read->entry.id,
                   Live{read->row, read->entry.octets, read->in_file, summary_of(read->entry)});
  }
  if (!more) return std::unexpected(more.error());
  return bad;
}

Sql<void> SqliteStore::set_aside(const std::vector<BadRow>& rows) {
  auto copy = database_.prepare(fmt::format(
      "INSERT INTO set_aside(why,content,{0}) SELECT ?,(SELECT octets FROM content WHERE row=entry.row),"
      "NULL,{1} FROM entry WHERE row=?",
      kEntryColumns, std::string_view(kEntryColumns).substr(4)));
  if (!copy) return std::unexpected(std::move(copy.error()));
  for (const auto& bad : rows) {
    auto done = copy->reset().bind(bad.why).bind(bad.row).run();
    if (done) done = statements_->remove.reset().bind(bad.row).run();
    if (done) done = statements_->remove_content.reset().bind(bad.row).run();
    if (!done) return done;
    ++set_aside_;
  }
  return {};
}

std::vector<std::pair<std::string, std::uint64_t>> SqliteStore::in_files() const {
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (const auto& [id, live] : index_) {
    if (live.in_file) found.emplace_back(id, live.octets);
  }
  return found;
}

Sql<std::vector<std::string>> SqliteStore::set_aside_ids() {
  auto ids = database_.prepare("SELECT id FROM set_aside");
  if (!ids) return std::unexpected(std::move(ids.error()));
  std::vector<std::string> found;
  auto more = ids->step();
  for (; more && *more; more = ids->step()) found.emplace_back(ids->text(0));
  if (!more) return std::unexpected(more.error());
  return found;
}

SqliteStore::BadRow SqliteStore::give_up(const std::string& id, std::string why) {
  const auto found = index_.find(id);
  BadRow bad{found == index_.end() ? 0 : found->second.row, id, std::move(why)};
  if (found != index_.end()) index_.erase(found);
  return bad;
}

}  // namespace homeward::spool
