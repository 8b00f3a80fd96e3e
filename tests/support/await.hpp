// Runs one coroutine of ours on a fresh event loop to its end, with a limit, and hands its answer out.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "proxy/net/task.hpp"

namespace homeward::test {

/// Drives `task` on `context`. Throws what it threw; std::runtime_error where it does not end in time.
template <class T>
T await(net::asio::io_context& context, net::asio::awaitable<T> task,
        std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  std::optional<T> answer;
  std::exception_ptr thrown;
  const auto keep = [&](net::asio::awaitable<T> inner) -> net::asio::awaitable<void> {
    answer.emplace(co_await std::move(inner));
  };
  bool over = false;
  net::asio::co_spawn(context, keep(std::move(task)), [&](std::exception_ptr escaped) {
    thrown = std::move(escaped);
    over = true;
  });
  context.restart();
  const auto due = std::chrono::steady_clock::now() + limit;
  while (!over && std::chrono::steady_clock::now() < due) {
    if (context.run_one_until(due) == 0) break;
  }
  if (thrown) std::rethrow_exception(thrown);
  if (!answer) throw std::runtime_error("the coroutine did not end in time");
  return std::move(*answer);
}

}  // namespace homeward::test
