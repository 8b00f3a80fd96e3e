// FaultyVfs: a shim over SQLite's default VFS, each changing call of which is a step of a FaultPlan:
// "open", "delete", and for the database, its log and its shared memory "db.write", "db.sync",
// "db.truncate", "wal.write", "wal.sync", "wal.truncate", "journal.…", "shm.map", "shm.lock".
#pragma once

#include <memory>
#include <string>

#include "tests/support/fault_plan.hpp"

namespace homeward::test {

class FaultyVfs {
 public:
  /// Registers it; databases that are opened with it must be closed before it goes.
  explicit FaultyVfs(std::shared_ptr<FaultPlan> plan);
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs();

  /// For SpoolOptions::vfs.
  const std::string& name() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace homeward::test
