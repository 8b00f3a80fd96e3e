// FileSystem: the few system calls by which the spool makes and changes files, as one interface, so that
// tests can let any of them fail. What the database does goes through SQLite's own (SpoolOptions::vfs).
// Each call is the system call of its name: the answer, or errno. Safe to call from any thread.
#pragma once

#include <sys/statvfs.h>
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/base/result.hpp"

namespace homeward::spool {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int file) : file_(file) {}
  Descriptor(Descriptor&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~Descriptor();
  int get() const { return file_; }

 private:
  int file_ = -1;
};

template <class T>
using Called = std::expected<T, int>;  ///< or errno

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// O_TMPFILE: a file without a name, which link() can give one.
  virtual Called<Descriptor> create_unnamed(int folder) = 0;
  /// O_CREAT|O_EXCL|O_NOFOLLOW, 0600, for reading and writing.
  virtual Called<Descriptor> create(int folder, const std::string& name) = 0;
  /// O_NOFOLLOW, for reading.
  virtual Called<Descriptor> open(int folder, const std::string& name) = 0;
  virtual Called<std::size_t> write(int file, std::string_view octets) = 0;
  virtual Called<std::size_t> read_at(int file, std::span<char> into, std::uint64_t offset) = 0;
  virtual Called<void> sync(int file) = 0;
  virtual Called<void> sync_folder(int folder) = 0;
  /// Gives an unnamed file its name, through /proc/self/fd.
  virtual Called<void> link(int file, int folder, const std::string& name) = 0;
  /// Never over what is there, where the filesystem can promise it.
  virtual Called<void> rename(int folder, const std::string& from, int to_folder, const std::string& to) = 0;
  virtual Called<void> unlink(int folder, const std::string& name) = 0;
  /// 0700. `folder` may be AT_FDCWD.
  virtual Called<void> make_folder(int folder, const std::string& name) = 0;
  virtual Called<struct statvfs> room(int folder) = 0;
};

class SystemFiles : public FileSystem {
 public:
  Called<Descriptor> create_unnamed(int folder) override;
  Called<Descriptor> create(int folder, const std::string& name) override;
  Called<Descriptor> open(int folder, const std::string& name) override;
  Called<std::size_t> write(int file, std::string_view octets) override;
  Called<std::size_t> read_at(int file, std::span<char> into, std::uint64_t offset) override;
  Called<void> sync(int file) override;
  Called<void> sync_folder(int folder) override;
  Called<void> link(int file, int folder, const std::string& name) override;
  Called<void> rename(int folder, const std::string& from, int to_folder, const std::string& to) override;
  Called<void> unlink(int folder, const std::string& name) override;
  Called<void> make_folder(int folder, const std::string& name) override;
  Called<struct statvfs> room(int folder) override;
};

/// Writes all of it: goes on after short writes and interruptions.
Called<void> write_all(FileSystem& files, int file, std::string_view octets);

/// Words of errno, safe in any thread: "No space left on device".
std::string words_of(int error);

/// What a storage fault is to a client: 452 4.3.1 with `doing` and the fault's words. RFC 5321 §4.2.3.
Error storage_error(std::string_view doing, std::string_view words);
/// The same for what can't be had from the spool: 451 4.3.0.
Error spool_error(std::string words);

}  // namespace homeward::spool
