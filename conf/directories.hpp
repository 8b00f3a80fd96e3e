// Where state (spool, tokens) and what belongs to one run (control socket) lie: as configured, else as the
// service manager, else as the platform says. Looks at the environment and never at the disk. Called by
// loader.cpp. product.md 4 (state_directory, runtime_directory), systemd.exec(5), XDG Base Directory
// Specification.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "conf/values.hpp"

namespace homeward::conf {

/// What the process was started with, as far as directories go; empty where it was not given.
struct Surroundings {
  std::string state_directory = {};    ///< $STATE_DIRECTORY: one path, or several parted by ':'
  std::string runtime_directory = {};  ///< $RUNTIME_DIRECTORY, the same
  std::string xdg_state_home = {};
  std::string xdg_runtime_dir = {};
  std::string home = {};
  bool root = false;
};

/// Of this process.
Surroundings surroundings();

/// An absolute path. Rejected where nothing is given and nothing says where it could be.
Parsed<std::filesystem::path> choose_state_directory(const std::filesystem::path& given,
                                                     const Surroundings& around);
/// An absolute path; `state` is the directory that was chosen for state.
std::filesystem::path choose_runtime_directory(const std::filesystem::path& given, const Surroundings& around,
                                               const std::filesystem::path& state);

}  // namespace homeward::conf
