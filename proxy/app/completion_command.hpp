// `homeward completion SHELL`: a script that a shell reads, and the hidden `homeward complete`, which that
// script asks for ids and names. Called by control_commands.cpp.
#pragma once

#include <string>
#include <vector>

#include "proxy/app/daemon_link.hpp"

namespace homeward::app {

/// `shell` is bash, zsh or fish; `commands` are all that are to be offered. Exit code 0.
int run_completion(const std::string& shell, const std::vector<std::string>& commands);

/// `what` is ids, accounts or providers. Prints those that begin with `prefix`, one a line; nothing, and no
/// error, where the daemon can't be asked: a person is in the middle of typing.
int run_complete(const ConfigChoice& config, const std::string& what, const std::string& prefix);

std::string completion_script(const std::string& shell, const std::vector<std::string>& commands);

}  // namespace homeward::app
