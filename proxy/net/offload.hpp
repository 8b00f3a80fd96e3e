// Offload: what blocks (files, commands, later SQLite) runs on a small pool and is awaited. The work
// touches nothing of the network thread; its answer comes back by value.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "proxy/net/task.hpp"

namespace homeward::net {

class Offload {
 public:
  explicit Offload(std::size_t threads) : pool_(threads) {}
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;
  ~Offload() { pool_.join(); }

  /// Runs `work` on the pool. It can't be interrupted: it must have a limit of its own.
  template <class T>
  asio::awaitable<T> run(std::function<T()> work) {
    co_return co_await asio::co_spawn(pool_.get_executor(), call(std::move(work)), asio::use_awaitable);
  }

 private:
  template <class T>
  static asio::awaitable<T> call(std::function<T()> work) {
    co_return work();
  }
  asio::thread_pool pool_;
};

}  // namespace homeward::net
