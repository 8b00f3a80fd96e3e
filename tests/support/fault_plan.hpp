// FaultPlan: one count of all steps in which the spool touches the disk, and what happens at one of them.
// A step has a name ("wal.sync", "file.link"); the shims beneath SQLite (faulty_vfs.hpp) and beneath the
// content files (faulty_files.hpp) ask the same plan before each. safety.md 6: exhaustive, not random.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace homeward::test {

/// What goes wrong. kill: the process ends as by kill -9, before the step.
enum class DiskFault : std::uint8_t { kill, enospc, eio, readonly };
std::optional<DiskFault> parse_fault(std::string_view name);

class FaultPlan {
 public:
  FaultPlan() = default;

  /// Which step: the N-th of all ("17"), or the K-th of a name ("wal.sync#2"), from 1; with a "+" behind it
  /// that one and all that follow it ("17+"; of the name, "wal.sync#2+"). False where it is none of these.
  bool arm(std::string_view step, DiskFault fault);
  void disarm();
  /// Appends each step's name to a file as it happens.
  bool record_to(const std::string& file);

  /// HOMEWARD_FAULT_STEP, HOMEWARD_FAULT_ACTION (kill, enospc, eio, readonly), HOMEWARD_FAULT_RECORD.
  /// Ends the process with 64 where they can't be understood: a test that does nothing must not pass.
  static std::shared_ptr<FaultPlan> from_environment();

  /// Called before each step, by any thread: the fault that is to happen instead.
  std::optional<DiskFault> step(std::string_view name);

  std::uint64_t total() const;
  std::uint64_t count(std::string_view name) const;
  /// Whether a fault has happened.
  bool struck() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::uint64_t total_ = 0;
  std::string name_;          ///< of the armed step; empty: any
  std::uint64_t number_ = 0;  ///< 0: none is armed
  bool and_later_ = false;
  bool struck_ = false;
  DiskFault fault_ = DiskFault::kill;
  int record_ = -1;
};

}  // namespace homeward::test
