// How a command reaches the daemon, and how its errors become words and exit codes. Used by every command
// that asks: status, queue, trace, accounts, sendmail -bp, the completion.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "conf/config.hpp"
#include "proxy/control/client.hpp"

namespace homeward::app {

/// Where the configuration is, and whether a person named it.
struct ConfigChoice {
  std::filesystem::path file;
  bool is_named = false;
};

/// The configuration, or nothing where it can't be read: one that nobody named may belong to somebody else (a
/// gateway's is 0640), and asking the daemon needs none. One that was named must be good: then the problems
/// are printed, and `broken` is set.
std::shared_ptr<const conf::Config> read_config(const ConfigChoice& choice, bool& broken);

/// Errors: as control::Client::find; local 554 where the named configuration is broken (told already).
Result<control::Client> reach_daemon(const ConfigChoice& choice);

/// 65 no such message or account, 69 not running, 75 not now, 76 no sense, 77 may not ask, 78 configuration.
int exit_code(const Error& error);
/// Says the error on standard error, `about` before it where it is not empty; the exit code.
int complain(const Error& error, std::string_view about = {});

/// Writes to standard output; 0, or 74 (EX_IOERR) where that fails.
int print_out(std::string_view text);

}  // namespace homeward::app
