// `homeward config`: prints the reference of all keys, as a configuration to start from or as JSON. Called
// by main.cpp.
#pragma once

#include <string>

namespace homeward::app {

/// Prints to standard output. Returns 0.
int run_config(bool json);

/// An array of sections; each has its keys in order.
std::string reference_json();

}  // namespace homeward::app
