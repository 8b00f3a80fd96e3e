#include "proxy/app/alert.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "auth/secret_command.hpp"
#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLimit = 60s;
constexpr auto kPause = 20ms;
constexpr std::size_t kMaxCause = 1000;

std::vector<std::string> variables_of(const AlertFacts& facts) {
  return {"HOMEWARD_EVENT=" + facts.event, "HOMEWARD_ACCOUNT=" + facts.account,
          "HOMEWARD_CAUSE=" + text::printable(facts.cause, kMaxCause), "HOMEWARD_MESSAGE=" + facts.message};
}

/// 0, or an errno; a group of its own, so that all of it can be ended.
int start(const std::string& command, const AlertFacts& facts, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::array<std::string, 3> words = {"sh", "-c", command};
  const std::array<char*, 4> arguments = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  auto variables = variables_of(facts);
  auto environment = auth::environment_for_commands();
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const int code =
      ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code;
}

Error failed(std::string text) {
  return make_error(Fault::local, 451, {4, 3, 0}, std::move(text));
}

}  // namespace

Result<void> run_alert(const std::string& command, const AlertFacts& facts) {
  pid_t pid = -1;
  if (const int code = start(command, facts, pid); code != 0)
    return std::unexpected(failed(fmt::format("alert_command can't be run: {}", std::strerror(code))));
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (true) {
    int status = 0;
    const auto ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (ended == pid)
      return std::unexpected(
          failed(WIFEXITED(status) ? fmt::format("alert_command failed: exit status {}", WEXITSTATUS(status))
                                   : std::string("alert_command was killed")));
    if (ended < 0 && errno != EINTR)
      return std::unexpected(
          failed(fmt::format("alert_command can't be waited for: {}", std::strerror(errno))));
    if (std::chrono::steady_clock::now() >= deadline) {
      ::kill(-pid, SIGKILL);
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      return std::unexpected(failed("alert_command took longer than a minute and was stopped"));
    }
    std::this_thread::sleep_for(kPause);
  }
}

void Alert::raise(const std::string& command, AlertFacts facts) {
  if (command.empty()) return;
  if (running_ >= kMost) {
    log::warning("alert.left_out", {{"event", facts.event}, {"account", facts.account}});
    return;
  }
  ++running_;
  supervisor_.spawn("alert", run(command, std::move(facts)));
}

net::asio::awaitable<void> Alert::run(std::string command, AlertFacts facts) {
  const auto done = co_await offload_.run<Result<void>>([&] { return run_alert(command, facts); });
  --running_;
  if (!done) log::error("alert.failed", {{"event", facts.event}, {"cause", done.error().reply.text}});
}

}  // namespace homeward::app
