// TLS over loopback against certificates of every kind. RFC 9525 (names), RFC 8996 (versions).
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "proxy/net/supervisor.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "proxy/net/tls_stream.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_ca.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using homeward::test::CertificateFiles;
using homeward::test::TestCa;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp = asio::ip::tcp;

TestCa& ca() {
  static TestCa made;
  return made;
}

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

/// Greets a client inside TLS, waits for its good-bye, and says good-bye.
asio::awaitable<void> serve(std::unique_ptr<Stream> plain, TlsContext context) {
  auto stream = co_await tls_accept(std::move(plain), std::move(context), seconds(10));
  if (!stream) co_return;
  (void)co_await (*stream)->write("220 hello\r\n");
  std::array<char, 64> buffer{};
  (*stream)->expires_after(seconds(10));
  (void)co_await (*stream)->read_some(buffer);
  co_await (*stream)->shutdown();
}

struct Outcome {
  Result<std::unique_ptr<Stream>> stream;
  std::string heard;
};

asio::awaitable<Outcome> visit(std::unique_ptr<Stream> plain, TlsContext context, std::string host) {
  auto stream = co_await tls_connect(std::move(plain), std::move(context), std::move(host), seconds(10));
  Outcome outcome{std::move(stream), {}};
  if (!outcome.stream) co_return outcome;
  std::array<char, 64> buffer{};
  const auto count = co_await (*outcome.stream)->read_some(buffer);
  if (count) outcome.heard.assign(buffer.data(), *count);
  co_await (*outcome.stream)->shutdown();
  co_return outcome;
}

/// A whole handshake of our client with our server; `server` may bend the server's settings.
Outcome shake_hands(const CertificateFiles& files, const std::string& host,
                    TlsFloor floor = TlsFloor::tls_1_2,
                    const std::function<void(SSL_CTX*)>& server = nullptr) {
  asio::io_context context;
  Supervisor supervisor(context.get_executor());
  auto ends = connect(context);
  const auto theirs = TlsContext::server(files.certificate, files.key);
  const auto ours = TlsContext::client(floor, ca().file());
  REQUIRE(theirs);
  REQUIRE(ours);
  if (server) server(theirs->native().native_handle());
  supervisor.spawn("server", serve(std::move(ends.server), *theirs));
  auto outcome = await(context, visit(std::move(ends.client), *ours, host));
  if (outcome.stream) await(context, supervisor.drained(seconds(10)));
  // The stream belongs to this context and goes before it.
  if (outcome.stream && (*outcome.stream)->tls()) {
    const auto facts = *(*outcome.stream)->tls();
    outcome.heard += facts.version + " " + facts.binding_type;
    CHECK_FALSE(facts.cipher.empty());
    CHECK_FALSE(facts.binding_data.empty());
    outcome.stream = std::unique_ptr<Stream>();
  }
  return outcome;
}

}  // namespace

TEST_CASE("net: a good certificate is taken, by name and by address", "[net]") {
  const auto files = ca().issue({});
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    CAPTURE(host);
    const auto outcome = shake_hands(files, host);
    REQUIRE(outcome.stream);
    CHECK(outcome.heard == "220 hello\r\nTLSv1.3 tls-exporter");
  }
}

TEST_CASE("net: TLS 1.2 binds by tls-unique, and not at all under a floor of 1.3", "[net]") {
  const auto files = ca().issue({});
  const auto old = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  const auto outcome = shake_hands(files, "localhost", TlsFloor::tls_1_2, old);
  REQUIRE(outcome.stream);
  CHECK(outcome.heard == "220 hello\r\nTLSv1.2 tls-unique");
  const auto refused = shake_hands(files, "localhost", TlsFloor::tls_1_3, old);
  REQUIRE_FALSE(refused.stream);
  CHECK(refused.stream.error().fault == Fault::tls);
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
    REQUIRE_FALSE(outcome.stream);
    const auto& error = outcome.stream.error();
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
  REQUIRE_FALSE(outcome.stream);
  CHECK(outcome.stream.error().reply.text.find("issuer that is not trusted here") != std::string::npos);
}

TEST_CASE("net: a certificate that only claims to come from a trusted CA is refused", "[net]") {
  TestCa impostor;  // of the same name
  const auto outcome = shake_hands(impostor.issue({}), "localhost");
  REQUIRE_FALSE(outcome.stream);
  CHECK(outcome.stream.error().fault == Fault::tls);
}

TEST_CASE("net: a server without TLS is told as such", "[net]") {
  asio::io_context context;
  auto ends = connect(context);
  const auto ours = TlsContext::client(TlsFloor::tls_1_2, ca().file());
  REQUIRE(ours);
  REQUIRE(await(context, ends.server->write("220 mail.isp.test ESMTP\r\n")));
  const auto stream = await(context, tls_connect(std::move(ends.client), *ours, "localhost", seconds(10)));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().fault == Fault::tls);
  CHECK(stream.error().reply.text.find("does not answer with TLS on this port") != std::string::npos);
}

TEST_CASE("net: a peer that closes or stays silent in the handshake is TLS's fault too", "[net]") {
  for (const bool silent : {false, true}) {
    CAPTURE(silent);
    asio::io_context context;
    auto ends = connect(context);
    const auto ours = TlsContext::client(TlsFloor::tls_1_2, ca().file());
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
  const auto client = TlsContext::client(TlsFloor::tls_1_2, "/nonexistent/ca.pem");
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
