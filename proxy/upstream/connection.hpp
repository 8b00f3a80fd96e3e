// Connection: one TLS-protected, authenticated connection to an account's server. Opens it (dial, TLS,
// EHLO, login), then exchanges commands and replies. One that is out of step is closed and never used
// again. It knows nothing of clients.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "proxy/net/offload.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"
#include "proxy/smtp/capabilities.hpp"
#include "proxy/smtp/reply_parser.hpp"
#include "proxy/upstream/endpoint.hpp"

namespace homeward::upstream {

/// What every connection needs of the house; outlives them all.
struct ConnectionServices {
  net::asio::any_io_executor executor;
  net::Resolver& resolver;
  net::Offload& offload;
  std::vector<std::string> sasl_mechanisms;  ///< that the library can do
};

/// Everything about one opening; all by value, as the coroutine outlives its caller's frame.
struct OpenRequest {
  std::shared_ptr<const conf::Config> config;  ///< keeps `account` alive
  const conf::AccountConfig* account = nullptr;
  Endpoint endpoint;
  net::TlsContext tls;
};

class Connection {
 public:
  /// Connects and logs in. Errors (all 4yz): dns, network, timeout; tls; protocol; refused (4yz or 5yz
  /// before a login was judged); login (credentials refused; local where the password can't be had).
  static net::Task<std::unique_ptr<Connection>> open(ConnectionServices& services, OpenRequest request);

  /// Sends `commands` in one write and reads one reply for each. RFC 2920.
  /// Errors: network, timeout, protocol: 451 4.4.2 or 4.4.0; 421 is an error too (refused, 451 4.4.2), since
  /// the server closes. The connection is closed then.
  net::Task<std::vector<smtp::Reply>> exchange(std::string commands, std::size_t replies);
  net::Task<void> write(std::string_view bytes);
  /// Reads one reply within `timeout`. A server that has spoken although nobody asked is out of step: callers
  /// that send what must not be answered early ask unasked_reply() before.
  net::Task<smtp::Reply> read_reply(std::chrono::milliseconds timeout);

  /// What the server said out of turn, as an error (protocol 451 4.4.0; refused for its 421); nothing where
  /// it kept still. The connection is closed then.
  net::asio::awaitable<std::optional<Error>> unasked_reply();

  const smtp::Capabilities& capabilities() const { return capabilities_; }
  const Endpoint& endpoint() const { return endpoint_; }
  /// How long each reply and each write may take from now on; `reply_timeout` of the account until then.
  void limit_waits(std::chrono::milliseconds most) { reply_timeout_ = most; }
  std::chrono::milliseconds reply_timeout() const { return reply_timeout_; }
  bool usable() const { return usable_; }

  /// QUIT and close, within a few seconds.
  net::asio::awaitable<void> quit();
  /// Closes at once, without QUIT and, in mid-content, without a last dot.
  void close() noexcept;

 private:
  Connection(std::unique_ptr<net::Stream> stream, Endpoint endpoint, std::chrono::milliseconds reply_timeout);

  net::Task<void> greet(const OpenRequest& request);
  net::Task<void> log_in(ConnectionServices& services, const OpenRequest& request);
  Error broken(Error error);

  std::unique_ptr<net::Stream> stream_;
  Endpoint endpoint_;
  std::chrono::milliseconds reply_timeout_;
  smtp::ReplyParser parser_;
  smtp::Capabilities capabilities_;
  bool usable_ = true;
};

}  // namespace homeward::upstream
