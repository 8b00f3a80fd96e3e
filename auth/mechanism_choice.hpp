// Which SASL mechanisms are tried, in which order. The choice is ours, never the library's (field-notes
// 15). Pure. product.md 6; RFC 4954, RFC 5802.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credential.hpp"
#include "proxy/base/result.hpp"

namespace homeward::auth {

struct MechanismQuery {
  CredentialKind credential = CredentialKind::password;
  std::span<const std::string> offered;    ///< by the server, inside TLS, upper case
  std::span<const std::string> available;  ///< in the library, upper case
  std::span<const std::string> wanted;     ///< `mechanisms`, in order; empty: auto (strongest first)
  bool channel_binding = false;            ///< TLS bytes for -PLUS are at hand
};

/// The mechanisms to try in order: SCRAM-SHA-512/256/1 with -PLUS first where it can be done, then plain
/// SCRAM, then PLAIN and LOGIN (inside verified TLS), then CRAM-MD5, DIGEST-MD5.
/// Error: 451 4.7.0 "login" that says what the server offers and what was asked for.
Result<std::vector<std::string>> choose_mechanisms(const MechanismQuery& query);

/// True where `now` stands behind `before` in that order. PLAIN and LOGIN are alike; of what is not in it,
/// none is weaker than another.
bool is_weaker(std::string_view now, std::string_view before);

}  // namespace homeward::auth
