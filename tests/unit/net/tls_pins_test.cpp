// What is trusted beside the system's CAs: pinned keys; and what we show: client certificates.
#include <openssl/pem.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/unit/net/tls_ends.hpp"

namespace homeward::net::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

PublicKeyPin pin_of(const CertificateFiles& files) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(files.certificate.c_str(), "r"),
                                                             std::fclose);
  REQUIRE(file != nullptr);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  const auto pin = public_key_pin(certificate.get());
  REQUIRE(pin);
  return *pin;
}

Visit visit_pinned(const CertificateFiles& files, std::vector<PublicKeyPin> pins,
                   std::optional<std::filesystem::path> ca_file = std::nullopt,
                   const std::string& host = "localhost") {
  TlsHouse house(files);
  return house.visited_by(client_context({.ca_file = std::move(ca_file), .pins = std::move(pins)}), host);
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("net: the SHA-256 of a public key is the one that others compute", "[net]") {
  CHECK_FALSE(public_key_pin(nullptr));
  const auto files = ca().issue({});
  const auto expected =
      "openssl x509 -in " + files.certificate.string() +
      " -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(expected.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::array<char, 100> line{};
  REQUIRE(std::fgets(line.data(), line.size(), pipe.get()) != nullptr);
  CHECK(to_text(pin_of(files)) + "\n" == "sha256//" + std::string(line.data()));
}

TEST_CASE("net: a pinned key is trusted without a CA, whoever issued its certificate", "[net]") {
  TestCa stranger("another CA");
  for (const auto& files : {ca().issue({.self_signed = true}), stranger.issue({}), ca().issue({})}) {
    CHECK(visit_pinned(files, {pin_of(files)}).heard == "220 hello\r\n");
    CHECK(visit_pinned(files, {PublicKeyPin{}, pin_of(files)}, std::nullopt, "127.0.0.1").facts);
  }
}

TEST_CASE("net: a key that fits no pin is refused, and told", "[net]") {
  const auto files = ca().issue({});
  for (const auto& with_ca : {std::optional<std::filesystem::path>{}, std::optional{ca().file()}}) {
    const auto outcome = visit_pinned(files, {PublicKeyPin{}}, with_ca);
    REQUIRE_FALSE(outcome.facts);
    const auto& error = outcome.facts.error();
    CHECK(error.fault == Fault::tls);
    CHECK(error.reply.enhanced == EnhancedCode{4, 7, 5});
    CAPTURE(error.reply.text);
    CHECK(contains(error.reply.text, "fits no tls_pin: it is " + to_text(pin_of(files))));
    CHECK(contains(error.reply.text, "nothing was sent"));
  }
}

TEST_CASE("net: a pinned key does not excuse its certificate", "[net]") {
  struct Case {
    TestCa::Wanted wanted;
    std::string words;
  };
  std::vector<Case> cases;
  for (const bool self_signed : {false, true}) {
    cases.push_back({{.from_day = -10, .to_day = -5, .self_signed = self_signed}, "expired on"});
    cases.push_back({{.from_day = 5, .self_signed = self_signed}, "not yet valid"});
    cases.push_back(
        {{.alternative = "DNS:elsewhere.test", .self_signed = self_signed}, "is for elsewhere.test"});
    cases.push_back({{.alternative = "", .self_signed = self_signed}, "names no host"});
    cases.push_back({{.usage = "clientAuth", .self_signed = self_signed}, "was refused"});
  }
  for (const auto& [wanted, words] : cases) {
    CAPTURE(words, wanted.self_signed);
    const auto files = ca().issue(wanted);
    const auto outcome = visit_pinned(files, {pin_of(files)});
    REQUIRE_FALSE(outcome.facts);
    CAPTURE(outcome.facts.error().reply.text);
    CHECK(contains(outcome.facts.error().reply.text, words));
  }
}

TEST_CASE("net: with a CA and a pin, both must hold", "[net]") {
  TestCa stranger("another CA");
  const auto files = stranger.issue({});
  CHECK(visit_pinned(files, {pin_of(files)}, stranger.file()).facts);
  const auto outcome = visit_pinned(files, {pin_of(files)}, ca().file());
  REQUIRE_FALSE(outcome.facts);
  CHECK(contains(outcome.facts.error().reply.text, "not trusted here"));
}

TEST_CASE("net: an issuer that nobody trusts is named as who opens connections", "[net]") {
  TestCa interceptor("Fortinet CA");
  const auto fits = visit_pinned(interceptor.issue({}), {}, ca().file());
  REQUIRE_FALSE(fits.facts);
  CAPTURE(fits.facts.error().reply.text);
  for (const auto* words : {"issued by 'Fortinet CA'", "TLS interceptor", "nothing was sent", "tls_ca"})
    CHECK(contains(fits.facts.error().reply.text, words));
  for (const bool self_signed : {false, true}) {
    const auto portal =
        visit_pinned(interceptor.issue({.alternative = "DNS:portal.hotel.test", .self_signed = self_signed}),
                     {}, ca().file());
    REQUIRE_FALSE(portal.facts);
    CAPTURE(portal.facts.error().reply.text);
    for (const auto* words :
         {"is for portal.hotel.test, not for localhost", "captive portal", "nothing was sent"})
      CHECK(contains(portal.facts.error().reply.text, words));
  }
}

TEST_CASE("net: a client certificate is shown where the server asks for one", "[net]") {
  const auto files = ca().issue({});
  const auto own = ca().issue({.common_name = "ann", .alternative = "", .usage = "clientAuth"});
  const auto both = ca().file().parent_path() / "both.pem";
  std::ofstream(both) << read_all(own.certificate) << read_all(own.key);
  for (const auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsHouse house(files);
    house.change(files, [version](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, version);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      REQUIRE(SSL_CTX_load_verify_file(context, ca().file().c_str()) == 1);
    });
    CHECK(house.visited_by(client_context({.ca_file = ca().file()})).heard.empty());
    CHECK(house
              .visited_by(
                  client_context({.ca_file = ca().file(), .certificate = own.certificate, .key = own.key}))
              .heard == "220 hello\r\n");
    CHECK(house.visited_by(client_context({.ca_file = ca().file(), .certificate = both})).heard ==
          "220 hello\r\n");
  }
}

TEST_CASE("net: a client certificate that can't be used is told with its file", "[net]") {
  const auto own = ca().issue({});
  const auto other = ca().issue({});
  const auto locked = ca().file().parent_path() / "locked.key";
  const auto lock =
      "openssl pkey -in " + own.key.string() + " -aes128 -passout pass:x -out " + locked.string();
  REQUIRE(std::system(lock.c_str()) == 0);
  struct Case {
    std::filesystem::path certificate;
    std::optional<std::filesystem::path> key;
    std::string words;
  };
  for (const auto& [certificate, key, words] : std::vector<Case>{
           {"/nonexistent/own.pem", own.key, "tls_certificate /nonexistent/own.pem: "},
           {own.certificate, "/nonexistent/own.key", "tls_key /nonexistent/own.key: "},
           {own.certificate, other.key,
            "tls_key " + other.key.string() + ": it is not the key of " + own.certificate.string()},
           {own.certificate, locked, "tls_key " + locked.string() + ": it is locked by a passphrase"},
           {own.certificate, std::nullopt, "tls_certificate (its key) " + own.certificate.string() + ": "}}) {
    CAPTURE(words);
    const auto made = TlsContext::client({.ca_file = ca().file(), .certificate = certificate, .key = key});
    REQUIRE_FALSE(made);
    CAPTURE(made.error().reply.text);
    CHECK(made.error().reply.code == 451);
    CHECK(made.error().reply.enhanced == EnhancedCode{4, 7, 5});
    CHECK(made.error().reply.text.starts_with(words));
  }
}

TEST_CASE("net: settings differ in their fingerprints where they differ", "[net]") {
  std::vector<TlsSettings> all(7);
  all[1].floor = TlsFloor::tls_1_3;
  all[2].ca_file = "/a";
  all[3].certificate = "/a";
  all[4].key = "/a";
  all[5].pins = {PublicKeyPin{}};
  all[6].pins = {PublicKeyPin{}, PublicKeyPin{1}};
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < all.size(); ++j) {
      CAPTURE(i, j);
      CHECK((all[i].fingerprint() == all[j].fingerprint()) == (i == j));
    }
}

}  // namespace homeward::net::test
