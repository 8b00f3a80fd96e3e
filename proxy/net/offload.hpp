// Offload: what blocks (files, commands, later SQLite) runs on a small pool and is awaited. The work
// touches nothing of the network thread; its answer comes back by value. The threads begin with the first
// work: capabilities belong to a thread, and none may keep what the process has given up at its start.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>

#include "proxy/net/task.hpp"

namespace homeward::net {

class Offload {
 public:
  explicit Offload(std::size_t threads) : threads_(threads) {}
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;
  ~Offload() {
    if (pool_) pool_->join();
  }

  /// Runs `work` on the pool. It can't be interrupted: it must have a limit of its own. Who is canceled while
  /// it waits hears of that behind it; a cancellation that reached the pool's threads would race with the
  /// work and, at its end, throw where nobody catches.
  template <class T>
  asio::awaitable<T> run(std::function<T()> work) {
    if (!pool_) pool_.emplace(threads_);
    co_return co_await asio::co_spawn(
        pool_->get_executor(), call(std::move(work)),
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  }

 private:
  template <class T>
  static asio::awaitable<T> call(std::function<T()> work) {
    co_return work();
  }
  std::size_t threads_;
  std::optional<asio::thread_pool> pool_;
};

}  // namespace homeward::net
