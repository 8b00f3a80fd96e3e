// Runs a person's password_command and takes what it prints.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "proxy/base/result.hpp"

namespace homeward::auth {

/// A buffer that held a secret in passing, wiped however its scope is left.
struct PassingSecret {
  PassingSecret() = default;
  PassingSecret(const PassingSecret&) = delete;
  PassingSecret& operator=(const PassingSecret&) = delete;
  ~PassingSecret();
  std::string bytes;
};

/// Runs `command` by /bin/sh and puts at most `limit` bytes of its output into `output`. Blocking, for at
/// most `timeout`; any thread; whatever this process does with SIGCHLD. Errors as fetch_password.
Result<void> run_command(const std::string& command, std::chrono::milliseconds timeout, std::size_t limit,
                         PassingSecret& output);

/// The environment that a person's command gets: ours, without what is meant for this process alone.
std::vector<char*> environment_for_commands();

/// 451 4.7.0, Fault::local: `text` for anyone, `detail` for the log.
Error password_error(std::string text, std::string detail = {});

}  // namespace homeward::auth
