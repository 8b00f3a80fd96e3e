// CredentialService: where upstream gets an account's access tokens from. What has signed in by OAuth stands
// behind it; upstream asks for a token before a login, and once more where a server has refused that one.
#pragma once

#include <memory>

#include "auth/credential.hpp"
#include "conf/config.hpp"
#include "proxy/net/task.hpp"

namespace homeward::auth {

class CredentialService {
 public:
  virtual ~CredentialService() = default;

  /// A token (CredentialKind::token) for a login of `account`, which belongs to `config`. Many may ask at
  /// once. Errors, all 4yz: login (a person has to sign in; the text says how and why), local (settings);
  /// refused, network, timeout, dns, tls (not now: the same again later).
  virtual net::Task<Credential> access_token(std::shared_ptr<const conf::Config> config,
                                             const conf::AccountConfig& account, Freshness freshness) = 0;
};

}  // namespace homeward::auth
