#include "proxy/net/listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/net/tcp_stream.hpp"

namespace homeward::net {
namespace {

using tcp = asio::ip::tcp;

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kPause{200};

Error listen_error(std::string what, const boost::system::error_code& fault) {
  auto error = make_error(Fault::local, 451, {4, 3, 5}, fmt::format("{}: {}", what, fault.message()));
  error.detail = error.reply.text;
  return error;
}

std::string endpoint_text(const IpAddress& address, std::uint16_t port) {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

}  // namespace

Listener::Listener(tcp::acceptor acceptor) : acceptor_(std::move(acceptor)) {
  const auto endpoint = acceptor_.local_endpoint();
  address_ = from_asio(endpoint.address());
  port_ = endpoint.port();
}

Result<Listener> Listener::bind(const asio::any_io_executor& executor, IpAddress address,
                                std::uint16_t port) {
  const tcp::endpoint endpoint(to_asio(address), port);
  tcp::acceptor acceptor(executor);
  boost::system::error_code fault;
  acceptor.open(endpoint.protocol(), fault);
  if (!fault) acceptor.set_option(tcp::acceptor::reuse_address(true), fault);
  if (!fault && !address.is_v4()) acceptor.set_option(asio::ip::v6_only(true), fault);
  if (!fault) acceptor.bind(endpoint, fault);
  if (!fault) acceptor.listen(kBacklog, fault);
  if (fault) return std::unexpected(listen_error("cannot listen on " + endpoint_text(address, port), fault));
  return Listener(std::move(acceptor));
}

Result<Listener> Listener::adopt(const asio::any_io_executor& executor, int descriptor) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  int listening = 0;
  socklen_t option_size = sizeof listening;
  const bool known = getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
                     getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &option_size) == 0;
  if (!known || listening == 0 || (bound.ss_family != AF_INET && bound.ss_family != AF_INET6)) {
    return std::unexpected(make_error(Fault::local, 451, {4, 3, 5},
                                      fmt::format("descriptor {} is no listening TCP socket", descriptor)));
  }
  tcp::acceptor acceptor(executor);
  boost::system::error_code fault;
  acceptor.assign(bound.ss_family == AF_INET ? tcp::v4() : tcp::v6(), descriptor, fault);
  if (fault) return std::unexpected(listen_error(fmt::format("descriptor {}", descriptor), fault));
  return Listener(std::move(acceptor));
}

std::string Listener::to_string() const {
  return endpoint_text(address_, port_);
}

/// Where there is no memory for one more client, that client goes; the listener stays.
void Listener::hand_over(tcp::socket socket, const std::function<void(tcp::socket)>& on_client) const {
  try {
    on_client(std::move(socket));
  } catch (const std::exception& exception) {
    log::error("listener.client_lost", {{"listener", to_string()}, {"cause", exception.what()}});
  }
}

asio::awaitable<void> Listener::run(std::function<void(tcp::socket)> on_client) {
  while (acceptor_.is_open()) {
    auto [fault, socket] = co_await acceptor_.async_accept(kNoThrow);
    if (!fault) {
      hand_over(std::move(socket), on_client);
      continue;
    }
    if (fault == asio::error::operation_aborted || fault == asio::error::bad_descriptor) co_return;
    log::warning("listener.accept_failed", {{"listener", to_string()}, {"cause", fault.message()}});
    asio::steady_timer pause(acceptor_.get_executor(), kPause);
    if (const auto [stopped] = co_await pause.async_wait(kNoThrow); stopped) co_return;
  }
}

void Listener::close() {
  boost::system::error_code ignored;  // it is going anyway
  acceptor_.close(ignored);
}

}  // namespace homeward::net
