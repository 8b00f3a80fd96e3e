// `homeward accounts`: the accounts and their state; pause, resume, retry. Called by control_commands.cpp.
#pragma once

#include <string>

#include "proxy/app/daemon_link.hpp"

namespace homeward::app {

/// Exit codes as exit_code().
int run_accounts(const ConfigChoice& config, bool json);
/// `change` is pause, resume or retry.
int run_account_change(const ConfigChoice& config, const std::string& change, const std::string& name,
                       bool json);

}  // namespace homeward::app
