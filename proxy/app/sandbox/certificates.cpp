#include "proxy/app/sandbox/certificates.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

#include "proxy/app/sandbox/system_fault.hpp"

namespace homeward::app::sandbox {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<&BIO_free_all>>;

constexpr long kHour = 3600;
constexpr long kLifetime = 30 * 24 * kHour;
constexpr int kVersion3 = 2;

Error tls_fault(std::string what) {
  const auto code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  return fault(std::move(what) + ": " + (reason != nullptr ? reason : "OpenSSL does not say why"));
}

Key make_key() {
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

bool set_serial(X509& certificate) {
  std::uint64_t serial = 0;
  return RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1U) == 1;
}

/// Begins an hour ago: clocks of containers and guests differ a little.
bool set_validity(X509& certificate) {
  return X509_gmtime_adj(X509_getm_notBefore(&certificate), -kHour) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(&certificate), kLifetime) != nullptr;
}

bool set_name(X509& certificate, const std::string& name) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.data());
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8, bytes,
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

/// A new certificate for `key` that has all but its extensions, its issuer and its signature.
Certificate make_certificate(EVP_PKEY& key, const std::string& name) {
  Certificate certificate(X509_new());
  if (certificate && X509_set_version(certificate.get(), kVersion3) == 1 && set_serial(*certificate) &&
      set_validity(*certificate) && set_name(*certificate, name) &&
      X509_set_pubkey(certificate.get(), &key) == 1) {
    return certificate;
  }
  return nullptr;
}

struct Extension {
  int kind;
  std::string value;
};

bool extend(X509& certificate, X509& issuer, std::span<const Extension> extensions) {
  for (const auto& [kind, value] : extensions) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    const bool added = made != nullptr && X509_add_ext(&certificate, made, -1) == 1;
    X509_EXTENSION_free(made);
    if (!added) return false;
  }
  return true;
}

bool sign(X509& certificate, X509& issuer, EVP_PKEY& key) {
  return X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1 &&
         X509_sign(&certificate, &key, EVP_sha256()) > 0;
}

std::string contents_of(BIO& memory) {
  std::string text(BIO_ctrl_pending(&memory), '\0');
  BIO_read(&memory, text.data(), static_cast<int>(text.size()));
  return text;
}

std::string pem_of(X509& certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  return PEM_write_bio_X509(memory.get(), &certificate) == 1 ? contents_of(*memory) : std::string();
}

std::string pem_of(EVP_PKEY& key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  const int written = PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return written == 1 ? contents_of(*memory) : std::string();
}

Certificate make_authority(EVP_PKEY& key) {
  const Extension extensions[] = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                  {NID_key_usage, "critical,keyCertSign"},
                                  {NID_subject_key_identifier, "hash"}};
  auto authority = make_certificate(key, "homeward sandbox, throwaway CA");
  const bool made =
      authority && extend(*authority, *authority, extensions) && sign(*authority, *authority, key);
  return made ? std::move(authority) : nullptr;
}

std::string alternative_names(std::span<const std::string> names) {
  std::string text = "IP:127.0.0.1,IP:::1";
  for (const auto& name : names) text += ",DNS:" + name;
  return text;
}

Certificate make_server(EVP_PKEY& key, std::span<const std::string> names, X509& authority,
                        EVP_PKEY& authority_key) {
  const Extension extensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "serverAuth"},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid:always"},
                                  {NID_subject_alt_name, alternative_names(names)}};
  auto server = make_certificate(key, "homeward sandbox");
  const bool made =
      server && extend(*server, authority, extensions) && sign(*server, authority, authority_key);
  return made ? std::move(server) : nullptr;
}

}  // namespace

Result<Certificates> make_certificates(std::span<const std::string> names) {
  ERR_clear_error();
  const auto authority_key = make_key();
  const auto key = make_key();
  if (!authority_key || !key) return std::unexpected(tls_fault("making a key"));
  const auto authority = make_authority(*authority_key);
  if (!authority) return std::unexpected(tls_fault("making the throwaway CA"));
  const auto server = make_server(*key, names, *authority, *authority_key);
  if (!server) return std::unexpected(tls_fault("making the server's certificate"));
  Certificates made{pem_of(*authority), pem_of(*server), pem_of(*key)};
  if (made.authority.empty() || made.server.empty() || made.server_key.empty()) {
    return std::unexpected(tls_fault("writing certificates"));
  }
  return made;
}

}  // namespace homeward::app::sandbox
