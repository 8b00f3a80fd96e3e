// The folders that the spool lives in, and who may: made private, checked before anything in them is used,
// and owned by one process at a time. Called once, at the start. safety.md 2.12, 2.13.
#pragma once

#include <filesystem>
#include <string>

#include "proxy/spool/file_system.hpp"

namespace homeward::spool {

/// An open folder: what is done in it goes by the descriptor, so that nobody can swap it under us.
struct Folder {
  std::filesystem::path path;
  Descriptor descriptor;
};

/// Whether a folder that others may enter is closed to them (it is ours alone), or refused (it was named by
/// a person and may hold other things).
enum class TooOpen : std::uint8_t { tighten, refuse };

/// Opens the folder, made 0700 with its parents where missing. Errors, local, with the cure: a link, no
/// folder, another owner, too open, can't be made.
Result<Folder> open_folder(FileSystem& files, const std::filesystem::path& path, TooOpen too_open);

/// Checks a file that is there: regular, one link, ours, and 0600 (made so). True where there is one.
/// Errors: what it is instead, and the cure.
Result<bool> check_file(const Folder& folder, const std::string& name);

/// The lock of one owner, held as long as it lives (flock: gone with the process, however it ends).
class OwnerLock {
 public:
  /// Errors: "the spool DIR is in use by process 1234: …".
  static Result<OwnerLock> take(const Folder& folder);

 private:
  explicit OwnerLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace homeward::spool
