// `homeward sandbox`: a home provider in a box, on loopback, as the problem has it (product.md 1, 8), to
// look at, to try clients against, and to tell the whole story with. Called by main.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace homeward::app {

struct SandboxOptions {
  std::filesystem::path directory;  ///< kept; empty: a temporary one, gone at the end
  std::uint16_t relay_port = 0;     ///< 0: any free port
  std::uint16_t submission_port = 0;
  std::uint16_t submissions_port = 0;
  bool story = false;
  std::string user = "ann";
  std::string address = "ann@isp.example";
  bool json = false;
};

/// Serves until SIGINT or SIGTERM, or tells the story and ends. Returns an exit code of sysexits: 0,
/// 64 (options that can't be), 69 (it could not be set up, or the story did not end well).
int run_sandbox(const SandboxOptions& options);

}  // namespace homeward::app
