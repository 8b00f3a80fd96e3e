// SqliteStore: the spool in one SQLite file. Write-ahead log, full sync, one owner. Rows are addressed by
// their number, which grows, so that new ones come at the end of their trees and few pages change for a
// message; what is asked by id is found in an index that is kept in memory and read once, at the start.
//
//   entry      one row per message that is not done; texts by row_text.hpp
//   content    its octets, up to kLargestInside; larger ones are files (content_folder.hpp)
//   trace      what happened to messages; no content
//   setting    small things that must outlive us
//   clock      the one TimeRecord
//   set_aside  rows of `entry` that could not be read, as they were, and why
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/spool/sqlite.hpp"
#include "proxy/spool/store.hpp"

namespace homeward::spool {

/// The first four octets of "hwspool": what `file` and a person can tell the database by.
inline constexpr std::int64_t kApplicationId = 0x68777370;
inline constexpr std::int64_t kPageSize = 4096;

class SqliteStore final : public Store {
 public:
  /// Why a database was not opened.
  struct OpenFault {
    enum class Kind : std::uint8_t {
      failed,   ///< of the system: it is to be tried again as it is
      damaged,  ///< ours, or was: to be set aside, and read as far as it can be
      foreign,  ///< somebody else's, or a later version's: to be set aside untouched
    };
    Kind kind = Kind::failed;
    std::string words;
  };
  /// A row that can't be used: its number, and why.
  struct BadRow {
    std::int64_t row = 0;
    std::string id;
    std::string why;
  };

  /// Opens or makes the database, whose file is there (0600, empty where new), and brings it up to date.
  static std::expected<std::unique_ptr<SqliteStore>, OpenFault> open(const std::string& path,
                                                                     const std::string& vfs);
  ~SqliteStore() override;

  /// Reads all entries into the index. Rows that can't be used, or whose content is missing, are returned
  /// and left out of it; a fault that the file itself has is the error.
  Sql<std::vector<BadRow>> read_index();
  /// Moves them to the table set_aside, with their content where it is inside.
  Sql<void> set_aside(const std::vector<BadRow>& rows);
  bool has(std::string_view id) const { return find(id) != nullptr; }
  /// Those whose content is in a file, with its octets.
  std::vector<std::pair<std::string, std::uint64_t>> in_files() const;
  Sql<std::vector<std::string>> set_aside_ids();
  /// Closes it as it is, for a file that is to be set aside.
  void leave_as_is() { database_.leave_log(true); }
  /// An entry out of the index, to be set aside (its file is missing).
  BadRow give_up(const std::string& id, std::string why);

  Result<void> begin() override;
  Result<void> commit() override;
  void roll_back() override;
  bool in_transaction() const override { return database_.in_transaction(); }
  Result<void> mark() override;
  Result<void> keep() override;
  void undo() override;

  Result<Entry> load(std::string_view id) override;
  Result<void> insert(const Entry& entry, NewContent content) override;
  Result<void> update(const Entry& entry) override;
  Result<bool> remove(std::string_view id) override;
  Result<std::optional<std::string>> content(std::string_view id) override;

  std::vector<Summary> summaries() const override;
  Result<std::vector<Entry>> list(const ListQuery& query) override;
  Result<std::vector<std::string>> ids(std::string_view prefix, std::size_t most) override;
  Counts counts() const override;

  Result<void> add_trace(const TraceLine& line, std::chrono::milliseconds witnessed) override;
  Result<std::vector<TraceLine>> trace(std::string_view id) override;
  Result<bool> prune_trace(std::chrono::milliseconds before) override;

  Result<void> remember(std::string_view key, std::string_view value) override;
  Result<std::vector<std::pair<std::string, std::string>>> remembered() override;
  Result<void> set_time(const TimeRecord& record) override;
  Result<std::optional<TimeRecord>> time() override;

  Result<void> tidy(bool busy) override;

 private:
  struct Statements;
  /// An entry in the index.
  struct Live {
    std::int64_t row = 0;
    std::uint64_t octets = 0;
    bool in_file = false;
    Summary summary;
  };
  explicit SqliteStore(Database database);
  static Sql<std::unique_ptr<SqliteStore>> prepare(Database database);
  const Live* find(std::string_view id) const;
  void set_live(const std::string& id, std::optional<Live> now);
  void restore(std::size_t from);

  Database database_;
  std::unique_ptr<Statements> statements_;
  std::map<std::string, Live, std::less<>> index_;
  std::vector<std::pair<std::string, std::optional<Live>>> undo_;  ///< what the transaction changed in it
  std::size_t mark_ = 0;
  std::uint64_t set_aside_ = 0;
  int log_pages_ = 0;  ///< of the write-ahead log, by SQLite's hook
};

}  // namespace homeward::spool
