// The start of a spool: the database is opened, or set aside and read as far as it can be; rows and files
// are held against each other; what a restart does is done. Blocks; one thread. safety.md 5.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/clock.hpp"
#include "proxy/spool/content_folder.hpp"
#include "proxy/spool/directory.hpp"
#include "proxy/spool/sqlite_store.hpp"
#include "proxy/spool/timeline.hpp"

namespace homeward::spool {

struct OpenedStore {
  std::unique_ptr<SqliteStore> store;
  Timeline timeline;
  std::vector<std::string> troubles;  ///< for people
};

/// What the start of a spool needs to know.
struct Opening {
  std::shared_ptr<FileSystem> files;
  const Folder& home;
  std::string database;  ///< its file's name in `home`
  std::string vfs;
  std::shared_ptr<ContentFolder> contents;
  const Clock& clock;
};

Result<OpenedStore> open_store(const Opening& opening);

}  // namespace homeward::spool
