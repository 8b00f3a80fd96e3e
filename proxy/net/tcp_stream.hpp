// Plain TCP as a Stream, and the socket beneath for those who add a layer (TLS, later SOCKS5).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "proxy/net/stream.hpp"

namespace homeward::net {

IpAddress from_asio(const boost::asio::ip::address& address);
boost::asio::ip::address to_asio(const IpAddress& address);

/// NODELAY, keep-alive and a two-minute TCP_USER_TIMEOUT, so that a pulled cable is noticed (safety.md 5).
void tune(boost::asio::ip::tcp::socket& socket);

/// TCP_USER_TIMEOUT of a socket; at least a millisecond, as the system takes 0 for its own default.
void set_user_timeout(int socket, std::chrono::milliseconds time);

/// `server_port` is the port of the server that it leads to, where a proxy is in between; 0: the peer's.
std::unique_ptr<Stream> make_tcp_stream(boost::asio::ip::tcp::socket socket, std::uint16_t server_port = 0);
/// Of a plain TCP stream; 0 where there is none.
std::uint16_t server_port(const Stream& stream);

/// Takes the socket out of a stream that make_tcp_stream made; the stream is an empty shell afterwards.
/// Throws std::logic_error for any other stream: a programming error.
boost::asio::ip::tcp::socket release_socket(std::unique_ptr<Stream> stream);

}  // namespace homeward::net
