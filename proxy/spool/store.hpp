// Store: the storage of the spool, as the rules see it (ledger.hpp). Synchronous, one transaction at a time,
// one thread at a time. A backend is one class: sqlite_store.hpp; a shared one can come beside it.
// Errors of all: 452 4.3.1 where storage fails (full, read-only, input/output), 451 4.3.0 else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.hpp"
#include "proxy/spool/entry.hpp"
#include "proxy/spool/records.hpp"
#include "proxy/spool/timeline.hpp"

namespace homeward::spool {

/// The largest content that is kept inside the database.
inline constexpr std::uint64_t kLargestInside = 64 * 1024;

/// A new entry's content: inside, or (none) in a file of the message's name.
using NewContent = std::optional<std::string_view>;

class Store {
 public:
  virtual ~Store() = default;

  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void roll_back() = 0;
  /// False where a fault has ended the transaction: all of it is gone.
  virtual bool in_transaction() const = 0;
  /// A part of the transaction that can be undone alone; ends with keep() or undo().
  virtual Result<void> mark() = 0;
  virtual Result<void> keep() = 0;
  virtual void undo() = 0;

  /// Errors: 550 5.1.0 no such message.
  virtual Result<Entry> load(std::string_view id) = 0;
  /// Errors: 451 where the id is taken.
  virtual Result<void> insert(const Entry& entry, NewContent content) = 0;
  /// State, account, recipients, schedule, words and marks; the rest of an entry never changes.
  virtual Result<void> update(const Entry& entry) = 0;
  /// With its content; true where that is in a file, which is the caller's to remove after the commit.
  virtual Result<bool> remove(std::string_view id) = 0;
  /// None: it is in a file.
  virtual Result<std::optional<std::string>> content(std::string_view id) = 0;

  virtual std::vector<Summary> summaries() const = 0;
  virtual Result<std::vector<Entry>> list(const ListQuery& query) = 0;
  virtual Result<std::vector<std::string>> ids(std::string_view prefix, std::size_t most) = 0;
  virtual Counts counts() const = 0;

  virtual Result<void> add_trace(const TraceLine& line, std::chrono::milliseconds witnessed) = 0;
  virtual Result<std::vector<TraceLine>> trace(std::string_view id) = 0;
  /// Removes some of what is older; true where there may be more.
  virtual Result<bool> prune_trace(std::chrono::milliseconds before) = 0;

  virtual Result<void> remember(std::string_view key, std::string_view value) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> remembered() = 0;
  virtual Result<void> set_time(const TimeRecord& record) = 0;
  virtual Result<std::optional<TimeRecord>> time() = 0;

  /// What is better done while nobody waits; `busy`: only what can't wait any longer.
  virtual Result<void> tidy(bool busy) = 0;
};

}  // namespace homeward::spool
