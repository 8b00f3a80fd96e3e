// Watchdog: one moving deadline of one connection. Arming it again is cheap (no timer operation while an
// earlier one is still pending), and it never ticks when nothing is armed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace homeward::net {

class Watchdog {
 public:
  /// `on_expiry` runs on the executor, at most once per arming.
  Watchdog(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  void arm(std::chrono::milliseconds time);
  void disarm();
  /// True where the last arming ran out.
  bool expired() const;

 private:
  struct State;
  static void wait(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  // shared with a handler that may be queued when we go
};

}  // namespace homeward::net
