// One connection of a client to the measuring upstream: plain at first, under TLS from start_tls() on. Errors
// are no matter here: a connection that fails has ended.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace bench {

namespace asio = boost::asio;

enum class Handshake { failed, full, resumed };

class Wire {
 public:
  explicit Wire(asio::ip::tcp::socket socket);

  asio::awaitable<Handshake> start_tls(asio::ssl::context& context);
  /// How many octets came; 0 at the end.
  asio::awaitable<std::size_t> read(std::span<char> into);
  /// All of it in one write; false at the end.
  asio::awaitable<bool> write(std::string_view octets);
  bool is_secured() const { return tls_.has_value(); }

 private:
  asio::ip::tcp::socket socket_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
};

}  // namespace bench
