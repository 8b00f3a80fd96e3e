// Connection: one TLS-protected, authenticated connection to an account's server. Opens it (dial, TLS,
// EHLO; then the login), then exchanges commands and replies. One that is out of step is closed and never
// used again. It knows nothing of clients.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credential_service.hpp"
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
  std::vector<std::string> sasl_mechanisms;   ///< that the library can do
  auth::CredentialService* tokens = nullptr;  ///< null: nothing here signs in by OAuth
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
  /// Over a stream on which nothing was said yet, or where what the server can do is known.
  Connection(std::unique_ptr<net::Stream> stream, Endpoint endpoint, std::chrono::milliseconds reply_timeout,
             smtp::Capabilities capabilities = {});

  /// Connects, as far as the point where a login can begin, so that several can be raced to there. Errors
  /// (all 4yz): dns, network, timeout; tls (also where a captive portal answers); protocol; refused (4yz or
  /// 5yz).
  static net::Task<std::unique_ptr<Connection>> reach(ConnectionServices& services, OpenRequest request);
  /// Logs in, once behind reach(); the mechanism, "" where the account has no login. Errors (all 4yz): login
  /// (credentials refused); refused (not now, or no mechanism can be done); local or login where the password
  /// can't be had; network, timeout, protocol. What is still usable() then wants a QUIT.
  net::Task<std::string> log_in(ConnectionServices& services, const OpenRequest& request);

  /// Where the server stands, as far as we told it.
  enum class Phase : std::uint8_t {
    ready,        ///< no transaction is open
    transaction,  ///< MAIL was sent: the next one begins by RSET
    content,      ///< part of a message is there: it ends with its verdict, or with the connection
  };

  /// Sends commands that this many replies will answer, in one write. RFC 2920.
  /// Errors: network, timeout. The connection is closed then.
  net::Task<void> send(std::string_view commands, unsigned replies);
  /// Where the path broke and the server had refused before, its refusal is heard by read_reply() first, and
  /// this is no error: it may be the verdict.
  net::Task<void> write(std::string_view bytes);
  /// The next reply, within reply_timeout() or `timeout`. A server that has spoken although nobody asked is
  /// out of step: callers that send what must not be answered early ask unasked_reply() before. Errors:
  /// network, timeout, protocol: 451 4.4.2 or 4.4.0; 421 is an error too (refused, 451 4.4.2), since the
  /// server closes. The connection is closed then.
  net::Task<smtp::Reply> read_reply(std::optional<std::chrono::milliseconds> timeout = std::nullopt);

  /// What the server said out of turn, as an error (protocol 451 4.4.0; refused for its 421); nothing where
  /// it kept still. The connection is closed then.
  net::asio::awaitable<std::optional<Error>> unasked_reply();

  void enter(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }
  /// Replies to what was sent that nobody has read yet.
  unsigned replies_owed() const { return owed_; }
  /// True where a next transaction may follow: in step, and no content is half there.
  bool is_between_transactions() const {
    return usable_ && !last_word_only_ && owed_ == 0 && parser_.buffered() == 0 && phase_ != Phase::content;
  }
  /// Whether it may get there by hearing the replies that are owed.
  bool can_catch_up() const { return usable_ && owed_ > 0 && phase_ == Phase::transaction; }
  /// Hears them, within seconds. The connection is closed where it can't be in step any more.
  net::asio::awaitable<void> catch_up();
  /// False where the server has said something that nobody asked for, or is gone.
  bool is_quiet() { return usable_ && !last_word_only_ && parser_.buffered() == 0 && !stream_->has_input(); }
  /// Until the next reply, the server has to acknowledge what we send within this time.
  void must_answer_within(std::chrono::milliseconds time);

  const smtp::Capabilities& capabilities() const { return capabilities_; }
  const Endpoint& endpoint() const { return endpoint_; }
  const std::optional<net::TlsFacts>& tls() const { return stream_->tls(); }
  std::chrono::steady_clock::duration age() const { return std::chrono::steady_clock::now() - opened_; }
  /// How long each reply and each write may take from now on; `reply_timeout` of the account until then.
  void limit_waits(std::chrono::milliseconds most) { reply_timeout_ = most; }
  std::chrono::milliseconds reply_timeout() const { return reply_timeout_; }
  bool usable() const { return usable_; }

  /// QUIT and close, within a few seconds.
  net::asio::awaitable<void> quit();
  /// Closes at once, without QUIT and, in mid-content, without a last dot.
  void close() noexcept;

 private:
  net::Task<void> greet(const OpenRequest& request, std::chrono::steady_clock::time_point due);
  net::asio::awaitable<bool> has_last_word();
  Error broken(Error error);
  void heard();

  std::unique_ptr<net::Stream> stream_;
  Endpoint endpoint_;
  std::chrono::milliseconds reply_timeout_;
  smtp::ReplyParser parser_;
  smtp::Capabilities capabilities_;
  std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  Phase phase_ = Phase::ready;
  unsigned owed_ = 0;
  bool probing_ = false;
  bool last_word_only_ = false;           // nothing can be sent any more
  std::optional<smtp::Reply> last_word_;  // what was said before the path broke, and is not read yet
  bool usable_ = true;
};

}  // namespace homeward::upstream
