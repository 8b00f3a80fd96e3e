// The steps of a start, in their order.
#include "proxy/spool/opening.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_set>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/spool/ledger.hpp"
#include "proxy/spool/salvage.hpp"

namespace homeward::spool {
namespace {

using Fault = SqliteStore::OpenFault;
using Files = std::unordered_map<std::string, std::int64_t>;

class Start {
 public:
  explicit Start(const Opening& opening) : opening_(opening) {}

  Result<OpenedStore> run() {
    auto files = opening_.contents->all();
    if (!files) return std::unexpected(std::move(files.error()));
    auto done = open_database(*files);
    if (done) done = set_rows_aside(*files);
    if (!done) return std::unexpected(std::move(done.error()));
    auto timeline = go_on_from();
    if (!timeline) return std::unexpected(std::move(timeline.error()));
    done = restart_all(timeline->now());
    if (done) done = sweep(*files);
    if (!done) return std::unexpected(std::move(done.error()));
    return OpenedStore{std::move(store_), std::move(*timeline), std::move(troubles_)};
  }

 private:
  std::string path_of(const std::string& name) const { return (opening_.home.path / name).native(); }

  std::unexpected<Error> bad(const std::string& words) const {
    return std::unexpected(
        spool_error(fmt::format("the spool {} can't be opened: {}", path_of(opening_.database), words)));
  }

  void tell(std::string_view event, std::string words) {
    log::error(event, {{"trouble", words}});
    troubles_.push_back(std::move(words));
  }

  /// The database's file, 0600, before SQLite would make it with a mode of its own.
  Result<void> make_file() {
    const auto there = check_file(opening_.home, opening_.database);
    if (!there) return std::unexpected(there.error());
    if (*there) return {};
    auto made = opening_.files->create(opening_.home.descriptor.get(), opening_.database);
    if (!made) return bad(words_of(made.error()));
    if (auto synced = opening_.files->sync_folder(opening_.home.descriptor.get()); !synced) {
      return bad(words_of(synced.error()));
    }
    return {};
  }

  std::int64_t size_of(const std::string& name) const {
    struct stat status{};
    const bool there =
        ::fstatat(opening_.home.descriptor.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return there ? status.st_size : 0;
  }

  /// Opens it with its index; the error says what is to be done with the file.
  std::expected<void, Fault> try_open() {
    // SQLite reads what is missing of a last page as zeros. With a log beside it that may be as it should:
    // the page is in the log still.
    const bool cut = size_of(opening_.database) % kPageSize != 0 && size_of(opening_.database + "-wal") == 0;
    auto opened = SqliteStore::open(path_of(opening_.database), opening_.vfs);
    if (!opened) return std::unexpected(std::move(opened.error()));
    store_ = std::move(*opened);
    if (cut) {
      store_->leave_as_is();
      store_.reset();
      return std::unexpected(Fault{Fault::Kind::damaged, "it ends in the middle of a page"});
    }
    auto rows = store_->read_index();
    if (rows) {
      bad_rows_ = std::move(*rows);
      return {};
    }
    store_->leave_as_is();
    store_.reset();
    const auto kind = rows.error().is_corruption() ? Fault::Kind::damaged : Fault::Kind::failed;
    return std::unexpected(Fault{kind, words_for(rows.error())});
  }

  Result<void> open_database(Files& files) {
    if (auto made = make_file(); !made) return made;
    const auto first = try_open();
    if (first) return {};
    if (first.error().kind == Fault::Kind::failed) return bad(first.error().words);
    const auto aside = set_file_aside();
    if (!aside) return std::unexpected(aside.error());
    if (auto made = make_file(); !made) return made;
    if (const auto again = try_open(); !again) return bad(again.error().words);
    Salvaged salvaged;
    if (first.error().kind == Fault::Kind::damaged) salvaged = salvage(path_of(*aside), *store_, files);
    tell("spool.set-aside",
         fmt::format("the old spool was set aside as {} ({}); {} messages of it were taken over{}",
                     path_of(*aside), first.error().words, salvaged.taken,
                     salvaged.lost == 0 ? "" : fmt::format(", {} could not be read", salvaged.lost)));
    return move_unknown_files(files, "content" + aside->substr(opening_.database.size()));
  }

  /// Renames the database and its log. Returns the new name.
  Result<std::string> set_file_aside() {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(opening_.clock.wall());
    const auto stamp = fmt::format("{}.set-aside-{:%Y%m%dT%H%M%SZ}", opening_.database, fmt::gmtime(now));
    auto name = stamp;
    const int home = opening_.home.descriptor.get();
    for (int i = 1;; ++i) {
      const auto renamed = opening_.files->rename(home, opening_.database, home, name);
      if (renamed) break;
      if (renamed.error() != EEXIST || i == 100) return bad(words_of(renamed.error()));
      name = fmt::format("{}-{}", stamp, i);
    }
    // SQLite finds a log by the name of its database.
    for (const auto* suffix : {"-wal", "-shm"}) {
      const auto renamed = opening_.files->rename(home, opening_.database + suffix, home, name + suffix);
      if (!renamed && renamed.error() != ENOENT) return bad(words_of(renamed.error()));
    }
    return name;
  }

  /// Contents whose rows were not taken over are all that is left of their messages: never swept.
  Result<void> move_unknown_files(Files& files, const std::string& name) {
    std::vector<std::string> unknown;
    for (const auto& [id, size] : files) {
      if (!store_->has(id) && !id.starts_with('.')) unknown.push_back(id);
    }
    if (unknown.empty()) return {};
    auto folder = open_folder(*opening_.files, opening_.home.path / name, TooOpen::tighten);
    if (!folder) return std::unexpected(std::move(folder.error()));
    for (const auto& id : unknown) {
      const auto moved =
          opening_.files->rename(opening_.contents->descriptor(), id, folder->descriptor.get(), id);
      if (!moved) return bad(words_of(moved.error()));
      files.erase(id);
    }
    return {};
  }

  Result<void> set_rows_aside(const Files& files) {
    for (const auto& [id, octets] : store_->in_files()) {
      const auto file = files.find(id);
      if (file == files.end()) {
        bad_rows_.push_back(store_->give_up(id, "its content file is missing"));
      } else if (file->second != static_cast<std::int64_t>(octets)) {
        bad_rows_.push_back(store_->give_up(id, "its content file is cut, or no file of ours"));
      }
    }
    if (bad_rows_.empty()) return {};
    if (auto begun = store_->begin(); !begun) return begun;
    if (const auto moved = store_->set_aside(bad_rows_); !moved) return bad(words_for(moved.error()));
    if (auto committed = store_->commit(); !committed) return committed;
    for (const auto& row : bad_rows_) {
      log::error("spool.row-set-aside", {{"id", row.id}, {"row", std::to_string(row.row)}, {"why", row.why}});
    }
    troubles_.push_back(
        fmt::format("{} messages can't be read and were set aside in the spool's database (the first: "
                    "{}, {})",
                    bad_rows_.size(), bad_rows_.front().id, bad_rows_.front().why));
    return {};
  }

  Result<Timeline> go_on_from() {
    const auto record = store_->time();
    if (!record) return std::unexpected(record.error());
    auto timeline = *record ? Timeline(opening_.clock, **record) : Timeline(opening_.clock);
    for (const auto& summary : store_->summaries()) timeline.at_least(summary.received);
    return timeline;
  }

  Result<void> restart_all(const Moment& now) {
    if (auto begun = store_->begin(); !begun) return begun;
    auto restarted = restart(*store_, now);
    auto done = restarted ? Result<void>() : std::unexpected(restarted.error());
    if (done) done = note_restarts(*restarted, now);
    if (done) done = store_->commit();
    if (!done) {
      store_->roll_back();
      return bad(done.error().reply.text);
    }
    for (const auto& [entry, remove_file] : *restarted) {
      const auto* event = entry.state == State::done ? "message.dropped" : "message.reply-unknown";
      log::warning(event, {{"id", entry.id}, {"account", entry.account}, {"why", entry.last_word}});
    }
    return {};  // files of those that are done go with the sweep
  }

  Result<void> note_restarts(const std::vector<Applied>& restarted, const Moment& now) {
    for (const auto& [entry, remove_file] : restarted) {
      const auto* event = entry.state == State::done ? "message.dropped" : "message.reply-unknown";
      auto added = store_->add_trace({entry.id, now.wall, event, entry.last_word}, now.witnessed);
      if (!added) return added;
    }
    return {};
  }

  /// The latest database that was set aside and still lies there; empty where there is none.
  std::string earlier_database() const {
    const auto beginning = opening_.database + ".set-aside-";
    std::string latest;
    std::error_code fault;  // a folder that can't be listed can't be opened either
    for (const auto& entry : std::filesystem::directory_iterator(opening_.home.path, fault)) {
      const auto name = entry.path().filename().native();
      const bool is_log = name.ends_with("-wal") || name.ends_with("-shm");
      if (name.starts_with(beginning) && !is_log && name > latest) latest = name;
    }
    return latest;
  }

  /// Drafts and contents of messages that were never accepted, or are done.
  Result<void> sweep(const Files& files) {
    const auto aside = store_->set_aside_ids();
    if (!aside) return bad(words_for(aside.error()));
    const std::unordered_set<std::string> kept(aside->begin(), aside->end());
    if (const auto earlier = earlier_database(); !earlier.empty()) {
      // A start that was cut short may not have taken over what the earlier spool knew of them.
      auto unknown = files;
      for (const auto& id : kept) unknown.erase(id);
      const auto moved = move_unknown_files(unknown, "content" + earlier.substr(opening_.database.size()));
      if (!moved) return moved;
    }
    std::size_t swept = 0;
    for (const auto& [name, size] : files) {
      if (store_->has(name) || kept.contains(name)) continue;
      opening_.contents->remove(name);  // one that was moved is not there any more
      ++swept;
    }
    if (swept > 0) log::info("spool.swept", {{"files", std::to_string(swept)}});
    return {};
  }

  const Opening& opening_;
  std::unique_ptr<SqliteStore> store_;
  std::vector<SqliteStore::BadRow> bad_rows_;
  std::vector<std::string> troubles_;
};

}  // namespace

Result<OpenedStore> open_store(const Opening& opening) {
  return Start(opening).run();
}

}  // namespace homeward::spool
