// FaultyFiles: the spool's FileSystem, each changing call of which is a step of a FaultPlan: "file.create",
// "file.write", "file.sync", "file.link", "file.rename", "file.unlink", "folder.make", "folder.sync".
#pragma once

#include <memory>
#include <optional>

#include "proxy/spool/file_system.hpp"
#include "tests/support/fault_plan.hpp"

namespace homeward::test {

class FaultyFiles final : public spool::SystemFiles {
 public:
  explicit FaultyFiles(std::shared_ptr<FaultPlan> plan) : plan_(std::move(plan)) {}

  spool::Called<spool::Descriptor> create_unnamed(int folder) override;
  spool::Called<spool::Descriptor> create(int folder, const std::string& name) override;
  spool::Called<std::size_t> write(int file, std::string_view octets) override;
  spool::Called<void> sync(int file) override;
  spool::Called<void> sync_folder(int folder) override;
  spool::Called<void> link(int file, int folder, const std::string& name) override;
  spool::Called<void> rename(int folder, const std::string& from, int to_folder,
                             const std::string& to) override;
  spool::Called<void> unlink(int folder, const std::string& name) override;
  spool::Called<void> make_folder(int folder, const std::string& name) override;
  spool::Called<struct statvfs> room(int folder) override;

  bool has_unnamed = true;  ///< false: as on a filesystem without O_TMPFILE
  std::optional<struct statvfs> room_is;
  std::size_t longest_write = SIZE_MAX;  ///< for short writes

 private:
  std::shared_ptr<FaultPlan> plan_;  // shared with the shim beneath SQLite
};

}  // namespace homeward::test
