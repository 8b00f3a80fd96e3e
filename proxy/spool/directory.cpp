// Folder, file and lock of the spool. The checks stand where the descriptor is, not before it was opened.
#include "proxy/spool/directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::spool {
namespace {

constexpr mode_t kOthers = 077;
constexpr const char* kLock = "spool.lock";

std::unexpected<Error> bad(std::string words) {
  return std::unexpected(spool_error(std::move(words)));
}

std::string mode_words(mode_t mode) {
  return fmt::format("{:04o}", mode & 07777U);
}

/// "DIR/" would be followed if it were a link.
std::filesystem::path without_last_slash(const std::filesystem::path& path) {
  auto normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// A new folder's name is the affair of the folder that it is in: after a power cut, what is safe in a
/// folder without a name is lost.
Called<void> sync_name(FileSystem& files, const std::filesystem::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) return files.sync_folder(folder.get());
  // One that may not be read can't be synced by us.
  return errno == EACCES ? Called<void>{} : std::unexpected(errno);
}

Result<void> make_folders(FileSystem& files, const std::filesystem::path& path) {
  std::filesystem::path so_far;
  for (const auto& part : path) {
    so_far /= part;
    std::error_code unknown;  // what can't be asked can't be made either, and says why there
    if (std::filesystem::exists(std::filesystem::symlink_status(so_far, unknown))) continue;
    auto made = files.make_folder(AT_FDCWD, so_far.native());
    if (made) made = sync_name(files, so_far);
    if (!made && made.error() != EEXIST) {
      return bad(
          fmt::format("the folder {} can't be made ({}): make it, owned by the user that homeward "
                      "runs as, or give another state_directory",
                      so_far.native(), words_of(made.error())));
    }
  }
  return {};
}

Error why_not_opened(const std::filesystem::path& path, int error) {
  if (error == ELOOP) {
    return spool_error(
        fmt::format("{} is a link, which somebody could turn elsewhere: give the folder itself "
                    "as state_directory",
                    path.native()));
  }
  if (error == ENOTDIR) {
    struct stat status{};
    const bool link = ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    if (link) return why_not_opened(path, ELOOP);
    return spool_error(
        fmt::format("{} is no folder: move it away, or give another state_directory", path.native()));
  }
  return spool_error(fmt::format("the folder {} can't be opened: {}", path.native(), words_of(error)));
}

Result<void> check_folder(const Folder& folder, TooOpen too_open) {
  struct stat status{};
  if (::fstat(folder.descriptor.get(), &status) != 0) return bad(words_of(errno));
  const auto& name = folder.path.native();
  if (status.st_uid != ::geteuid()) {
    return bad(
        fmt::format("the folder {} belongs to user {}, but homeward runs as user {}: chown it, or give "
                    "another state_directory",
                    name, status.st_uid, ::geteuid()));
  }
  if ((status.st_mode & kOthers) == 0) return {};
  const mode_t writable_by_others = status.st_mode & 022U;
  if (too_open == TooOpen::refuse && writable_by_others == 0) return {};
  if (too_open == TooOpen::refuse) {
    return bad(
        fmt::format("others may write to the folder {} (mode {}): chmod 700 it, or keep the spool in a "
                    "folder of its own",
                    name, mode_words(status.st_mode)));
  }
  if (::fchmod(folder.descriptor.get(), 0700) != 0) {
    return bad(fmt::format("the folder {} is open to others (mode {}) and can't be closed: {}", name,
                           mode_words(status.st_mode), words_of(errno)));
  }
  log::warning("spool.folder-closed",
               {{"folder", name}, {"mode", mode_words(status.st_mode)}, {"now", "0700"}});
  return {};
}

/// Whose lock it is, as it was written into it.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  const auto length = ::pread(file, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

Result<Folder> open_folder(FileSystem& files, const std::filesystem::path& path, TooOpen too_open) {
  if (path.empty()) return bad("no state_directory is known: give one in [homeward]");
  std::error_code failed;
  auto clean = without_last_slash(std::filesystem::absolute(path, failed));
  if (failed)
    return bad(fmt::format("the folder {} has no absolute path: {}", path.native(), failed.message()));
  if (auto made = make_folders(files, clean); !made) return std::unexpected(std::move(made.error()));
  const int descriptor = ::open(clean.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(why_not_opened(clean, errno));
  Folder folder{std::move(clean), Descriptor(descriptor)};
  if (auto checked = check_folder(folder, too_open); !checked)
    return std::unexpected(std::move(checked.error()));
  return folder;
}

Result<bool> check_file(const Folder& folder, const std::string& name) {
  const auto shown = (folder.path / name).native();
  struct stat status{};
  if (::fstatat(folder.descriptor.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return bad(fmt::format("{} can't be looked at: {}", shown, words_of(errno)));
  }
  if (S_ISLNK(status.st_mode)) {
    return bad(fmt::format("{} is a link, which somebody could turn elsewhere: give the file itself", shown));
  }
  if (!S_ISREG(status.st_mode)) return bad(fmt::format("{} is no file: move it away", shown));
  if (status.st_nlink != 1) {
    return bad(fmt::format("{} has {} names: keep one of them", shown, status.st_nlink));
  }
  if (status.st_uid != ::geteuid()) {
    return bad(fmt::format("{} belongs to user {}, but homeward runs as user {}: chown it", shown,
                           status.st_uid, ::geteuid()));
  }
  if ((status.st_mode & kOthers) == 0) return true;
  if (::fchmodat(folder.descriptor.get(), name.c_str(), 0600, 0) != 0) {
    return bad(fmt::format("{} is open to others and can't be closed: {}", shown, words_of(errno)));
  }
  log::warning("spool.file-closed", {{"file", shown}, {"mode", mode_words(status.st_mode)}, {"now", "0600"}});
  return true;
}

Result<OwnerLock> OwnerLock::take(const Folder& folder) {
  if (auto checked = check_file(folder, kLock); !checked) return std::unexpected(std::move(checked.error()));
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  Descriptor file(::openat(folder.descriptor.get(), kLock, kFlags, 0600));
  if (file.get() < 0) {
    return bad(fmt::format("{} can't be made: {}", (folder.path / kLock).native(), words_of(errno)));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return bad(fmt::format("the spool {} can't be locked: {}", folder.path.native(), words_of(errno)));
    return bad(
        fmt::format("the spool {} is in use by {}: stop that homeward first, or give this one its own "
                    "state_directory",
                    folder.path.native(), holder_of(file.get())));
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  // The lock holds without the pid too: a full disk must not keep us from starting.
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    log::debug("spool.lock-unnamed", {{"error", words_of(errno)}});
  }
  return OwnerLock(std::move(file));
}

}  // namespace homeward::spool
