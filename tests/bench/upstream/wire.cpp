#include "tests/bench/upstream/wire.hpp"

#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace bench {
namespace {

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

Wire::Wire(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;  // it may be closed already: then the first read says so
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<Handshake> Wire::start_tls(asio::ssl::context& context) {
  tls_.emplace(socket_, context);
  const auto [fault] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kNoThrow);
  if (fault) co_return Handshake::failed;
  co_return SSL_session_reused(tls_->native_handle()) == 1 ? Handshake::resumed : Handshake::full;
}

asio::awaitable<std::size_t> Wire::read(std::span<char> into) {
  const auto buffer = asio::buffer(into.data(), into.size());
  if (tls_) {
    const auto [fault, size] = co_await tls_->async_read_some(buffer, kNoThrow);
    co_return fault ? 0 : size;
  }
  const auto [fault, size] = co_await socket_.async_read_some(buffer, kNoThrow);
  co_return fault ? 0 : size;
}

asio::awaitable<bool> Wire::write(std::string_view octets) {
  const auto buffer = asio::buffer(octets);
  if (tls_) {
    const auto [fault, size] = co_await asio::async_write(*tls_, buffer, kNoThrow);
    co_return !fault && size == octets.size();
  }
  const auto [fault, size] = co_await asio::async_write(socket_, buffer, kNoThrow);
  co_return !fault && size == octets.size();
}

}  // namespace bench
