// Room: whether the disk has room for a message and what is under way. Asked at most once a second.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "proxy/spool/content_folder.hpp"

namespace homeward::spool {

/// What new messages leave free of a disk of `total` octets, so that those in the spool can be settled: a
/// hundredth, at least 32 MiB and at most 256 MiB; of a small disk no more than a tenth.
std::uint64_t reserve_of(std::uint64_t total);

class Room {
 public:
  explicit Room(std::shared_ptr<ContentFolder> folder) : folder_(std::move(folder)) {}

  /// Errors: 452 4.3.1 "no room on the disk of DIR: 3 MiB free".
  Result<void> check(std::uint64_t octets);

 private:
  void look();

  std::shared_ptr<ContentFolder> folder_;  // shared with contents that are read
  std::optional<std::chrono::steady_clock::time_point> looked_;
  std::uint64_t free_ = 0;     ///< octets that we may use
  std::uint64_t reserve_ = 0;  ///< octets
  bool files_left_ = true;
  std::string fault_;  ///< the disk can't be asked
};

}  // namespace homeward::spool
