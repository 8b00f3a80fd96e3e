// The reserve, and the look at the disk.
#include "proxy/spool/room.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace homeward::spool {
namespace {

constexpr std::uint64_t kMiB = 1024UL * 1024;
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr std::uint64_t kFewestFiles = 64;

}  // namespace

std::uint64_t reserve_of(std::uint64_t total) {
  return std::min(std::clamp(total / 100, 32 * kMiB, 256 * kMiB), total / 10);
}

void Room::look() {
  const auto now = std::chrono::steady_clock::now();
  if (looked_ && now - *looked_ < kLookEvery) return;
  looked_ = now;
  const auto room = folder_->files().room(folder_->descriptor());
  fault_ = room ? "" : words_of(room.error());
  if (!room) return;
  free_ = std::uint64_t{room->f_bavail} * room->f_frsize;
  reserve_ = reserve_of(std::uint64_t{room->f_blocks} * room->f_frsize);
  // Filesystems without a table of files say 0 of 0.
  files_left_ = room->f_files == 0 || room->f_favail >= kFewestFiles;
}

Result<void> Room::check(std::uint64_t octets) {
  look();
  const auto where = fmt::format("the disk of {}", folder_->path().parent_path().native());
  if (!fault_.empty())
    return std::unexpected(storage_error(fmt::format("{} can't be asked for room", where), fault_));
  if (!files_left_)
    return std::unexpected(storage_error(fmt::format("no room on {}", where), "no file can be added"));
  if (free_ >= reserve_ && octets <= free_ - reserve_) return {};
  return std::unexpected(
      storage_error(fmt::format("no room on {}", where),
                    fmt::format("{} MiB free, of which {} MiB are kept for what is under way", free_ / kMiB,
                                reserve_ / kMiB)));
}

}  // namespace homeward::spool
