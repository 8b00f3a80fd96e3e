// `homeward serve`: puts the rooms together and runs them in the foreground. SIGHUP reloads, SIGTERM and
// SIGINT drain. product.md 9
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace homeward::app {

struct ServeOptions {
  std::filesystem::path config;
  std::optional<std::string> user;  ///< to become, where started by root
};

/// Runs until told to stop. Returns an exit code of sysexits: 0, 69 (no listener), 77 (privileges), 78.
int run_serve(const ServeOptions& options);

}  // namespace homeward::app
