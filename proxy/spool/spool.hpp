// Spool: the durable store of accepted messages, as the network thread sees it. Every change is one
// transaction on a thread of its own, and many that come together share one commit; a call returns when what
// it did is on stable storage. Who may change what: sessions store, release and drop what is pending; all
// else is the runner's alone. The rules are in entry.hpp, the storage behind store.hpp. product.md 7,
// safety.md 5.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/clock.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/spool/draft.hpp"
#include "proxy/spool/entry.hpp"
#include "proxy/spool/file_system.hpp"
#include "proxy/spool/records.hpp"

namespace homeward::spool {

struct SpoolOptions {
  std::filesystem::path directory;  ///< state_directory: made 0700 where missing
  std::filesystem::path database;   ///< empty: spool.sqlite in it
  std::chrono::milliseconds keep_trace{std::chrono::hours{24 * 7}};
  std::string vfs;                    ///< of SQLite; empty: the system's. Fault tests bring their own.
  std::shared_ptr<FileSystem> files;  ///< none: the system's; shared, as drafts may outlive the spool
};

/// Content that was stored, for reading.
class StoredContent {
 public:
  virtual ~StoredContent() = default;
  virtual std::uint64_t size() const = 0;
  /// Up to `most` octets from `offset`; empty at the end. Errors: local 451 4.3.0.
  virtual net::Task<std::string> read(std::uint64_t offset, std::size_t most) = 0;
};

/// What is to be written along with an event, in the same transaction.
struct Report {
  Entry entry;
  std::string content;
};

struct SpoolFacts {
  std::uint64_t waiting = 0;  ///< entries by state
  std::uint64_t held = 0;
  std::uint64_t failed = 0;
  std::uint64_t set_aside = 0;        ///< rows that can't be read
  std::uint64_t octets = 0;           ///< of all content
  std::vector<std::string> troubles;  ///< for people: "no room: …", "the old spool was set aside as …"
};

/// Each call is carried out whole, also where its caller is canceled or gone while it waits: then it answers
/// Fault::canceled, and what it did stands.
class Spool {
 public:
  /// Opens or makes it; becomes its one owner; does what a restart does (Restarted for each entry that
  /// needs it), removes leftovers. A database that can't be read is set aside, never deleted, and what can
  /// be read of it is taken over. Blocks. Errors, all local with words for a person: not ours, a link, not a
  /// folder, owned by pid N, no room. The executor's context must outlive the spool; the clock is asked on
  /// the calling thread alone. It starts a thread: only once the process has given up what it must not keep.
  static Result<std::unique_ptr<Spool>> open(SpoolOptions options, net::asio::any_io_executor executor,
                                             net::Offload& offload, const Clock& clock);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  Moment now() const;
  /// Errors: local 452 4.3.1 where a message of `octets` would leave less than the reserve.
  Result<void> has_room(std::uint64_t octets) const;
  Draft draft();

  /// Stores a new entry (any state but failed and done) with its content; sets its octets, and the time of
  /// receipt where it has none. Errors: local 452 4.3.1, 451 4.3.0.
  net::Task<void> store(Entry entry, Draft content);
  /// The entry after `event`, stored; with `report`, also that. Content goes when it becomes done.
  /// Errors: local 451 4.3.0; 550 5.1.0 "no such message" where the id is unknown.
  net::Task<Entry> apply(std::string id, Event event, std::optional<Report> report = std::nullopt);

  net::Task<Entry> load(std::string id);
  net::Task<std::unique_ptr<StoredContent>> content(std::string id);
  /// All that wait, are held or failed, for the runner's start. Cheap: no recipients.
  net::Task<std::vector<Summary>> summaries();
  /// In the order of ids; at most 1000 at a time.
  net::Task<std::vector<Entry>> list(ListQuery query);
  /// Ids that begin with `prefix`, for completion; at most 100.
  net::Task<std::vector<std::string>> ids(std::string prefix);
  net::Task<SpoolFacts> facts();

  /// Adds to the trace; written with the next commit, within a second or so, and not waited for.
  void note(TraceLine line);
  net::Task<std::vector<TraceLine>> trace(std::string id);

  /// Small settings that must outlive us ("paused/home" → "1"); an empty value removes.
  net::Task<void> remember(std::string key, std::string value);
  net::Task<std::vector<std::pair<std::string, std::string>>> remembered();

  void set_keep_trace(std::chrono::milliseconds time);
  /// Called on the network thread where storage begins (with words) or ceases (empty) to fail.
  void on_trouble(std::function<void(std::string_view)> tell);

 private:
  friend class Draft;
  struct Inside;
  explicit Spool(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;  // shared with calls that are under way
};

}  // namespace homeward::spool
