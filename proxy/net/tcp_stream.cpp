#include "proxy/net/tcp_stream.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <utility>

#include "proxy/net/socket_stream.hpp"

namespace homeward::net {

Taken what_was_taken(int socket) {
  int fault = 0;
  socklen_t size = sizeof fault;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault != 0) return Taken::no;
  int unacknowledged = 0;
  if (::ioctl(socket, SIOCOUTQ, &unacknowledged) != 0) return Taken::no;
  return unacknowledged == 0 ? Taken::yes : Taken::not_yet;
}

namespace {

constexpr std::chrono::milliseconds kUserTimeout{120'000};
constexpr std::chrono::milliseconds kLingerTime{1000};
constexpr std::size_t kLingerOctets = 256 * 1024;

class TcpStream final : public SocketStream<asio::ip::tcp::socket> {
 public:
  TcpStream(asio::ip::tcp::socket socket, std::uint16_t server_port)
      : SocketStream(socket.get_executor(), std::move(socket)), server_port_(server_port) {}

  /// Bytes that nobody reads would make the kernel answer with a reset, and the peer lose our last words:
  /// they are read away for a moment.
  asio::awaitable<void> shutdown() override {
    boost::system::error_code ignored;  // the peer may be gone; closing follows anyway
    layer().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    expires_after(kLingerTime);
    std::array<char, 4096> sink{};
    for (std::size_t octets = 0; octets < kLingerOctets;) {
      const auto count = co_await read_some(sink);
      if (!count || *count == 0) break;
      octets += *count;
    }
    close();
  }

  Task<void> wait_input() override {
    if (is_stopped()) co_return std::unexpected(canceled_error());
    if (is_timed_out()) co_return std::unexpected(timeout_error("reading"));
    const auto [fault] = co_await layer().async_wait(asio::socket_base::wait_read, kInPlace);
    if (fault) co_return std::unexpected(is_stopped() ? canceled_error() : describe("reading", fault));
    readable_ = true;
    co_return Result<void>{};
  }

  // What can be done at once is done without a round through the event loop, which is one more system call.

  Task<std::size_t> read_some(std::span<char> into) override {
    if (!std::exchange(readable_, false) || is_stopped() || is_timed_out())
      return SocketStream::read_some(into);
    return read_what_is_there(into);
  }

  Task<void> write(std::string_view bytes) override {
    if (is_timed_out()) co_return std::unexpected(timeout_error("writing"));
    const auto sent =
        ::send(layer().native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !is_for_later(errno)) co_return std::unexpected(describe("writing", last_fault()));
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    if (done == bytes.size()) co_return Result<void>{};
    co_return co_await SocketStream::write(bytes.substr(done));
  }

  const std::optional<TlsFacts>& tls() const override { return no_tls_; }
  asio::ip::tcp::socket release() { return std::move(layer()); }
  std::uint16_t server_port() const {
    if (server_port_ != 0) return server_port_;
    boost::system::error_code fault;
    const auto endpoint = layer().remote_endpoint(fault);
    return fault ? std::uint16_t{0} : endpoint.port();
  }

 private:
  static bool is_for_later(int fault) { return fault == EAGAIN || fault == EWOULDBLOCK || fault == EINTR; }
  static boost::system::error_code last_fault() { return {errno, asio::error::get_system_category()}; }
  Task<std::size_t> read_what_is_there(std::span<char> into) {
    const auto count = ::recv(layer().native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (count >= 0) co_return static_cast<std::size_t>(count);
    if (!is_for_later(errno)) co_return std::unexpected(describe("reading", last_fault()));
    co_return co_await SocketStream::read_some(into);
  }
  bool is_end(const boost::system::error_code& fault) const override { return fault == asio::error::eof; }
  bool readable_ = false;  // was told by wait_input()
  std::uint16_t server_port_;
  std::optional<TlsFacts> no_tls_;
};

}  // namespace

IpAddress from_asio(const asio::ip::address& address) {
  if (address.is_v4()) return IpAddress::from_v4(address.to_v4().to_bytes());
  return IpAddress::from_v6(address.to_v6().to_bytes());
}

asio::ip::address to_asio(const IpAddress& address) {
  const auto& bytes = address.bytes();
  if (address.is_v4()) return asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]});
  return asio::ip::address_v6(bytes);
}

void tune(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;  // a socket that can't be tuned still works
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  set_user_timeout(socket.native_handle(), kUserTimeout);
}

void set_user_timeout(int socket, std::chrono::milliseconds time) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const auto timeout = static_cast<unsigned>(std::clamp<std::int64_t>(time.count(), 1, kMost));
  // A socket that can't be tuned still works.
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

std::unique_ptr<Stream> make_tcp_stream(asio::ip::tcp::socket socket, std::uint16_t server_port) {
  return std::make_unique<TcpStream>(std::move(socket), server_port);
}

std::uint16_t server_port(const Stream& stream) {
  const auto* tcp = dynamic_cast<const TcpStream*>(&stream);
  return tcp == nullptr ? std::uint16_t{0} : tcp->server_port();
}

asio::ip::tcp::socket release_socket(std::unique_ptr<Stream> stream) {
  auto* tcp = dynamic_cast<TcpStream*>(stream.get());
  if (tcp == nullptr) throw std::logic_error("release_socket: not a plain TCP stream");
  return tcp->release();
}

}  // namespace homeward::net
