#include "proxy/app/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace homeward::app {

Result<std::vector<frontend::PassedDescriptor>> take_passed_sockets() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  if (count < 0) {
    return std::unexpected(make_error(Fault::local, 451, {4, 3, 5},
                                      fmt::format("the sockets passed in can't be taken over: {}",
                                                  std::generic_category().message(-count))));
  }
  std::vector<frontend::PassedDescriptor> passed;
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<char, decltype(&std::free)> name(names[i], std::free);
    // A socket of FileDescriptorName=smtp and one of a unit with two ListenStream= lines share the name.
    passed.push_back({name.get(), SD_LISTEN_FDS_START + i});
  }
  std::free(static_cast<void*>(names));
  return passed;
}

void notify_ready(const std::string& status) {
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void notify_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U + static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1\nSTATUS=Finishing what runs");
}

void notify_status(const std::string& status) {
  sd_notify(0, ("STATUS=" + status).c_str());
}

void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace homeward::app
