// The only part of the room that touches files; everything here is about one descriptor or one pattern.
#include "conf/file_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace homeward::conf {
namespace {

constexpr std::size_t kMaxFile = 1U << 20U;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::string system_text(int code) {
  return std::generic_category().message(code);
}

std::vector<Rejection> mode_faults(const struct stat& status, const std::string& name) {
  std::vector<Rejection> faults;
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    faults.push_back(
        {fmt::format("belongs to user {}, who could change it", status.st_uid),
         fmt::format("it must belong to root or to the user that runs this: chown root {}", name)});
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    faults.push_back(
        {fmt::format("can be written by {} (mode {:04o})",
                     (status.st_mode & S_IWOTH) != 0 ? "everybody" : "its group", status.st_mode & 07777U),
         fmt::format("chmod go-w {}", name)});
  return faults;
}

// All of the descriptor; more than kMaxFile bytes where it is too large, nothing after a read error (errno
// is set). In one piece of memory, so that the caller can wipe all of it.
std::optional<std::string> read_all(int descriptor) {
  constexpr std::size_t kPiece = 16384;
  std::string text;
  text.reserve(kMaxFile + kPiece);
  while (text.size() <= kMaxFile) {
    const auto have = text.size();
    text.resize(have + kPiece);
    const auto got = ::read(descriptor, text.data() + have, text.size() - have);
    if (got < 0 && errno != EINTR) return std::nullopt;
    text.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) break;
  }
  return text;
}

FileText failed(std::string finding, std::string cure) {
  FileText result;
  result.faults.push_back({std::move(finding), std::move(cure)});
  return result;
}

// A folder's name as a pattern that matches it alone.
std::string literal(const std::string& folder) {
  std::string result;
  for (const char c : folder) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

FileText read_file(const std::filesystem::path& path) {
  // O_NONBLOCK: a named pipe must not hold the program up before it is refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0)
    return failed(fmt::format("can't be read: {}", system_text(errno)),
                  errno == ENOENT ? "create it, or name another file with --config"
                                  : "make it readable for the user that runs this (root:homeward, 0640)");
  struct stat status{};
  if (::fstat(file.number(), &status) != 0)
    return failed(fmt::format("can't be examined: {}", system_text(errno)), "check the file system");
  if (!S_ISREG(status.st_mode)) return failed("is not a regular file", "name a file");
  FileText result;
  result.others_may_read = (status.st_mode & S_IROTH) != 0;
  result.faults = mode_faults(status, path.string());
  result.text = read_all(file.number());
  if (!result.text)
    return failed(fmt::format("can't be read: {}", system_text(errno)), "check the file system");
  if (result.text->size() > kMaxFile)
    return failed("is larger than 1 MiB", "this can't be a configuration file");
  return result;
}

std::vector<std::filesystem::path> expand_include(const std::filesystem::path& folder,
                                                  std::string_view pattern) {
  const std::filesystem::path own(pattern);
  if (pattern.find_first_of("*?[") == std::string_view::npos) return {(folder / own).lexically_normal()};
  const auto full =
      own.is_absolute() || folder.empty() ? own.string() : literal(folder.string()) + '/' + own.string();
  glob_t matches{};
  std::vector<std::filesystem::path> paths;
  if (::glob(full.c_str(), 0, nullptr, &matches) == 0)
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) paths.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  return paths;
}

}  // namespace homeward::conf
