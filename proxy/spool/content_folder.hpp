// ContentFolder: large contents as files beside the database. A file has no name while it is written; it
// gets the message's id when it is whole and synced, before the row that needs it is committed. So a row has
// its file, and a file without a row is a leftover that the next start removes. safety.md 2.12, 5.
// All of it blocks: never on the network thread. Any thread may call; one file belongs to one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/spool/directory.hpp"
#include "proxy/spool/file_system.hpp"

namespace homeward::spool {

class ContentFolder;

/// A content on its way into the folder. Gone with its owner unless settled().
class ContentFile {
 public:
  ContentFile(std::shared_ptr<ContentFolder> folder, Descriptor file, std::string draft_name);
  ContentFile(const ContentFile&) = delete;
  ContentFile& operator=(const ContentFile&) = delete;
  ~ContentFile();

  /// Errors: 452 4.3.1.
  Result<void> append(std::string_view octets);
  /// Up to `most` octets from `offset`. Errors: 451 4.3.0.
  Result<std::string> read_at(std::uint64_t offset, std::size_t most) const;
  /// Synced, and named `id`, and its name synced. Errors: 452 4.3.1; 451 where there is one of that name.
  Result<void> finish(const std::string& id);
  /// Its row is committed: it stays.
  void settled() { name_.clear(); }

 private:
  std::shared_ptr<ContentFolder> folder_;  // shared: a draft may outlive the spool with its event loop
  Descriptor file_;
  std::string name_;  ///< to be removed with us; empty: none
};

class ContentFolder : public std::enable_shared_from_this<ContentFolder> {
 public:
  static Result<std::shared_ptr<ContentFolder>> open(std::shared_ptr<FileSystem> files, const Folder& home);
  ContentFolder(std::shared_ptr<FileSystem> files, Folder folder);

  /// Errors: 452 4.3.1.
  Result<std::shared_ptr<ContentFile>> draft();
  /// Opens a stored content for reading. Errors: 451 4.3.0 where it is missing, of another size, or no
  /// regular file of ours with one name.
  Result<Descriptor> read(const std::string& id, std::uint64_t octets);
  /// Up to `most` octets from `offset`.
  Result<std::string> read_at(const Descriptor& file, std::uint64_t offset, std::size_t most);
  /// What can't be removed is kept in mind for remove_leftovers(), and swept at the next start.
  void remove(const std::string& id);
  void remove_leftovers();
  /// All files in it, leftovers too, with their sizes; what is no regular file of ours has none (-1).
  Result<std::unordered_map<std::string, std::int64_t>> all() const;

  FileSystem& files() const { return *files_; }
  int descriptor() const { return folder_.descriptor.get(); }
  const std::filesystem::path& path() const { return folder_.path; }

 private:
  std::shared_ptr<FileSystem> files_;
  Folder folder_;
  bool can_link_;
  std::mutex mutex_;
  std::vector<std::string> leftovers_;  ///< under the mutex: names that are to go; none of them is in use
};

}  // namespace homeward::spool
