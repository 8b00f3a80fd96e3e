// TLS sessions of a client, kept for the next connection to the same server: a resumed handshake costs no
// certificates and, on TLS 1.2, one round trip less. RFC 8446 §2.2, §4.6.1 (tickets), RFC 5077, RFC 7627
// (without its extended master secret none is kept). One TlsSessions belongs to one client context, so a
// session only ever meets the settings under which its server was verified (safety.md 2.5).
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

using SSL_SESSION = struct ssl_session_st;  // as in openssl/ssl.h, which is too large to be seen here

namespace homeward::net {

/// When all certificates of a chain are valid, in seconds of the wall clock since 1970.
struct Validity {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  bool holds(std::int64_t now) const { return from <= now && now <= until; }
};

struct FreeSession {
  void operator()(SSL_SESSION* session) const;
};
using SessionPointer = std::unique_ptr<SSL_SESSION, FreeSession>;

struct TlsSession {
  SessionPointer session;
  Validity validity;  ///< of the chain that was verified when its first connection was made
};

class TlsSessions {
 public:
  static constexpr std::size_t kPerServer = 4;  ///< newest; a server sends two tickets at a time
  static constexpr std::size_t kServers = 64;   ///< those unused longest go

  void put(const std::string& server, TlsSession session);
  /// The newest that may be used at `now`. One of TLS 1.3 is taken out: its ticket is for one use, so that no
  /// onlooker links two connections (RFC 8446 appendix C.4).
  std::optional<TlsSession> take(const std::string& server, std::int64_t now);
  void forget(const std::string& server) { servers_.erase(server); }

 private:
  struct Server {
    std::deque<TlsSession> sessions;  // newest at the end
    std::uint64_t used = 0;
  };
  void make_room();

  std::map<std::string, Server> servers_;
  std::uint64_t uses_ = 0;
};

/// One connection's part: offers a session before the handshake and keeps those that come.
class SessionKeeper {
 public:
  /// `sessions` must outlive it; `server` is host and port.
  SessionKeeper(TlsSessions& sessions, std::string server);
  SessionKeeper(const SessionKeeper&) = delete;
  SessionKeeper& operator=(const SessionKeeper&) = delete;
  ~SessionKeeper() = default;

  /// Before the handshake. It must live as long as `tls` is used.
  void attach(SSL* tls);
  /// The handshake is over and the server is verified: from now on, and of this handshake, sessions are kept.
  void verified(SSL* tls);
  /// The handshake failed: a session that was offered may be why, so the next one is a full one.
  void handshake_failed();
  /// Called by OpenSSL with each session that the server gives, in the handshake (TLS 1.2) or later (1.3).
  void on_new(SSL* tls, const SSL_SESSION* session);

 private:
  void keep(SSL* tls, SessionPointer session);

  TlsSessions& sessions_;
  std::string server_;
  std::optional<Validity> offered_;
  bool verified_ = false;
  SessionPointer early_;  // given in the handshake, before the server was verified
};

/// Sessions of this client context go to the keeper of their connection, and nowhere else.
void hand_sessions_to_keepers(SSL_CTX* context);

}  // namespace homeward::net
