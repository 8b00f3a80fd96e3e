// Why a certificate was refused, in words that say what to do.
#pragma once

#include <openssl/types.h>

#include <string>

namespace homeward::net {

/// What the verification tripped over, taken from inside its callback while the certificate is at hand.
struct CertificateFault {
  int code = 0;  ///< X509_V_ERR_…; 0: none
  std::string not_before;
  std::string not_after;
  std::string names;  ///< the SAN's DNS names and addresses, bounded
};

CertificateFault read_certificate_fault(X509_STORE_CTX* context);

/// "the certificate of mail.example expired on …".
std::string explain(const CertificateFault& fault, const std::string& host);

}  // namespace homeward::net
