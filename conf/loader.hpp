// From files to a Config, or to everything that is wrong with them, told at once. Reads the file and its
// includes, checks their modes, fills the table's defaults in, resolves names. Looks up no host, runs no
// command. Called by the daemon at start and reload, and by the commands.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conf/config.hpp"

namespace homeward::conf {

/// One finding: where, what was found and what would be right.
struct Problem {
  std::string file;
  unsigned line = 0;  ///< 0 where it belongs to no line
  std::string key;    ///< "[account home] server", or a section alone
  std::string finding;
  std::string cure;

  /// "FILE:LINE: [account home] server: FINDING; CURE"
  std::string to_string() const;
};

using Loaded = std::expected<std::shared_ptr<const Config>, std::vector<Problem>>;

/// Loads `file`. Errors: all problems of all its files.
Loaded load(const std::filesystem::path& file);

/// Where the configuration is looked for when no --config is given: the person's file if it exists
/// ($XDG_CONFIG_HOME/homeward/homeward.ini), else /etc/homeward/homeward.ini.
std::filesystem::path default_file();

}  // namespace homeward::conf
