// What this process may do and what it may leave behind: no core, no look into its memory, no root beyond
// the start. safety.md 2.6, 2.12
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "proxy/base/result.hpp"

namespace homeward::app {

/// The user that the service runs as, where root starts it.
inline constexpr const char* kServiceUser = "homeward";

/// No core is written and no other process of the same user may read our memory or trace us.
/// Error: local, where the system refuses.
Result<void> forbid_memory_dumps();

/// Lets this process have `wanted` files and sockets open at once, as far as the system allows: the usual
/// soft limit of 1024 is for programs that use select(2).
void raise_file_limit(std::uint64_t wanted);

/// Started by root for another user: makes the folders that this user will need and can't make, private to
/// that user. Otherwise there is nothing to do. Error: local.
Result<void> prepare_folders(const std::optional<std::string>& user,
                             std::span<const std::filesystem::path> folders);

/// Started by root: become `user`, or kServiceUser where none is named, and give all capabilities up.
/// Where that user does not exist: an error if a port below 1024 was bound for it (`needed_root`), else root
/// is kept without any capability, and said so. Not root: nothing to do. Error: local, with the cure.
Result<void> drop_privileges(const std::optional<std::string>& user, bool needed_root);

}  // namespace homeward::app
