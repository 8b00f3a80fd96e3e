// Reading of a damaged database: forward from its first row to the first fault, back from the last one, and
// then each row between by its number.
#include "proxy/spool/salvage.hpp"

#include <fmt/format.h>

#include <optional>

#include "proxy/base/log.hpp"
#include "proxy/spool/sqlite_rows.hpp"

namespace homeward::spool {
namespace {

constexpr std::int64_t kMostProbes = 100'000;
constexpr std::int64_t kMostTraceLines = 100'000;

void tell(const SqlFault& fault) {
  log::warning("spool.salvage", {{"error", words_for(fault)}});
}

Salvaged unreadable(const SqlFault& fault) {
  tell(fault);
  return {};
}

class Salvage {
 public:
  Salvage(Database database, SqliteStore& store, const std::unordered_map<std::string, std::int64_t>& files)
      : database_(std::move(database)), store_(store), files_(files) {
    if (!database_.prepare("SELECT login,local_user FROM entry")) columns_ = kFirstEntryColumns;
  }

  Salvaged run() {
    const auto first_bad = sweep("ORDER BY row", 0);
    if (!first_bad) return salvaged_;
    const auto last_bad = sweep("ORDER BY row DESC", 1);
    if (last_bad) probe(*first_bad, *last_bad);
    return salvaged_;
  }
  void run_beside() {
    take_settings();
    take_trace();
  }

 private:
  /// Takes rows in an order until a fault; then the number behind the last good one, in that direction.
  std::optional<std::int64_t> sweep(std::string_view order, int direction) {
    std::int64_t reached = direction == 0 ? 0 : std::numeric_limits<std::int64_t>::max();
    auto rows = database_.prepare(fmt::format("SELECT {} FROM entry {}", columns_, order));
    if (!rows) {
      tell(rows.error());
      return reached;
    }
    for (auto more = rows->step();; more = rows->step()) {
      if (!more) {
        tell(more.error());
        return direction == 0 ? reached + 1 : reached - 1;
      }
      if (!*more) return std::nullopt;
      reached = rows->integer(0);
      take(*rows);
    }
  }

  void probe(std::int64_t from, std::int64_t to) {
    if (to - from > kMostProbes) to = from + kMostProbes;
    auto one = database_.prepare(fmt::format("SELECT {} FROM entry WHERE row=?", columns_));
    if (!one) return;
    for (auto row = from; row <= to; ++row) {
      const auto there = one->reset().bind(row).step();
      if (there && *there) take(*one);
    }
  }

  void take(const Statement& row) {
    const auto read = read_entry(row);
    if (!read) {
      ++salvaged_.lost;
      return;
    }
    if (store_.has(read->entry.id)) return;  // seen from the other side
    const auto content = read->in_file ? std::optional<std::string>() : inside(read->row);
    const bool whole =
        read->in_file ? file_is_whole(read->entry) : content && content->size() == read->entry.octets;
    bool taken = whole && store_.mark();
    if (taken) {
      taken = store_.insert(read->entry, read->in_file ? NewContent() : NewContent(*content)).has_value();
      if (!taken) store_.undo();
      if (taken) taken = store_.keep().has_value();
    }
    ++(taken ? salvaged_.taken : salvaged_.lost);
  }

  std::optional<std::string> inside(std::int64_t row) {
    auto content = database_.prepare("SELECT octets,sum FROM content WHERE row=?");
    if (!content) return std::nullopt;
    const auto there = content->bind(row).step();
    if (!there || !*there || content->integer(1) != sum_of(content->text(0))) return std::nullopt;
    return std::string(content->text(0));
  }

  bool file_is_whole(const Entry& entry) const {
    const auto file = files_.find(entry.id);
    return file != files_.end() && file->second == static_cast<std::int64_t>(entry.octets);
  }

  void take_settings() {
    auto settings = database_.prepare("SELECT key,value FROM setting");
    if (!settings) return;
    for (auto more = settings->step(); more && *more; more = settings->step()) {
      if (!store_.remember(settings->text(0), settings->text(1))) return;
    }
    auto time = database_.prepare("SELECT boot,since_boot,wall,seen FROM clock");
    if (!time) return;
    const auto there = time->step();
    if (!there || !*there) return;
    const TimeRecord record{.boot = std::string(time->text(0)),
                            .since_boot = std::chrono::milliseconds{time->integer(1)},
                            .wall = from_milliseconds(time->integer(2)),
                            .witnessed = std::chrono::milliseconds{time->integer(3)}};
    (void)store_.set_time(record);  // without it, time begins at the latest message's
  }

  void take_trace() {
    auto lines = database_.prepare(
        fmt::format("SELECT id,wall,event,text,seen FROM trace ORDER BY row LIMIT {}", kMostTraceLines));
    if (!lines) return;
    for (auto more = lines->step(); more && *more; more = lines->step()) {
      const TraceLine line{.id = std::string(lines->text(0)),
                           .when = from_milliseconds(lines->integer(1)),
                           .event = std::string(lines->text(2)),
                           .text = std::string(lines->text(3))};
      if (!store_.add_trace(line, std::chrono::milliseconds{lines->integer(4)})) return;
    }
  }

  Database database_;
  SqliteStore& store_;
  const std::unordered_map<std::string, std::int64_t>& files_;
  Salvaged salvaged_;
  const char* columns_ = kEntryColumns;
};

}  // namespace

Salvaged salvage(const std::string& path, SqliteStore& store,
                 const std::unordered_map<std::string, std::int64_t>& files) {
  auto database = Database::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, "");
  if (!database) return unreadable(database.error());
  // Without the check that the file is as long as its head says: cut ones are what we came for.
  if (const auto set = database->exec("PRAGMA writable_schema=ON"); !set) return unreadable(set.error());
  Salvage work(std::move(*database), store, files);
  if (const auto begun = store.begin(); !begun) return {};
  const auto salvaged = work.run();
  work.run_beside();
  if (!store.commit()) {
    store.roll_back();
    return {};
  }
  return salvaged;
}

}  // namespace homeward::spool
