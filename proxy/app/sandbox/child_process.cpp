#include "proxy/app/sandbox/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "proxy/app/sandbox/system_fault.hpp"

namespace homeward::app::sandbox {
namespace {

constexpr std::chrono::milliseconds kPatience{3000};
constexpr std::chrono::milliseconds kLook{5};
constexpr int kCannotRun = 127;

/// Runs in the child of a process with threads: system calls alone.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent) {
  // Our mask would be inherited, and then nobody could end it.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const bool has_parent = getppid() == parent;  // else it went before we asked for that signal
  if (has_parent && dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
    execv("/proc/self/exe", arguments);
  }
  _exit(kCannotRun);
}

bool reap(pid_t pid, int flags) {
  pid_t found = 0;
  do {
    found = waitpid(pid, nullptr, flags);
  } while (found < 0 && errno == EINTR);
  return found != 0;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(std::vector<std::string> arguments,
                                         const std::filesystem::path& output) {
  const Descriptor log(open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR));
  if (!log) return std::unexpected(system_fault(output.string()));
  arguments.insert(arguments.begin(), "homeward");
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return std::unexpected(system_fault("fork"));
  if (pid == 0) become(pointers.data(), log.get(), parent);
  return ChildProcess(pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

ChildProcess::~ChildProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  const auto due = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < due) {
    if (reap(pid_, WNOHANG)) return;
    std::this_thread::sleep_for(kLook);
  }
  kill(pid_, SIGKILL);
  reap(pid_, 0);
}

bool ChildProcess::has_ended() {
  if (pid_ != 0 && reap(pid_, WNOHANG)) pid_ = 0;
  return pid_ == 0;
}

}  // namespace homeward::app::sandbox
