#include "auth/secret_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "auth/secret_command.hpp"

namespace homeward::auth {

namespace {

constexpr std::size_t kMaxSecretSize = 64UL * 1024;

enum class Rest : std::uint8_t { ignored, must_be_empty };

/// The first line of what `key` gave, without LF or CRLF.
Result<Secret> first_line(std::string_view bytes, std::string_view key, Rest rest) {
  const auto fails = [key](std::string_view why) {
    return std::unexpected(password_error(std::string(key) + std::string(why)));
  };
  const auto end = bytes.find('\n');
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return fails(" gives no password: its first line is empty");
  if (line.find('\0') != std::string_view::npos) return fails(" gives a password with a NUL in it");
  if (line.find('\r') != std::string_view::npos) return fails(" gives a password with a line break in it");
  const bool more =
      end != std::string_view::npos && bytes.find_first_not_of("\r\n", end) != std::string_view::npos;
  if (more && rest == Rest::must_be_empty) return fails(" holds more than one line");
  return Secret(std::string(line));
}

class File {
 public:
  explicit File(const std::string& path)
      // Without waiting: somebody may have put a pipe there.
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// What is wrong with the opened file, or "". Links are fine (secret managers use them): the file itself
/// is judged, after it was opened, so it can't be changed for another in between.
std::string_view why_not_safe(int fd) {
  struct stat found{};
  if (::fstat(fd, &found) != 0) return " can't be read";
  if (!S_ISREG(found.st_mode)) return " is no regular file";
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) return " belongs to another user";
  if ((found.st_mode & S_IRWXO) != 0)
    return " is open to every user of this machine (chmod o= makes it safe)";
  if ((found.st_mode & S_IWGRP) != 0) return " can be written by its group (chmod g-w makes it safe)";
  return "";
}

/// Reads at most one byte more than allowed, so that too much is seen.
bool read_all(int fd, std::string& bytes) {
  bytes.resize(kMaxSecretSize + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return true;
}

Result<Secret> from_file(const std::string& path, const std::string& key) {
  const File file(path);
  if (file.fd() < 0)
    return std::unexpected(password_error(key + " can't be opened", path + ": " + std::strerror(errno)));
  if (const auto why = why_not_safe(file.fd()); !why.empty())
    return std::unexpected(password_error(key + std::string(why), path));
  PassingSecret content;
  if (!read_all(file.fd(), content.bytes))
    return std::unexpected(password_error(key + " can't be read", path + ": " + std::strerror(errno)));
  if (content.bytes.size() > kMaxSecretSize)
    return std::unexpected(password_error(key + " holds more than 64 KiB", path));
  auto line = first_line(content.bytes, key, Rest::must_be_empty);
  if (!line) line.error().detail = path;
  return line;
}

Result<Secret> fetch(const std::monostate&, std::chrono::milliseconds) {
  return std::unexpected(password_error("no password is configured for this account"));
}

Result<Secret> fetch(const conf::PasswordInline& source, std::chrono::milliseconds timeout) {
  if (source.secret == nullptr || source.secret->empty()) return fetch(std::monostate{}, timeout);
  return source.secret->clone();
}

Result<Secret> fetch(const conf::PasswordFile& source, std::chrono::milliseconds) {
  return from_file(source.path.string(), "password_file");
}

Result<Secret> fetch(const conf::PasswordCommand& source, std::chrono::milliseconds timeout) {
  PassingSecret output;
  const auto ran = run_command(source.command, timeout, kMaxSecretSize, output);
  if (!ran) return std::unexpected(ran.error());
  return first_line(output.bytes, "password_command", Rest::ignored);
}

Result<Secret> fetch(const conf::PasswordCredential& source, std::chrono::milliseconds) {
  const std::string key = "password_credential";
  const bool plain = !source.name.empty() && source.name != "." && source.name != ".." &&
                     source.name.find('/') == std::string::npos &&
                     source.name.find('\0') == std::string::npos;
  if (!plain) return std::unexpected(password_error(key + " must be a name without \"/\""));
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0')
    return std::unexpected(password_error(key + " needs a systemd service with LoadCredential",
                                          "CREDENTIALS_DIRECTORY is not set"));
  return from_file(std::string(directory) + "/" + source.name, key);
}

}  // namespace

Result<Secret> fetch_password(const conf::PasswordSource& source, std::chrono::milliseconds command_timeout) {
  return std::visit([command_timeout](const auto& kind) { return fetch(kind, command_timeout); }, source);
}

}  // namespace homeward::auth
