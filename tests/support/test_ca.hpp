// A throwaway CA in memory, by OpenSSL's own API: certificates for localhost of every kind that must be taken
// or refused, as PEM files in a directory that goes when it goes. EC P-256, so that a key costs nothing.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace homeward::test {

struct CertificateFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

class TestCa {
 public:
  /// What a certificate is to be like; days count from now.
  struct Wanted {
    std::string common_name = "localhost";
    std::string alternative = "DNS:localhost,IP:127.0.0.1";  ///< empty: none
    std::string usage = "serverAuth";
    int from_day = -1;
    int to_day = 30;
    bool self_signed = false;
  };

  explicit TestCa(std::string name = "throwaway CA") : directory_(make_directory()), key_(make_key()) {
    certificate_ =
        make({.common_name = std::move(name), .alternative = "", .usage = ""}, key_.get(), nullptr);
    write(file(), [this](std::FILE* out) { return PEM_write_X509(out, certificate_.get()); });
  }
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;
  ~TestCa() {
    std::error_code ignored;  // a leftover in /tmp harms nobody
    std::filesystem::remove_all(directory_, ignored);
  }

  /// The CA's certificate, as `tls_ca` takes it.
  std::filesystem::path file() const { return directory_ / "ca.pem"; }

  CertificateFiles issue(const Wanted& wanted) {
    const auto name = std::to_string(++issued_);
    CertificateFiles files{directory_ / (name + ".pem"), directory_ / (name + ".key")};
    const auto key = make_key();
    const auto certificate = make(wanted, key.get(), wanted.self_signed ? nullptr : certificate_.get());
    write(files.certificate, [&](std::FILE* out) { return PEM_write_X509(out, certificate.get()); });
    write(files.key, [&](std::FILE* out) {
      return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
  }

 private:
  template <auto Free>
  struct Freed {
    template <class T>
    void operator()(T* object) const {
      Free(object);
    }
  };
  using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

  static void demand(bool done) {
    if (!done) throw std::runtime_error("OpenSSL made no test certificate");
  }
  static std::filesystem::path make_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "homeward-ca-XXXXXX").string();
    demand(mkdtemp(pattern.data()) != nullptr);
    return pattern;
  }
  static Key make_key() {
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    demand(key != nullptr);
    return key;
  }
  template <class Write>
  static void write(const std::filesystem::path& file, Write write) {
    const std::unique_ptr<std::FILE, Freed<std::fclose>> out(std::fopen(file.c_str(), "w"));
    demand(out != nullptr && write(out.get()) == 1);
  }

  void add(X509* certificate, X509* issuer, int kind, const std::string& value) const {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    demand(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
  }

  /// Signed by `issuer`, or by itself where there is none; the CA itself is what has no usage.
  Certificate make(const Wanted& wanted, EVP_PKEY* key, X509* issuer) {
    constexpr long kDay = 24 * 3600;
    Certificate out(X509_new());
    auto* certificate = out.get();
    demand(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.from_day * kDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.to_day * kDay);
    X509_set_pubkey(certificate, key);
    const auto* name = reinterpret_cast<const unsigned char*>(wanted.common_name.c_str());
    demand(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1,
                                      0) == 1);
    auto* signer = issuer == nullptr ? certificate : issuer;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    add(certificate, signer, NID_basic_constraints, wanted.usage.empty() ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wanted.usage.empty()) add(certificate, signer, NID_ext_key_usage, wanted.usage);
    if (!wanted.alternative.empty()) add(certificate, signer, NID_subject_alt_name, wanted.alternative);
    demand(X509_sign(certificate, issuer == nullptr ? key : key_.get(), EVP_sha256()) > 0);
    return out;
  }

  std::filesystem::path directory_;
  Key key_;
  Certificate certificate_;
  long serial_ = 0;
  int issued_ = 0;
};

}  // namespace homeward::test
