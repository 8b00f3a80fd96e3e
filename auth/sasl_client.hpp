// One login from the client's side: start(), then next() for each challenge, by Cyrus SASL with exactly
// one mechanism that we chose. Bytes in, bytes out; base64 and the wire are the caller's. RFC 4422, 4954.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"

namespace homeward::auth {

/// Bytes that tie a login to its TLS channel. RFC 5056, 5929, 9266.
struct ChannelBinding {
  std::string type;  ///< "tls-exporter", "tls-server-end-point" or "tls-unique"
  std::string data;
};

struct SaslIdentity {
  std::string host;           ///< server name as configured
  std::string login;          ///< authentication identity
  std::string authorization;  ///< authorization identity; empty: none is sent
  Secret password;
  std::optional<ChannelBinding> binding;
};

class SaslClient {
 public:
  explicit SaslClient(SaslIdentity identity);
  SaslClient(SaslClient&&) noexcept;
  SaslClient& operator=(SaslClient&&) noexcept;
  ~SaslClient();

  /// start() may be called again, with another mechanism. One login is used by one thread at a time, any
  /// thread. SCRAM's next() computes for some milliseconds (at most half a second, if the server wants it).
  ///
  /// Begins with this mechanism ("SCRAM-SHA-256-PLUS", "PLAIN", …). The initial response, or nothing
  /// where the server speaks first (LOGIN, CRAM-MD5). Error: 451 4.7.0: this mechanism can't be done here.
  Result<std::optional<Secret>> start(std::string_view mechanism);
  /// Answers a challenge (decoded); after complete(), an empty one with an empty answer. SCRAM's last
  /// challenge comes as a 334 of its own (RFC 4954 §4) and is answered by an empty line. The answer to a
  /// server that did not take the initial response with AUTH is that response, without next().
  /// Error: 451 4.7.0; Fault::login where the server fails to prove itself (SCRAM, DIGEST-MD5),
  /// Fault::protocol where it breaks the mechanism, Fault::local where we can't go on.
  Result<Secret> next(std::string_view challenge);
  /// True where the mechanism has nothing more to say or check. A 235 before that is not a login (SCRAM's
  /// server signature would be missing).
  bool complete() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace homeward::auth
