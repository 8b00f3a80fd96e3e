// NetworkWatch: says when this machine may have come back on line: an address, a route or a link came up
// (rtnetlink(7)), or it woke from sleep or had its clock set (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
// Nothing ticks while nothing happens.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/task.hpp"

namespace homeward::net {

/// Whether one datagram of rtnetlink tells of something that came up. Pure.
bool tells_of_coming_up(std::string_view datagram);

class NetworkWatch {
 public:
  explicit NetworkWatch(const asio::any_io_executor& executor);

  /// Opens what can be had. Error: local, where neither can (a sandbox without AF_NETLINK, say).
  Result<void> open();
  /// Waits for the next change; what comes within a moment is one. In words, for the log.
  /// Errors: canceled, or local where nothing can be watched.
  Task<std::string> changed();

 private:
  Task<std::string> link_changed();
  Task<std::string> clock_changed();
  void arm_clock();

  asio::any_io_executor executor_;
  std::optional<asio::posix::stream_descriptor> link_;
  std::optional<asio::posix::stream_descriptor> clock_;
  asio::steady_timer pause_;
  std::optional<std::chrono::steady_clock::time_point> told_;
};

}  // namespace homeward::net
