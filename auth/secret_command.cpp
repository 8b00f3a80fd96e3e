#include "auth/secret_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/secret.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace homeward::auth {

namespace {

using Clock = std::chrono::steady_clock;

/// Where the shell writes the command's exit status. waitpid() alone won't do: a parent may have left us
/// SIGCHLD ignored, and then the kernel forgets the status; and a child left in the background keeps the
/// output open, so its end says nothing either.
constexpr int kStatusFd = 3;
constexpr const char* kScript = R"(/bin/sh -c "$0" 3>&-; echo "$?" >&3)";

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void reset(int fd) {
    close();
    fd_ = fd;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end.reset(ends[0]);
    const Descriptor low(ends[1]);
    // Out of the way of the numbers 0 to 3, which the command's own descriptors get.
    write_end.reset(::fcntl(low.get(), F_DUPFD_CLOEXEC, kStatusFd + 1));
    // What we read must never block past the deadline.
    return write_end.get() >= 0 && ::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
  }
};

/// What systemd tells us is not for a command: it could announce our readiness or take our sockets.
bool is_ours(std::string_view variable) {
  constexpr std::array<std::string_view, 4> kOurs = {"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "HOMEWARD_"};
  return std::ranges::any_of(kOurs, [variable](std::string_view ours) { return variable.starts_with(ours); });
}

/// The attributes and file actions of posix_spawn, freed with the scope.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  SpawnPlan(int output, int status) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // The command's own words may hold the secret ("wrong password: …"), so they go nowhere.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, status, kStatusFd);
    posix_spawn_file_actions_addclosefrom_np(&actions, kStatusFd + 1);
    // A group of its own, to be killed as one; and signals as a program expects them, not as we set them.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

/// The shell, as a process group; killed unless it has ended by itself, and always waited for.
class Shell {
 public:
  Shell() = default;
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell() {
    if (pid_ <= 0) return;
    if (!ended_) ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// 0, or an errno.
  int start(const std::string& command, int output, int status) {
    SpawnPlan plan(output, status);
    std::array<std::string, 4> words = {"sh", "-c", kScript, command};
    const std::array<char*, 5> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                            words[3].data(), nullptr};
    auto passed = environment_for_commands();
    passed.push_back(nullptr);
    pid_t pid = -1;
    const int code =
        ::posix_spawn(&pid, "/bin/sh", &plan.actions, &plan.attributes, arguments.data(), passed.data());
    if (code == 0) pid_ = pid;
    return code;
  }
  void ended() { ended_ = true; }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
};

enum class Read : std::uint8_t { more_later, end, too_long, failed };

/// Takes what is there now, appending to `taken` up to `limit` bytes.
Read take(int fd, std::size_t limit, std::string& taken) {
  while (true) {
    PassingSecret part;
    part.bytes.resize(4096);
    const ssize_t count = ::read(fd, part.bytes.data(), part.bytes.size());
    if (count == 0) return Read::end;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Read::more_later : Read::failed;
    if (taken.size() + static_cast<std::size_t>(count) > limit) return Read::too_long;
    taken.append(part.bytes, 0, static_cast<std::size_t>(count));
  }
}

/// True where something can be read on either, false where the time is up.
bool wait_readable(std::array<pollfd, 2>& watched, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::min<long>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Error too_long(std::size_t limit) {
  return password_error("password_command prints more than " + std::to_string(limit / 1024) + " KiB");
}

/// What the shell wrote: "0\n". Nothing, where it was killed itself.
Result<void> judge(std::string_view status) {
  unsigned code = 0;
  const auto parsed = std::from_chars(status.data(), status.data() + status.size(), code);
  if (parsed.ec != std::errc{}) return std::unexpected(password_error("password_command was killed"));
  if (code == 0) return {};
  return std::unexpected(password_error("password_command failed: exit status " + std::to_string(code)));
}

/// Reads both pipes until the status has come, and returns that.
Result<std::string> collect(int output_fd, int status_fd, Clock::time_point deadline, std::size_t limit,
                            std::string& output) {
  constexpr std::size_t kLongestStatus = 8;
  std::array<pollfd, 2> watched = {{{output_fd, POLLIN, 0}, {status_fd, POLLIN, 0}}};
  std::string status;
  while (true) {
    if (!wait_readable(watched, deadline))
      return std::unexpected(password_error("password_command takes too long and was stopped"));
    const Read of_status = take(status_fd, kLongestStatus, status);
    // Only then the output: what the command printed is in the pipe before its status is.
    const Read of_output = watched[0].fd < 0 ? Read::end : take(output_fd, limit, output);
    if (of_output == Read::too_long) return std::unexpected(too_long(limit));
    if (of_output != Read::more_later) watched[0].fd = -1;
    if (of_status != Read::more_later || status.ends_with('\n')) return status;
  }
}

}  // namespace

PassingSecret::~PassingSecret() {
  wipe(bytes);
}

std::vector<char*> environment_for_commands() {
  std::vector<char*> passed;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!is_ours(*entry)) passed.push_back(*entry);
  }
  return passed;
}

Error password_error(std::string text, std::string detail) {
  Error error = make_error(Fault::local, 451, {4, 7, 0}, std::move(text));
  error.detail = std::move(detail);
  return error;
}

Result<void> run_command(const std::string& command, std::chrono::milliseconds timeout, std::size_t limit,
                         PassingSecret& output) {
  const auto deadline = Clock::now() + timeout;
  // All at once, as growing would leave unwiped copies behind.
  output.bytes.reserve(limit);
  Pipe printed;
  Pipe status;
  if (!printed.open() || !status.open())
    return std::unexpected(password_error("password_command can't be run", std::strerror(errno)));
  Shell shell;
  if (const int code = shell.start(command, printed.write_end.get(), status.write_end.get()); code != 0)
    return std::unexpected(password_error("password_command can't be run", std::strerror(code)));
  printed.write_end.close();
  status.write_end.close();
  const auto end = collect(printed.read_end.get(), status.read_end.get(), deadline, limit, output.bytes);
  if (!end) return std::unexpected(end.error());
  shell.ended();
  return judge(*end);
}

}  // namespace homeward::auth
