// One login from the server's side, by Cyrus SASL, with an account list in memory. The sandbox uses it
// now; the listeners' `auth` will. Bytes in, bytes out. RFC 4422, 4954.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sasl_client.hpp"
#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"

namespace homeward::auth {

/// Who may log in; asked for every login. Lives longer than the servers that use it.
class UserDatabase {
 public:
  virtual ~UserDatabase() = default;
  /// The password in clear (SCRAM and CRAM-MD5 need it), or nothing for an unknown user.
  virtual std::optional<Secret> password_of(std::string_view user) const = 0;
};

class SaslServer {
 public:
  /// `mechanisms`: which may be offered and used, upper case, without -PLUS (that comes with a binding).
  SaslServer(const UserDatabase& users, std::string host, std::vector<std::string> mechanisms,
             std::optional<ChannelBinding> binding);
  SaslServer(SaslServer&&) noexcept;
  ~SaslServer();

  /// What EHLO's AUTH line may list, -PLUS forms included where a binding is at hand.
  std::vector<std::string> offered() const;

  struct Step {
    bool done = false;      ///< logged in: `user` says who
    std::string challenge;  ///< to send (encoded by the caller); with done, final data (SCRAM) or empty
    std::string user;
  };
  /// Everybody acts as himself alone: an authorization identity must be the login's own.
  /// Error: 535 5.7.8 (credentials), 504 5.5.4 (mechanism), 501 5.5.2 (malformed), 454 4.7.0 (ours). After an
  /// error, or where the client gives up ("*"), only start() may follow.
  Result<Step> start(std::string_view mechanism, std::optional<std::string_view> initial_response);
  Result<Step> next(std::string_view response);

 private:
  struct State;
  friend int register_user_lookup();  // sasl_support.hpp: the library's way to the UserDatabase
  std::unique_ptr<State> state_;
};

}  // namespace homeward::auth
