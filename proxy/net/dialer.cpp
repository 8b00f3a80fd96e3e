#include "proxy/net/dialer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/net/deadline.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/net/tcp_stream.hpp"

namespace homeward::net {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// An address that does not answer may not use up the time of all the others, nor be cut off at once.
constexpr Milliseconds kLeastPerAddress{1000};

Task<std::unique_ptr<Stream>> connect(asio::any_io_executor executor, IpAddress address, std::uint16_t port,
                                      Milliseconds timeout, std::string what) {
  asio::ip::tcp::socket socket(executor);
  Watchdog watchdog(executor, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  watchdog.arm(timeout);
  const auto [fault] = co_await socket.async_connect({to_asio(address), port}, kNoThrow);
  watchdog.disarm();
  if (fault || watchdog.expired()) {
    auto error = watchdog.expired() ? timeout_error(what) : network_error(what, fault);
    if (error.fault != Fault::canceled) error.reply.enhanced = {4, 4, 1};
    co_return std::unexpected(std::move(error));
  }
  tune(socket);
  co_return make_tcp_stream(std::move(socket));
}

}  // namespace

Task<std::unique_ptr<Stream>> dial(asio::any_io_executor executor, Resolver& resolver, DialTarget target,
                                   Milliseconds timeout) {
  const auto due = Clock::now() + timeout;
  auto addresses = co_await resolver.resolve(target.host, timeout);
  if (!addresses) co_return std::unexpected(std::move(addresses.error()));
  const auto what = fmt::format("connecting to {} port {}", target.host, target.port);
  auto last = timeout_error(what);
  last.reply.enhanced = {4, 4, 1};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto left = std::chrono::duration_cast<Milliseconds>(due - Clock::now());
    if (left <= Milliseconds::zero()) break;
    const auto share = std::max(kLeastPerAddress, left / static_cast<int>(addresses->size() - i));
    auto stream = co_await connect(executor, (*addresses)[i], target.port, std::min(left, share), what);
    if (stream) co_return std::move(*stream);
    last = std::move(stream.error());
    if (last.fault == Fault::canceled) break;
  }
  co_return std::unexpected(std::move(last));
}

}  // namespace homeward::net
