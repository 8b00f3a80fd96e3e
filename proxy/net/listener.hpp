// Listener: sockets that accept clients, whether opened here or passed in by a service manager.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net {

class Listener {
 public:
  /// Binds and listens; IPv6 sockets take IPv6 alone. Error: local, with the address and the system's word.
  static Result<Listener> bind(const asio::any_io_executor& executor, IpAddress address, std::uint16_t port);
  /// Takes a listening TCP socket over, e.g. from sd_listen_fds(3). Error: local where it is none.
  static Result<Listener> adopt(const asio::any_io_executor& executor, int descriptor);

  IpAddress address() const { return address_; }
  std::uint16_t port() const { return port_; }
  std::string to_string() const;

  /// Accepts until closed or canceled, handing each socket to `on_client`. Out of descriptors: waits a
  /// moment and goes on.
  asio::awaitable<void> run(std::function<void(asio::ip::tcp::socket)> on_client);
  void close();

 private:
  explicit Listener(asio::ip::tcp::acceptor acceptor);
  void hand_over(asio::ip::tcp::socket socket,
                 const std::function<void(asio::ip::tcp::socket)>& on_client) const;
  asio::ip::tcp::acceptor acceptor_;
  IpAddress address_;
  std::uint16_t port_ = 0;
};

}  // namespace homeward::net
