// Where a password comes from: the file itself, a file, a command, a systemd credential. Blocking; the
// caller runs it off the network thread. Nothing read here is ever logged or put into an error.
#pragma once

#include <chrono>

#include "conf/config.hpp"
#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"

namespace homeward::auth {

/// How long a password_command may take before it is killed with its children.
inline constexpr std::chrono::seconds kCommandTimeout{30};

/// Fetches the password: one line, its line end dropped. Of a command's output the first line counts (as
/// `pass` and its kin print it); a file or credential must hold nothing behind it. Errors: 451 4.7.0 that
/// names the key and what went wrong (missing, readable by others, exit status, nothing printed, too long:
/// over 64 KiB, a line break or NUL inside), never the content.
Result<Secret> fetch_password(const conf::PasswordSource& source,
                              std::chrono::milliseconds command_timeout = kCommandTimeout);

}  // namespace homeward::auth
