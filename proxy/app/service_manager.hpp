// What a service manager tells us and wants to hear: sockets passed in, READY, RELOADING, STOPPING, STATUS,
// the watchdog. All of it does nothing where there is none. sd_notify(3), sd_listen_fds(3)
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/result.hpp"
#include "proxy/frontend/server.hpp"

namespace homeward::app {

/// The listening sockets that were passed in, with their FileDescriptorName; taken out of the environment,
/// so that no child believes they are its own. Error: local, a broken environment.
Result<std::vector<frontend::PassedDescriptor>> take_passed_sockets();

void notify_ready(const std::string& status);
void notify_reloading();
void notify_stopping();
void notify_status(const std::string& status);
void notify_alive();

/// How often notify_alive() is to be called; nothing where no watchdog waits for it.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace homeward::app
