#include "proxy/net/certificate_fault.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "proxy/base/network.hpp"
#include "proxy/base/text.hpp"
#include "proxy/net/public_key_pin.hpp"

namespace homeward::net {
namespace {

constexpr std::size_t kMaxNames = 120;  // of text: a reply line has 512 octets
static_assert(kHostFlags == (X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT));
constexpr std::size_t kMaxIssuer = 60;

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

/// The issuer's common name, else its organisation's.
std::string issuer_name(const X509* certificate) {
  const X509_NAME* name = X509_get_issuer_name(certificate);
  for (const int kind : {NID_commonName, NID_organizationName}) {
    const int at = X509_NAME_get_index_by_NID(name, kind, -1);
    if (at < 0) continue;
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) continue;
    auto text =
        text::printable({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}, kMaxIssuer);
    OPENSSL_free(utf8);
    if (!text.empty()) return text;
  }
  return "nobody that it names";
}

/// By the rules that the verification has.
bool names_host(X509* certificate, const std::string& host) {
  if (IpAddress::parse(host)) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return X509_check_host(certificate, host.c_str(), host.size(), kHostFlags, nullptr) == 1;
}

std::string explain_name(const CertificateFault& fault, const std::string& host) {
  if (fault.names.empty())
    return fmt::format("the certificate names no host in its subjectAltName, so it is not one of {}", host);
  return fmt::format(
      "the certificate is for {}, not for {}: another server answers here, such as a captive portal (a "
      "network's "
      "sign-in page: sign in in a browser); nothing was sent",
      fault.names, host);
}

/// An issuer that nobody here trusts: a CA of one's own, or somebody in between who issues what he needs.
std::string explain_issuer(const CertificateFault& fault, const std::string& host) {
  if (!fault.fits_host)
    return fmt::format(
        "the certificate of {} comes from an issuer that is not trusted here; if the server is yours, trust "
        "its "
        "CA by tls_ca",
        host);
  return fmt::format(
      "the certificate of {} is issued by '{}', an issuer that is not trusted here: somebody on this "
      "network, or a "
      "virus scanner, opens TLS connections (a TLS interceptor); nothing was sent; if the server is yours, "
      "trust its "
      "CA by tls_ca",
      host, fault.issuer);
}

}  // namespace

CertificateFault read_certificate_fault(X509_STORE_CTX* context, const std::string& host) {
  CertificateFault fault;
  fault.code = X509_STORE_CTX_get_error(context);
  if (const X509* certificate = X509_STORE_CTX_get_current_cert(context); certificate != nullptr) {
    fault.not_before = to_text(X509_get0_notBefore(certificate));
    fault.not_after = to_text(X509_get0_notAfter(certificate));
  }
  // The chain may be at fault above; who answers stands in the server's own certificate.
  if (X509* leaf = X509_STORE_CTX_get0_cert(context); leaf != nullptr) {
    fault.names = subject_names(leaf);
    fault.issuer = issuer_name(leaf);
    fault.fits_host = names_host(leaf, host);
    if (const auto pin = public_key_pin(leaf)) fault.public_key = to_text(*pin);
  }
  return fault;
}

std::string explain(const CertificateFault& fault, const std::string& host) {
  const bool is_another = !fault.fits_host && !fault.names.empty();
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
      return explain_name(fault, host);
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return fmt::format(
          "the public key of {} fits no tls_pin: it is {}; another server answers here, or the server has a "
          "new key "
          "(compare it with what its operator says, then set tls_pin); nothing was sent",
          host, fault.public_key);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      if (is_another) return explain_name(fault, host);
      return fmt::format(
          "the certificate of {} is self-signed; if the server is yours, trust its CA by tls_ca, or its key "
          "by "
          "tls_pin = {}",
          host, fault.public_key);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return is_another ? explain_name(fault, host) : explain_issuer(fault, host);
    default:
      return fmt::format("the certificate of {} was refused: {}", host,
                         X509_verify_cert_error_string(fault.code));
  }
}

}  // namespace homeward::net
