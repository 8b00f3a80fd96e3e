#include "proxy/net/dialer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <optional>
#include <utility>

#include "proxy/net/attempt_order.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/net/lookup.hpp"
#include "proxy/net/proxy_tunnel.hpp"
#include "proxy/net/race.hpp"
#include "proxy/net/tcp_stream.hpp"

namespace homeward::net {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
using Socket = asio::ip::tcp::socket;

Error while_connecting(Error error) {
  if (error.fault != Fault::canceled) error.reply.enhanced = {4, 4, 1};
  return error;
}

/// No way from here: says less than any answer from there.
bool is_no_route(const boost::system::error_code& fault) {
  return fault == asio::error::network_unreachable || fault == asio::error::host_unreachable ||
         fault.value() == EADDRNOTAVAIL;
}

/// One host's connection in the making: what is known of its addresses, and the attempts on them.
class Dial {
 public:
  Dial(const asio::any_io_executor& executor, Resolver& resolver, const std::string& host, std::uint16_t port,
       std::string what)
      : wakeup_(std::make_shared<Wakeup>(executor)),
        lookup_(resolver.begin(host, wakeup_)),
        race_(executor, wakeup_, port),
        what_(std::move(what)) {}

  Task<Socket> run(Clock::time_point due) {
    for (;;) {
      const auto now = Clock::now();
      order_.found(lookup_->take(), !lookup_->is_over(), now);
      note_failures();
      if (auto winner = race_.take_winner()) co_return *std::move(winner);
      while (const auto address = order_.start(now)) race_.start(*address);
      if (order_.is_lost(now)) co_return std::unexpected(fault());
      if (now >= due) co_return std::unexpected(late());
      lookup_->watch();
      const auto next = std::min(order_.due().value_or(due), lookup_->due());
      if (!co_await wakeup_->sleep_until(std::min(next, due))) co_return std::unexpected(canceled_error());
      lookup_->process();
    }
  }

 private:
  void note_failures() {
    for (const auto& fault : race_.take_failures()) {
      order_.failed();
      if (!failure_ || !is_no_route(fault)) failure_ = fault;
    }
  }
  Error fault() const {
    return failure_ ? while_connecting(network_error(what_, *failure_)) : lookup_->fault();
  }
  Error late() const {
    if (!order_.has_any()) return lookup_->fault();
    const bool answered = failure_ && !is_no_route(*failure_);
    return while_connecting(answered ? network_error(what_, *failure_) : timeout_error(what_));
  }

  std::shared_ptr<Wakeup> wakeup_;
  std::unique_ptr<Lookup> lookup_;
  Race race_;
  AttemptOrder order_;
  std::string what_;
  std::optional<boost::system::error_code> failure_;
};

Milliseconds left_until(Clock::time_point due) {
  return std::max(Milliseconds{1}, std::chrono::duration_cast<Milliseconds>(due - Clock::now()));
}

Task<std::unique_ptr<Stream>> dial_straight(asio::any_io_executor executor, Resolver& resolver,
                                            DialTarget target, Clock::time_point due) {
  Dial attempt(executor, resolver, target.host, target.port,
               fmt::format("connecting to {} port {}", target.host, target.port));
  auto socket = co_await attempt.run(due);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  tune(*socket);
  co_return make_tcp_stream(std::move(*socket));
}

Task<std::unique_ptr<Stream>> dial_through(asio::any_io_executor executor, Resolver& resolver,
                                           DialTarget target, Clock::time_point due) {
  const auto& proxy = *target.proxy;
  Dial attempt(executor, resolver, proxy.host, proxy.port,
               fmt::format("connecting to the proxy {} port {} (for {} port {})", proxy.host, proxy.port,
                           target.host, target.port));
  auto socket = co_await attempt.run(due);
  if (!socket) {
    if (socket.error().fault == Fault::dns) socket.error().reply.text.insert(0, "the proxy: ");
    co_return std::unexpected(std::move(socket.error()));
  }
  tune(*socket);
  auto stream = make_tcp_stream(std::move(*socket), target.port);
  auto open = co_await open_tunnel(*stream, target.proxy, {target.host, target.port}, left_until(due));
  if (!open) co_return std::unexpected(std::move(open.error()));
  co_return std::move(stream);
}

}  // namespace

Task<std::unique_ptr<Stream>> dial(asio::any_io_executor executor, Resolver& resolver, DialTarget target,
                                   Milliseconds timeout) {
  const auto due = Clock::now() + timeout;
  if (target.proxy) return dial_through(std::move(executor), resolver, std::move(target), due);
  return dial_straight(std::move(executor), resolver, std::move(target), due);
}

}  // namespace homeward::net
