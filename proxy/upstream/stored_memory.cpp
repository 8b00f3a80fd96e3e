#include "proxy/upstream/stored_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::upstream {
namespace {

constexpr mode_t kOwnerOnly = 0600;

std::unexpected<Error> file_error(std::string_view what, const std::filesystem::path& file,
                                  std::string_view why) {
  return std::unexpected(
      make_error(Fault::local, 451, {4, 3, 0}, fmt::format("{} {}: {}", what, file.string(), why)));
}

std::unexpected<Error> file_error(std::string_view what, const std::filesystem::path& file, int fault) {
  return file_error(what, file, std::generic_category().message(fault));
}

/// An open file; closes it.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

bool is_regular_and_ours(int descriptor) {
  struct stat facts{};
  return ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1 &&
         facts.st_uid == ::geteuid();
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::filesystem::path file_in(const std::filesystem::path& state_directory) {
  return state_directory / "memory";
}

}  // namespace

Result<std::string> read_memory_file(const std::filesystem::path& file) {
  // Not to hang on a pipe that somebody put there.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.get() < 0) {
    if (errno == ENOENT) return std::string();
    return file_error("reading", file, errno);
  }
  if (!is_regular_and_ours(descriptor.get())) {
    return file_error("reading", file, "it is no regular file of one name that belongs to this user");
  }
  std::string text;
  std::array<char, 16384> block{};
  while (text.size() < Memory::kMaxText) {
    const auto count = ::read(descriptor.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("reading", file, errno);
    if (count == 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

Result<void> write_memory_file(const std::filesystem::path& file, const std::string& text) {
  auto fresh = file;
  fresh += ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return file_error("replacing", fresh, errno);
  {
    const Descriptor descriptor(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
    if (descriptor.get() < 0) return file_error("writing", fresh, errno);
    if (!write_all(descriptor.get(), text)) return file_error("writing", fresh, errno);
  }
  if (std::rename(fresh.c_str(), file.c_str()) != 0) return file_error("renaming to", file, errno);
  return {};
}

net::asio::awaitable<Memory*> StoredMemory::open(std::filesystem::path state_directory) {
  while (state_ == State::reading) (void)co_await loaded_.async_wait(net::kNoThrow);
  if (state_ == State::there) co_return &memory_;
  state_ = State::reading;
  const auto file = file_in(state_directory);
  std::exception_ptr escaped;
  Result<std::string> text;
  try {
    text = co_await offload_.run<Result<std::string>>([file] { return read_memory_file(file); });
  } catch (...) {
    escaped = std::current_exception();
  }
  state_ = State::there;
  loaded_.cancel();
  if (escaped) std::rethrow_exception(escaped);
  if (!text) {
    log::warning("upstream.memory_unread", {{"cause", text.error().reply.text}});
  } else if (!text->empty() && !memory_.from_text(*text)) {
    log::warning("upstream.memory_unread", {{"cause", file.string() + " is of another form or version"}});
  }
  co_return &memory_;
}

net::asio::awaitable<void> StoredMemory::save(std::filesystem::path state_directory) {
  std::exception_ptr escaped;
  while (!saving_ && !escaped && memory_.take_changed()) {
    saving_ = true;
    Result<void> written;
    try {
      written =
          co_await offload_.run<Result<void>>([file = file_in(state_directory), text = memory_.to_text()] {
            return write_memory_file(file, text);
          });
    } catch (...) {
      escaped = std::current_exception();
    }
    saving_ = false;
    if (!written) log::warning("upstream.memory_unsaved", {{"cause", written.error().reply.text}});
  }
  if (escaped) std::rethrow_exception(escaped);
}

}  // namespace homeward::upstream
