// TLS over loopback against certificates of every kind. RFC 9525 (names), RFC 8996 (versions).
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "tests/unit/net/tls_ends.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp = asio::ip::tcp;

struct Ends {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

Ends connect(asio::io_context& context) {
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket socket(context);
  socket.connect(acceptor.local_endpoint());
  return {make_tcp_stream(std::move(socket)), make_tcp_stream(acceptor.accept())};
}

/// A whole handshake of our client with our server; `server` may bend the server's settings.
Visit shake_hands(const CertificateFiles& files, const std::string& host, TlsFloor floor = TlsFloor::tls_1_2,
                  const std::function<void(SSL_CTX*)>& server = nullptr) {
  TlsHouse house(files);
  house.change(files, server);
  auto outcome = house.visited_by(client_context({.floor = floor, .ca_file = ca().file()}), host);
  if (!outcome.facts) return outcome;
  outcome.heard += outcome.facts->version + " " + outcome.facts->binding_type;
  CHECK_FALSE(outcome.facts->cipher.empty());
  CHECK_FALSE(outcome.facts->binding_data.empty());
  return outcome;
}

}  // namespace

TEST_CASE("net: a good certificate is taken, by name and by address", "[net]") {
  const auto files = ca().issue({});
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    CAPTURE(host);
    const auto outcome = shake_hands(files, host);
    REQUIRE(outcome.facts);
    CHECK(outcome.heard == "220 hello\r\nTLSv1.3 tls-exporter");
  }
}

TEST_CASE("net: TLS 1.2 binds by tls-unique, and not at all under a floor of 1.3", "[net]") {
  const auto files = ca().issue({});
  const auto old = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  const auto outcome = shake_hands(files, "localhost", TlsFloor::tls_1_2, old);
  REQUIRE(outcome.facts);
  CHECK(outcome.heard == "220 hello\r\nTLSv1.2 tls-unique");
  const auto refused = shake_hands(files, "localhost", TlsFloor::tls_1_3, old);
  REQUIRE_FALSE(refused.facts);
  CHECK(refused.facts.error().fault == Fault::tls);
}

TEST_CASE("net: every other certificate is refused as TLS's fault, with the reason", "[net]") {
  struct Case {
    TestCa::Wanted wanted;
    std::string host;
    std::string words;
  };
  std::vector<Case> cases(8);
  cases[0].wanted.from_day = -10, cases[0].wanted.to_day = -5, cases[0].words = "expired on";
  cases[1].wanted.from_day = 5, cases[1].words = "not yet valid";
  cases[2].wanted.alternative = "DNS:elsewhere.test",
  cases[2].words = "is for elsewhere.test, not for localhost";
  cases[3].wanted.alternative = "", cases[3].words = "names no host in its subjectAltName";
  cases[4].wanted.self_signed = true, cases[4].words = "self-signed";
  cases[5].wanted.usage = "clientAuth", cases[5].words = "was refused";
  cases[6].wanted.alternative = "DNS:*", cases[6].words = "is for *, not for localhost";
  cases[7].wanted.alternative = "DNS:localhost", cases[7].host = "127.0.0.1",
  cases[7].words = "not for 127.0.0.1";
  for (const auto& [wanted, host, words] : cases) {
    CAPTURE(words);
    const auto outcome = shake_hands(ca().issue(wanted), host.empty() ? "localhost" : host);
    REQUIRE_FALSE(outcome.facts);
    const auto& error = outcome.facts.error();
    CHECK(error.fault == Fault::tls);
    CHECK(error.reply.code == 451);
    CHECK(error.reply.enhanced == EnhancedCode{4, 7, 5});
    CAPTURE(error.reply.text);
    CHECK(error.reply.text.find(words) != std::string::npos);
    CHECK(outcome.heard.empty());
  }
}

TEST_CASE("net: a certificate of a foreign CA is refused", "[net]") {
  TestCa stranger("another CA");
  const auto outcome = shake_hands(stranger.issue({}), "localhost");
  REQUIRE_FALSE(outcome.facts);
  CHECK(outcome.facts.error().reply.text.find("issuer that is not trusted here") != std::string::npos);
}

TEST_CASE("net: a certificate that only claims to come from a trusted CA is refused", "[net]") {
  TestCa impostor;  // of the same name
  const auto outcome = shake_hands(impostor.issue({}), "localhost");
  REQUIRE_FALSE(outcome.facts);
  CHECK(outcome.facts.error().fault == Fault::tls);
}

TEST_CASE("net: what answers in place of TLS is told as what it is", "[net]") {
  struct Case {
    std::string said;
    std::string words;
  };
  for (const auto& [said, words] : std::vector<Case>{
           {"220 mail.isp.test ESMTP\r\n",
            "does not answer with TLS on this port (PORT) but with plain SMTP"},
           {"220 mail.isp.test ESMTP\r\n", "submission://localhost:PORT"},
           {"554-no\r\n554 entry\r\n", "plain SMTP"},
           {"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n",
            "a web server answers on port PORT of localhost: a captive portal"},
           {"<html><body>Please sign in</body></html>", "captive portal"},
           {"<!DOCTYPE html>", "captive portal"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "does not answer with TLS on this port (PORT); something else"}}) {
    CAPTURE(said, words);
    asio::io_context context;
    auto ends = connect(context);
    const auto port = std::to_string(server_port(*ends.client));
    const auto ours = TlsContext::client({.ca_file = ca().file()});
    REQUIRE(ours);
    REQUIRE(await(context, ends.server->write(said)));
    const auto stream = await(context, tls_connect(std::move(ends.client), *ours, "localhost", seconds(10)));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().fault == Fault::tls);
    CHECK(stream.error().reply.enhanced == EnhancedCode{4, 7, 5});
    auto expected = words;
    if (const auto at = expected.find("PORT"); at != std::string::npos) expected.replace(at, 4, port);
    CAPTURE(stream.error().reply.text);
    CHECK(stream.error().reply.text.find(expected) != std::string::npos);
  }
}

TEST_CASE("net: a peer that closes or stays silent in the handshake is TLS's fault too", "[net]") {
  for (const bool silent : {false, true}) {
    CAPTURE(silent);
    asio::io_context context;
    auto ends = connect(context);
    const auto ours = TlsContext::client({.ca_file = ca().file()});
    REQUIRE(ours);
    if (!silent) ends.server->close();
    const auto stream =
        await(context, tls_connect(std::move(ends.client), *ours, "localhost", milliseconds(50)));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().fault == Fault::tls);
    CHECK(stream.error().reply.code == 451);
    CHECK(stream.error().reply.enhanced == EnhancedCode{4, 7, 5});
  }
}

TEST_CASE("net: files that are no certificates are named", "[net]") {
  const auto client = TlsContext::client({.ca_file = "/nonexistent/ca.pem"});
  REQUIRE_FALSE(client);
  CHECK(client.error().reply.text.find("tls_ca /nonexistent/ca.pem: ") == 0);
  const auto files = ca().issue({});
  const auto missing = TlsContext::server("/nonexistent/cert.pem", files.key);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().reply.text.find("certificate /nonexistent/cert.pem: ") == 0);
  const auto swapped = TlsContext::server(files.certificate, files.certificate);
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().reply.text.find("key ") == 0);
}

}  // namespace homeward::net::test
