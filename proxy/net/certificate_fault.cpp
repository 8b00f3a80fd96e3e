#include "proxy/net/certificate_fault.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "proxy/base/network.hpp"
#include "proxy/base/text.hpp"

namespace homeward::net {
namespace {

constexpr std::size_t kMaxNames = 120;  // of text: a reply line has 512 octets

std::string to_text(const ASN1_TIME* time) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  if (!memory || time == nullptr || ASN1_TIME_print(memory.get(), time) != 1) return "an unreadable date";
  const char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string to_text(const GENERAL_NAME* name) {
  int kind = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
  if (kind == GEN_DNS) {
    const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                           static_cast<std::size_t>(ASN1_STRING_length(value)));
    return text::printable(text, kMaxNames);
  }
  if (kind == GEN_IPADD && ASN1_STRING_length(value) == 4) {
    const auto* bytes = ASN1_STRING_get0_data(value);
    return IpAddress::from_v4({bytes[0], bytes[1], bytes[2], bytes[3]}).to_string();
  }
  return {};
}

void free_names(GENERAL_NAMES* names) {
  GENERAL_NAMES_free(names);
}

std::string subject_names(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&free_names)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      free_names);
  std::string out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.size() < kMaxNames; ++i) {
    const auto text = to_text(sk_GENERAL_NAME_value(names.get(), i));
    if (text.empty()) continue;
    if (!out.empty()) out += ", ";
    out += text;
  }
  return out;
}

}  // namespace

CertificateFault read_certificate_fault(X509_STORE_CTX* context) {
  CertificateFault fault;
  fault.code = X509_STORE_CTX_get_error(context);
  if (const X509* certificate = X509_STORE_CTX_get_current_cert(context); certificate != nullptr) {
    fault.not_before = to_text(X509_get0_notBefore(certificate));
    fault.not_after = to_text(X509_get0_notAfter(certificate));
    fault.names = subject_names(certificate);
  }
  return fault;
}

std::string explain(const CertificateFault& fault, const std::string& host) {
  switch (fault.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("the certificate of {} expired on {} (is this machine's clock right?)", host,
                         fault.not_after);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format(
          "the certificate of {} is not yet valid, only from {} on (is this machine's clock right?)", host,
          fault.not_before);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      if (fault.names.empty()) {
        return fmt::format("the certificate names no host in its subjectAltName, so it is not one of {}",
                           host);
      }
      return fmt::format("the certificate is for {}, not for {}: another server answers here", fault.names,
                         host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return fmt::format(
          "the certificate of {} is self-signed; if the server is yours, trust its CA by tls_ca", host);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format(
          "the certificate of {} comes from an issuer that is not trusted here; if the server is yours, "
          "trust its CA by tls_ca",
          host);
    default:
      return fmt::format("the certificate of {} was refused: {}", host,
                         X509_verify_cert_error_string(fault.code));
  }
}

}  // namespace homeward::net
