// `homeward serve`: puts the rooms together and runs them in the foreground. SIGHUP reloads, SIGTERM and
// SIGINT drain. product.md 9
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "proxy/base/clock.hpp"
#include "proxy/spool/spool.hpp"

namespace homeward::app {

struct ServeOptions {
  std::filesystem::path config;
  std::optional<std::string> user;  ///< to become, where started by root
  std::string version;
};

/// What a test may put in the place of the system's.
struct ServeEnvironment {
  const Clock* clock = nullptr;              ///< none: the system's
  std::shared_ptr<spool::FileSystem> files;  ///< none: the system's
  std::string vfs;                           ///< of SQLite; empty: the system's
};

/// Runs until told to stop. Returns an exit code of sysexits: 0, 69 (no listener, no spool), 77 (privileges),
/// 78.
int run_serve(const ServeOptions& options, const ServeEnvironment& environment = {});

}  // namespace homeward::app
