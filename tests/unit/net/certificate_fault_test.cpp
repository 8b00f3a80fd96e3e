// What is said of a certificate that was refused.
#include "proxy/net/certificate_fault.hpp"

#include <openssl/x509_vfy.h>

#include "tests/support/catch.hpp"

namespace homeward::net::test {

TEST_CASE("net: each fault of a certificate is told in words that help", "[net]") {
  struct Case {
    CertificateFault fault;
    std::string words;
  };
  const std::vector<Case> cases = {
      {{X509_V_ERR_CERT_HAS_EXPIRED, "", "Jan  1 00:00:00 2021 GMT", ""},
       "expired on Jan  1 00:00:00 2021 GMT"},
      {{X509_V_ERR_CERT_NOT_YET_VALID, "Jan  1 00:00:00 2090 GMT", "", ""},
       "not yet valid, only from Jan  1 00:00:00 2090 GMT on (is this machine's clock right?)"},
      {{X509_V_ERR_HOSTNAME_MISMATCH, "", "", "a.test, b.test"},
       "is for a.test, b.test, not for mail.isp.test"},
      {{X509_V_ERR_HOSTNAME_MISMATCH, "", "", ""}, "names no host in its subjectAltName"},
      {{X509_V_ERR_IP_ADDRESS_MISMATCH, "", "", "a.test"}, "is for a.test, not for mail.isp.test"},
      {{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", "", ""}, "is self-signed"},
      {{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "", "", ""}, "issuer that is not trusted here"},
      {{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "", "", ""}, "trust its CA by tls_ca"},
      {{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "", "", "mail.isp.test", "Fortinet CA", true},
       "is issued by 'Fortinet CA', an issuer that is not trusted here"},
      {{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "", "", "mail.isp.test", "Fortinet CA", true},
       "TLS interceptor"},
      {{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "", "", "a.test", "Fortinet CA"},
       "is for a.test, not for"},
      {{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", "", "a.test"}, "captive portal"},
      {{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", "", "mail.isp.test", "", true, "sha256//x="},
       "or its key by tls_pin = sha256//x="},
      {{X509_V_ERR_APPLICATION_VERIFICATION, "", "", "", "", true, "sha256//x="},
       "fits no tls_pin: it is sha256//x="},
      {{X509_V_ERR_CERT_REVOKED, "", "", ""}, "was refused: certificate revoked"},
  };
  for (const auto& [fault, words] : cases) {
    CAPTURE(fault.code, words);
    const auto text = explain(fault, "mail.isp.test");
    CHECK(text.find(words) != std::string::npos);
    CHECK(text.find("mail.isp.test") != std::string::npos);
  }
}

}  // namespace homeward::net::test
