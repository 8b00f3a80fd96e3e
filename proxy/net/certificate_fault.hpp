// Why a certificate was refused, in words that say what to do.
#pragma once

#include <openssl/types.h>

#include <string>

namespace homeward::net {

/// How names are compared: SAN alone, whole labels (RFC 9525 §6.3). X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS and
/// X509_CHECK_FLAG_NEVER_CHECK_SUBJECT.
inline constexpr unsigned kHostFlags = 0x4 | 0x20;

/// What the verification tripped over, taken from inside its callback while the certificate is at hand.
struct CertificateFault {
  int code = 0;  ///< X509_V_ERR_…; 0: none
  std::string not_before;
  std::string not_after;
  std::string names;            ///< the SAN's DNS names and addresses, bounded
  std::string issuer = {};      ///< who issued the server's own certificate, as it says
  bool fits_host = false;       ///< its name is the one that was looked for
  std::string public_key = {};  ///< its pin, as tls_pin takes it
};

/// `host`: whom the certificate should be for.
CertificateFault read_certificate_fault(X509_STORE_CTX* context, const std::string& host);

/// "the certificate of mail.example expired on …".
std::string explain(const CertificateFault& fault, const std::string& host);

}  // namespace homeward::net
