#include "proxy/net/deadline.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace homeward::net {

using Clock = std::chrono::steady_clock;

struct Watchdog::State {
  State(const boost::asio::any_io_executor& executor, std::function<void()> callback)
      : timer(executor), on_expiry(std::move(callback)) {}
  boost::asio::steady_timer timer;
  std::function<void()> on_expiry;
  Clock::time_point due = Clock::time_point::max();
  Clock::time_point scheduled = Clock::time_point::max();  // when the pending wait ends; max: none pending
  bool expired = false;
};

Watchdog::Watchdog(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}

Watchdog::~Watchdog() {
  state_->on_expiry = nullptr;
  state_->timer.cancel();
}

void Watchdog::arm(std::chrono::milliseconds time) {
  state_->expired = false;
  state_->due = Clock::now() + time;
  if (state_->scheduled > state_->due) wait(state_);
}

void Watchdog::disarm() {
  state_->due = Clock::time_point::max();
}

bool Watchdog::expired() const {
  return state_->expired;
}

void Watchdog::wait(const std::shared_ptr<State>& state) {
  state->scheduled = state->due;
  state->timer.expires_at(state->due);
  state->timer.async_wait([state](const boost::system::error_code& fault) {
    if (fault || !state->on_expiry) return;
    state->scheduled = Clock::time_point::max();
    if (state->due == Clock::time_point::max()) return;
    if (Clock::now() < state->due) {
      wait(state);  // it was moved while we slept
      return;
    }
    state->due = Clock::time_point::max();
    state->expired = true;
    state->on_expiry();
  });
}

}  // namespace homeward::net
