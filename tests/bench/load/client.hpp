// The client of bench_load: blocking sockets, with as little of its own as can be. Plain as a legacy client,
// or by STARTTLS or implicit TLS with AUTH PLAIN; each reply awaited, or pipelined (RFC 2920). Throws where
// anything goes otherwise than it should: a figure with a part missing is none.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/letter.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;

enum class Security { none, starttls, implicit };

/// Where a client goes, and how.
struct Door {
  std::uint16_t port = 0;
  Security security = Security::none;
  std::string ca;              ///< PEM; the server must be `localhost`
  std::string user, password;  ///< no login where the user is empty
  bool pipelining = false;
};

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* tls) const { SSL_free(tls); }
};

/// For all clients of a door; null for one without TLS. Sessions are not resumed: a client that is started
/// for each message can't.
std::unique_ptr<SSL_CTX, FreeTls> make_tls_context(const Door& door);

class Client {
 public:
  /// Connects to loopback, secures the connection and logs in.
  Client(const Door& door, SSL_CTX* context);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  struct Sent {
    int code = 0;  ///< 250, or of the first reply that refused
    Clock::time_point began, written, ended;
  };
  Sent send(const Letter& letter);
  void quit() { say("QUIT\r\n", 221); }

 private:
  void start_tls();
  void log_in();
  int open_transaction(std::string_view recipient);
  int open_pipelined(const std::string& mail, const std::string& recipient);
  void say(std::string_view octets, int code);
  void expect(int code);
  int reply();
  void write(std::string_view octets);
  std::size_t read(char* into, std::size_t size);

  const Door& door_;
  SSL_CTX* context_;
  int socket_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::string unread_;  // behind the last reply
  std::string last_;    // that reply, for the word of failure
};

}  // namespace bench
