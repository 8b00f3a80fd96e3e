// Offload: what blocks (files, commands) runs on a small pool and is awaited. The work
// touches nothing of the network thread; its answer comes back by value. The threads begin with the first
// work: capabilities belong to a thread, and none may keep what the process has given up at its start.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

#include "proxy/net/task.hpp"

namespace homeward::net {

class Offload {
 public:
  explicit Offload(std::size_t threads) : wanted_(threads), context_(static_cast<int>(threads)) {
    threads_.reserve(threads);
  }
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;
  ~Offload() {
    work_.reset();
    for (auto& thread : threads_) thread.join();
  }

  /// Runs `work` on the pool. It can't be interrupted: it must have a limit of its own. Who is canceled while
  /// it waits hears of that behind it; a cancellation that reached the pool's threads would race with the
  /// work and, at its end, throw where nobody catches.
  template <class T>
  asio::awaitable<T> run(std::function<T()> work) {
    start();
    co_return co_await asio::co_spawn(
        context_.get_executor(), call(std::move(work)),
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  }

 private:
  template <class T>
  static asio::awaitable<T> call(std::function<T()> work) {
    co_return work();
  }
  /// Some threads will do where there are not all to be had. (Asio's own pool would wait for ever for those
  /// that it has started.) Throws std::system_error where there is none.
  void start() {
    while (threads_.size() < wanted_) {
      try {
        threads_.emplace_back([this] { context_.run(); });
      } catch (const std::system_error&) {
        if (threads_.empty()) throw;
        return;
      }
    }
  }

  std::size_t wanted_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace homeward::net
