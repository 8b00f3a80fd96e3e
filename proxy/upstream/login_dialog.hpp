// LoginDialog: the AUTH exchange with an upstream, mechanism after mechanism in the order that we chose.
// Replies in, lines out; to be used inside verified TLS alone. RFC 4954 §4, product.md 6.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/sasl_client.hpp"
#include "proxy/base/result.hpp"
#include "proxy/base/secret.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::upstream {

/// Send this line (it may hold the password), then read a reply.
struct SendSecret {
  Secret line;
};
struct LoggedIn {
  std::string mechanism;
};
struct LoginFailed {
  Error error;  ///< Fault::login: the server refused the credentials; else it could not be tried
};
using LoginAction = std::variant<SendSecret, LoggedIn, LoginFailed>;

class LoginDialog {
 public:
  /// `mechanisms`: at least one, in the order to be tried.
  LoginDialog(auth::SaslIdentity identity, std::vector<std::string> mechanisms);

  LoginAction start() { return try_next(); }
  LoginAction on_reply(const smtp::Reply& reply);

 private:
  LoginAction try_next();
  LoginAction on_challenge(const smtp::Reply& reply);
  LoginAction on_success();
  LoginAction on_refusal(const smtp::Reply& reply);
  LoginAction cancel_exchange(std::string why);

  auth::SaslIdentity identity_;
  std::vector<std::string> mechanisms_;
  std::size_t next_ = 0;
  std::string mechanism_;  // the one under way
  std::optional<auth::SaslClient> client_;
  std::optional<Secret> deferred_;  // a long initial response, sent when it is asked for
  bool canceled_ = false;           // we said "*"
  std::string why_not_;             // what the last mechanism tripped over
};

}  // namespace homeward::upstream
