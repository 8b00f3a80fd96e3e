// What the registrations of the commands share: options that many have, and the command that was chosen.
// Included by main.cpp and the files that register commands; CLI11 is seen nowhere else.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>

#include "conf/loader.hpp"
#include "proxy/app/daemon_link.hpp"

namespace homeward::app {

struct CommonOptions {
  std::filesystem::path config;
  bool json = false;

  std::filesystem::path file() const { return config.empty() ? conf::default_file() : config; }
  ConfigChoice choice() const { return {file(), !config.empty()}; }
};

/// What to do once the whole command line was understood.
using Run = std::function<int()>;

inline void add_config(CLI::App& command, CommonOptions& common) {
  command.add_option("-c,--config", common.config, "The configuration file")->type_name("FILE");
}

inline void add_json(CLI::App& command, CommonOptions& common) {
  command.add_flag("--json", common.json, "Print JSON");
}

/// status, queue, trace, accounts, completion: what asks the running daemon. `common` and `run` must outlive
/// the parsing.
void add_control_commands(CLI::App& program, CommonOptions& common, Run& run);

}  // namespace homeward::app
