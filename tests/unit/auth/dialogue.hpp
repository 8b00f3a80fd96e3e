// A login in memory: SaslClient against SaslServer, message by message, with a place to tamper.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sasl_client.hpp"
#include "auth/sasl_library.hpp"
#include "auth/sasl_server.hpp"

namespace homeward::auth::test {

inline constexpr std::string_view kHost = "mail.home.example";
inline constexpr std::string_view kUser = "joe@home.example";

class Users : public UserDatabase {
 public:
  explicit Users(std::string password) : password_(std::move(password)) {}
  std::optional<Secret> password_of(std::string_view user) const override {
    if (user != kUser) return std::nullopt;
    return Secret(std::string(password_));
  }

 private:
  std::string password_;
};

/// Cyrus SASL with both sides, started once for the whole program.
const SaslLibrary& library();

struct Parties {
  std::string mechanism;
  std::string client_password = "correct horse";
  std::string server_password = "correct horse";
  std::string login{kUser};
  std::string authorization = {};
  std::optional<ChannelBinding> client_binding = std::nullopt;
  std::optional<ChannelBinding> server_binding = std::nullopt;
  std::function<std::string(std::string)> tamper = nullptr;  ///< sees each challenge on its way
};

struct Outcome {
  std::optional<Error> client_error;
  std::optional<Error> server_error;
  bool client_complete = false;
  std::string user;  ///< as whom the server let the client in; "" if it did not
  std::vector<std::string> from_client;

  bool logged_in() const { return !client_error && !server_error && client_complete && !user.empty(); }
};

Outcome log_in(const Parties& parties);

/// Every mechanism, without -PLUS.
const std::vector<std::string>& mechanisms();

SaslIdentity identity_of(const Parties& parties);

/// True where neither what a client may read nor what is logged holds the secret.
bool keeps_secret(const Error& error, std::string_view secret);

}  // namespace homeward::auth::test
