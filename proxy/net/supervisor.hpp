// Supervisor: every coroutine has a name and an owner. It starts them, counts the living, logs what
// escapes, and at the end cancels and waits. Nothing else in the house calls co_spawn with a detached end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <string>

#include "proxy/net/task.hpp"

namespace homeward::net {

class Supervisor {
 public:
  explicit Supervisor(asio::any_io_executor executor);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Starts `task` under `name` (for the log). What it throws is logged and ends that task alone.
  void spawn(std::string name, asio::awaitable<void> task);
  std::size_t living() const { return tasks_.size(); }
  /// Asks every task to stop where it waits (terminal cancellation).
  void cancel_all();
  /// Waits until none is left, or `patience` is over; true where none is left.
  asio::awaitable<bool> drained(std::chrono::milliseconds patience);

  const asio::any_io_executor& executor() const { return executor_; }

 private:
  struct Living {
    std::string name;
    asio::cancellation_signal stop;
  };
  asio::any_io_executor executor_;
  std::list<Living> tasks_;
  asio::steady_timer changed_;
};

}  // namespace homeward::net
