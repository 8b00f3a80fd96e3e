// Credential: what an account logs in with, in the moment it does: a password, an access token with its end,
// or nothing to hold (a certificate was shown by TLS, a ticket is Kerberos' own). Pure. product.md 6.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "proxy/base/secret.hpp"

namespace homeward::auth {

enum class CredentialKind : std::uint8_t {
  none,         ///< the account has no login
  password,     ///< what PLAIN, LOGIN, SCRAM and their kin prove
  token,        ///< an OAuth 2.0 access token, RFC 6750
  certificate,  ///< shown in the TLS handshake; EXTERNAL, RFC 4422 appendix A
  ticket,       ///< Kerberos 5; GSSAPI, RFC 4752
};

/// What is wanted of who gives credentials.
enum class Freshness : std::uint8_t {
  any,      ///< a kept one will do, where it lasts
  renewed,  ///< a server has refused the one it gave last: another, however long that would have lasted
};

struct Credential {
  CredentialKind kind = CredentialKind::none;
  Secret secret;                                                 ///< password or access token
  std::optional<std::chrono::system_clock::time_point> expires;  ///< a token's end; nothing: not known
};

}  // namespace homeward::auth
