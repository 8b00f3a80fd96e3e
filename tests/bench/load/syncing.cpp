// The yardstick of the spool: how long a file takes that nothing can take away any more.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "tests/bench/load/percentile.hpp"
#include "tests/bench/load/sending.hpp"

namespace bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string name_of(std::size_t number) {
  return fmt::format("bench-sync-{}", number);
}

}  // namespace

void sync_files(const std::string& directory, std::size_t files, std::size_t octets) {
  const std::string content(octets, 'x');
  const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail(directory);
  std::vector<double> file_times;
  std::vector<double> both_times;
  for (std::size_t i = 0; i < files; ++i) {
    const auto name = name_of(i);
    const auto began = Clock::now();
    const int file = ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail(name);
    if (::write(file, content.data(), octets) != static_cast<ssize_t>(octets)) fail("write");
    if (::fsync(file) != 0) fail("fsync");
    file_times.push_back(Microseconds(Clock::now() - began).count());
    if (::fsync(folder) != 0) fail("fsync of the folder");
    both_times.push_back(Microseconds(Clock::now() - began).count());
    ::close(file);
  }
  for (std::size_t i = 0; i < files; ++i) ::unlinkat(folder, name_of(i).c_str(), 0);
  ::close(folder);
  fmt::print("{{\"files\": {}, \"file_p50_us\": {:.1f}, \"file_and_folder_p50_us\": {:.1f}}}\n", files,
             percentile(file_times, 0.5), percentile(both_times, 0.5));
}

}  // namespace bench
