// Pins: the SHA-256 of a server's public key (SubjectPublicKeyInfo), trusted in place of a CA's chain. RFC
// 7469 §2.4 (what is hashed). Called by tls_context and certificate_fault.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace homeward::net {

using PublicKeyPin = std::array<std::uint8_t, 32>;

/// Nothing where the certificate holds no key that can be written.
std::optional<PublicKeyPin> public_key_pin(const X509* certificate);
bool fits_any(std::span<const PublicKeyPin> pins, const X509* certificate);
/// As `tls_pin` takes it: "sha256//…" with base64.
std::string to_text(const PublicKeyPin& pin);

/// Verifies a chain whose leaf is itself what is trusted: everything but the chain still holds (validity,
/// name, purpose, strength).
int verify_leaf_alone(X509_STORE_CTX* context);

}  // namespace homeward::net
