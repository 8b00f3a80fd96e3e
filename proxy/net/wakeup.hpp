// Wakeup: what a loop sleeps on that waits for several things at once. Whoever has something for it notes it
// in its own place and says wake(); the loop looks everywhere. Shared with handlers that may outlive the
// loop.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "proxy/net/task.hpp"

namespace homeward::net {

class Wakeup {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Wakeup(const asio::any_io_executor& executor) : timer_(executor) {}
  void wake() { timer_.cancel(); }
  /// False where the sleeper was canceled from outside.
  asio::awaitable<bool> sleep_until(TimePoint time) {
    timer_.expires_at(time);
    (void)co_await timer_.async_wait(kNoThrow);  // over, or woken
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() == asio::cancellation_type::none;
  }

 private:
  asio::steady_timer timer_;
};

}  // namespace homeward::net
