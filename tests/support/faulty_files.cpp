// Each call asks the plan, then is the system's.
#include "tests/support/faulty_files.hpp"

#include <algorithm>
#include <cerrno>

namespace homeward::test {

using spool::Called;
using spool::Descriptor;

namespace {

int errno_of(DiskFault fault) {
  switch (fault) {
    case DiskFault::enospc:
      return ENOSPC;
    case DiskFault::readonly:
      return EROFS;
    case DiskFault::kill:
    case DiskFault::eio:
      break;
  }
  return EIO;
}

}  // namespace

Called<Descriptor> FaultyFiles::create_unnamed(int folder) {
  if (!has_unnamed) return std::unexpected(EOPNOTSUPP);
  if (const auto fault = plan_->step("file.create")) return std::unexpected(errno_of(*fault));
  return SystemFiles::create_unnamed(folder);
}

Called<Descriptor> FaultyFiles::create(int folder, const std::string& name) {
  if (const auto fault = plan_->step("file.create")) return std::unexpected(errno_of(*fault));
  return SystemFiles::create(folder, name);
}

Called<std::size_t> FaultyFiles::write(int file, std::string_view octets) {
  if (const auto fault = plan_->step("file.write")) return std::unexpected(errno_of(*fault));
  return SystemFiles::write(file, octets.substr(0, longest_write));
}

Called<void> FaultyFiles::sync(int file) {
  if (const auto fault = plan_->step("file.sync")) return std::unexpected(errno_of(*fault));
  return SystemFiles::sync(file);
}

Called<void> FaultyFiles::sync_folder(int folder) {
  if (const auto fault = plan_->step("folder.sync")) return std::unexpected(errno_of(*fault));
  return SystemFiles::sync_folder(folder);
}

Called<void> FaultyFiles::link(int file, int folder, const std::string& name) {
  if (const auto fault = plan_->step("file.link")) return std::unexpected(errno_of(*fault));
  return SystemFiles::link(file, folder, name);
}

Called<void> FaultyFiles::rename(int folder, const std::string& from, int to_folder, const std::string& to) {
  if (const auto fault = plan_->step("file.rename")) return std::unexpected(errno_of(*fault));
  return SystemFiles::rename(folder, from, to_folder, to);
}

Called<void> FaultyFiles::unlink(int folder, const std::string& name) {
  if (const auto fault = plan_->step("file.unlink")) return std::unexpected(errno_of(*fault));
  return SystemFiles::unlink(folder, name);
}

Called<void> FaultyFiles::make_folder(int folder, const std::string& name) {
  if (const auto fault = plan_->step("folder.make")) return std::unexpected(errno_of(*fault));
  return SystemFiles::make_folder(folder, name);
}

Called<struct statvfs> FaultyFiles::room(int folder) {
  if (room_is) return *room_is;
  return SystemFiles::room(folder);
}

}  // namespace homeward::test
