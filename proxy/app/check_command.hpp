// `homeward check`: reads the configuration and tells everything that is wrong with it, or what it means:
// who may connect, who may use which account. Connects to nothing. Called by main.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "conf/loader.hpp"

namespace homeward::app {

/// Prints to standard output; problems in text form to standard error.
/// Returns 0, or 78 (EX_CONFIG) where there are problems.
int run_check(const std::filesystem::path& file, bool json);

/// The configuration in words, for people.
std::string describe(const conf::Config& config);
std::string describe_json(const std::filesystem::path& file, const conf::Config& config);
std::string problems_json(const std::filesystem::path& file, const std::vector<conf::Problem>& problems);

}  // namespace homeward::app
