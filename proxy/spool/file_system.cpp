// SystemFiles: one system call each, begun anew where a signal came in between.
#include "proxy/spool/file_system.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace homeward::spool {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

Called<Descriptor> opened(int file) {
  if (file < 0) return std::unexpected(errno);
  return Descriptor(file);
}

Called<void> done(int answer) {
  if (answer != 0) return std::unexpected(errno);
  return {};
}

Called<std::size_t> counted(ssize_t answer) {
  if (answer < 0) return std::unexpected(errno);
  return static_cast<std::size_t>(answer);
}

template <class Call>
auto uninterrupted(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

}  // namespace

Descriptor::~Descriptor() {
  if (file_ >= 0) ::close(file_);
}

Called<Descriptor> SystemFiles::create_unnamed(int folder) {
  return opened(
      uninterrupted([&] { return ::openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kFileMode); }));
}

Called<Descriptor> SystemFiles::create(int folder, const std::string& name) {
  constexpr int kFlags = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC;
  return opened(uninterrupted([&] { return ::openat(folder, name.c_str(), kFlags, kFileMode); }));
}

Called<Descriptor> SystemFiles::open(int folder, const std::string& name) {
  // Not to wait where somebody put a pipe in its place.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  return opened(uninterrupted([&] { return ::openat(folder, name.c_str(), kFlags); }));
}

Called<std::size_t> SystemFiles::write(int file, std::string_view octets) {
  return counted(uninterrupted([&] { return ::write(file, octets.data(), octets.size()); }));
}

Called<std::size_t> SystemFiles::read_at(int file, std::span<char> into, std::uint64_t offset) {
  return counted(
      uninterrupted([&] { return ::pread(file, into.data(), into.size(), static_cast<off_t>(offset)); }));
}

Called<void> SystemFiles::sync(int file) {
  return done(uninterrupted([&] { return ::fsync(file); }));
}

Called<void> SystemFiles::sync_folder(int folder) {
  return done(uninterrupted([&] { return ::fsync(folder); }));
}

Called<void> SystemFiles::link(int file, int folder, const std::string& name) {
  const auto path = fmt::format("/proc/self/fd/{}", file);
  return done(::linkat(AT_FDCWD, path.c_str(), folder, name.c_str(), AT_SYMLINK_FOLLOW));
}

Called<void> SystemFiles::rename(int folder, const std::string& from, int to_folder, const std::string& to) {
  const int answer = ::renameat2(folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE);
  // Not every filesystem can promise it; ids and times of day make names that are new anyway.
  const bool unknown = answer != 0 && (errno == EINVAL || errno == ENOSYS);
  return done(unknown ? ::renameat(folder, from.c_str(), to_folder, to.c_str()) : answer);
}

Called<void> SystemFiles::unlink(int folder, const std::string& name) {
  return done(::unlinkat(folder, name.c_str(), 0));
}

Called<void> SystemFiles::make_folder(int folder, const std::string& name) {
  return done(::mkdirat(folder, name.c_str(), kFolderMode));
}

Called<struct statvfs> SystemFiles::room(int folder) {
  struct statvfs room{};
  if (::fstatvfs(folder, &room) != 0) return std::unexpected(errno);
  return room;
}

Called<void> write_all(FileSystem& files, int file, std::string_view octets) {
  while (!octets.empty()) {
    const auto written = files.write(file, octets);
    if (!written) return std::unexpected(written.error());
    if (*written == 0) return std::unexpected(EIO);
    octets.remove_prefix(*written);
  }
  return {};
}

std::string words_of(int error) {
  return std::generic_category().message(error);
}

Error storage_error(std::string_view doing, std::string_view words) {
  return make_error(Fault::local, 452, {4, 3, 1}, fmt::format("{}: {}", doing, words));
}

Error spool_error(std::string words) {
  return make_error(Fault::local, 451, {4, 3, 0}, std::move(words));
}

}  // namespace homeward::spool
