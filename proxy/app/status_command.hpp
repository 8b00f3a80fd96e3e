// `homeward status`: what runs, what waits, how the accounts are. Called by control_commands.cpp.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <string>

#include "proxy/app/daemon_link.hpp"

namespace homeward::app {

struct StatusOptions {
  ConfigChoice config;
  bool watch = false;
  bool json = false;
};

/// Exit codes: 0, 69 not running (with `watch`: not any more), others as exit_code().
int run_status(const StatusOptions& options);

/// The screen for a person.
std::string describe_status(const boost::json::value& status, std::chrono::system_clock::time_point now);
/// One line for a change, for a pipe.
std::string describe_change(const boost::json::value& status, std::chrono::system_clock::time_point now);
/// The table of the accounts, with their last errors below.
std::string describe_accounts(const boost::json::array& accounts, std::chrono::system_clock::time_point now);

}  // namespace homeward::app
