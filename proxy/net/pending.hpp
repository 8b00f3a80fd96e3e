// Pending: an answer that one coroutine gives and another waits for, for as long as it likes. Whoever gave
// up waiting may hand the rest of the wait to somebody else.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/net/task.hpp"

namespace homeward::net {

template <class T>
class Pending {
 public:
  explicit Pending(const asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {}

  void set(T value) {
    state_->value.emplace(std::move(value));
    state_->ready.cancel();
  }
  bool is_there() const { return state_->value.has_value(); }

  /// The answer; nothing where it did not come within `patience` (none: for ever) or the wait was canceled.
  /// One waits at a time, and takes it.
  asio::awaitable<std::optional<T>> get(std::optional<std::chrono::milliseconds> patience = std::nullopt) {
    const auto state = state_;
    if (!state->value) {
      if (patience)
        state->ready.expires_after(*patience);
      else
        state->ready.expires_at(asio::steady_timer::time_point::max());
      (void)co_await state->ready.async_wait(kNoThrow);
    }
    co_return std::exchange(state->value, std::nullopt);
  }

 private:
  struct State {
    explicit State(const asio::any_io_executor& executor) : ready(executor) {}
    std::optional<T> value;
    asio::steady_timer ready;  // an event: canceled when the answer is there
  };
  std::shared_ptr<State> state_;  // shared by who gives, who waits and who waits after him
};

}  // namespace homeward::net
