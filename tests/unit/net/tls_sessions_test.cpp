// Sessions that are kept and resumed: when, how often, and when not. RFC 8446 §2.2, RFC 5077, RFC 7627.
#include "proxy/net/tls_sessions.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "proxy/base/base64.hpp"
#include "tests/unit/net/tls_ends.hpp"

namespace homeward::net::test {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

TlsSession made_up(int version = TLS1_3_VERSION, Validity validity = {}) {
  SessionPointer session(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(session.get(), version);
  SSL_SESSION_set_time(session.get(), kNow);
  SSL_SESSION_set_timeout(session.get(), 7200);
  return {std::move(session), validity};
}

std::function<void(SSL_CTX*)> at_most(int version) {
  return [version](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); };
}

const std::vector<int> kVersions = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

TEST_CASE("net: a session of TLS 1.3 is used once, the newest first", "[net]") {
  TlsSessions sessions;
  std::vector<const SSL_SESSION*> put;
  for (std::size_t i = 0; i < TlsSessions::kPerServer + 2; ++i) {
    auto session = made_up();
    put.push_back(session.session.get());
    sessions.put("mail.test 465", std::move(session));
  }
  CHECK_FALSE(sessions.take("mail.test 587", kNow));
  std::vector<TlsSession> taken;  // kept, so that no address comes up twice
  while (auto session = sessions.take("mail.test 465", kNow)) taken.push_back(*std::move(session));
  REQUIRE(taken.size() == TlsSessions::kPerServer);
  for (std::size_t i = 0; i < taken.size(); ++i) CHECK(taken[i].session.get() == put[put.size() - 1 - i]);
}

TEST_CASE("net: a session of TLS 1.2 is used as long as it holds", "[net]") {
  TlsSessions sessions;
  sessions.put("s", made_up(TLS1_2_VERSION));
  for (int i = 0; i < 3; ++i) CHECK(sessions.take("s", kNow + i));
  CHECK_FALSE(sessions.take("s", kNow + 7200));
}

TEST_CASE("net: a session ends with its lifetime and with the certificates that were verified", "[net]") {
  struct Case {
    Validity validity;
    std::int64_t now;
    bool usable;
  };
  for (const auto& [validity, now, usable] : std::vector<Case>{{{}, kNow, true},
                                                               {{}, kNow + 7199, true},
                                                               {{}, kNow + 7200, false},
                                                               {{}, kNow - 1, false},
                                                               {{kNow, kNow + 10}, kNow + 10, true},
                                                               {{kNow, kNow + 10}, kNow + 11, false},
                                                               {{kNow + 5, kNow + 10}, kNow + 4, false}}) {
    CAPTURE(now - kNow, validity.from, validity.until);
    TlsSessions sessions;
    sessions.put("s", made_up(TLS1_3_VERSION, validity));
    CHECK(sessions.take("s", now).has_value() == usable);
  }
}

TEST_CASE("net: sessions of so many servers are kept, and those unused longest go", "[net]") {
  TlsSessions sessions;
  const auto name = [](std::size_t i) { return "server " + std::to_string(i); };
  for (std::size_t i = 0; i < TlsSessions::kServers; ++i) sessions.put(name(i), made_up(TLS1_2_VERSION));
  REQUIRE(sessions.take(name(0), kNow));
  sessions.put("one more", made_up());
  CHECK(sessions.take(name(0), kNow));
  CHECK_FALSE(sessions.take(name(1), kNow));
  CHECK(sessions.take(name(2), kNow));
  CHECK(sessions.take("one more", kNow));
}

TEST_CASE("net: the second connection to a server is resumed", "[net]") {
  const auto files = ca().issue({});
  for (const int version : kVersions) {
    for (const auto parting : {Parting::polite, Parting::abrupt}) {
      CAPTURE(version, static_cast<int>(parting));
      TlsHouse house(files);
      house.change(files, at_most(version));
      const auto ours = client_context({.ca_file = ca().file()});
      std::string last_binding;
      for (const bool resumed : {false, true, true, true}) {
        const auto outcome = house.visited_by(ours, "localhost", parting);
        REQUIRE(outcome.facts);
        CHECK(outcome.facts->resumed == resumed);
        CHECK(outcome.heard == "220 hello\r\n");
        CHECK_FALSE(outcome.facts->binding_data.empty());
        CHECK(outcome.facts->binding_data != last_binding);
        last_binding = outcome.facts->binding_data;
      }
    }
  }
}

TEST_CASE("net: both ends of a resumed connection of TLS 1.2 bind to the same bytes", "[net]") {
  const auto files = ca().issue({});
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  auto theirs = TlsContext::server(files.certificate, files.key);
  REQUIRE(theirs);
  at_most(TLS1_2_VERSION)(theirs->native().native_handle());
  const auto ours = client_context({.ca_file = ca().file()});
  for (const bool resumed : {false, true}) {
    Supervisor supervisor(context.get_executor());
    asio::ip::tcp::socket socket(context);
    socket.connect(acceptor.local_endpoint());
    std::optional<TlsFacts> seen_there;
    const auto server = [&](std::unique_ptr<Stream> plain) -> asio::awaitable<void> {
      const auto stream = co_await tls_accept(std::move(plain), *theirs, std::chrono::seconds(10));
      if (stream) seen_there = (*stream)->tls();
    };
    supervisor.spawn("server", server(make_tcp_stream(acceptor.accept())));
    const auto stream = homeward::test::await(context, tls_connect(make_tcp_stream(std::move(socket)), ours,
                                                                   "localhost", std::chrono::seconds(10)));
    REQUIRE(homeward::test::await(context, supervisor.drained(std::chrono::seconds(10))));
    REQUIRE(stream);
    REQUIRE(seen_there);
    CHECK((*stream)->tls()->resumed == resumed);
    CHECK((*stream)->tls()->binding_type == "tls-unique");
    CHECK((*stream)->tls()->binding_data == seen_there->binding_data);
  }
}

TEST_CASE("net: no session passes from one context, or one name, to another", "[net]") {
  const auto files = ca().issue({});
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsHouse house(files);
    house.change(files, at_most(version));
    const auto first = client_context({.ca_file = ca().file()});
    const auto second = client_context({.ca_file = ca().file()});
    REQUIRE(house.visited_by(first).facts);
    const auto by_another = house.visited_by(second);
    REQUIRE(by_another.facts);
    CHECK_FALSE(by_another.facts->resumed);
    const auto by_address = house.visited_by(first, "127.0.0.1");
    REQUIRE(by_address.facts);
    CHECK_FALSE(by_address.facts->resumed);
  }
}

TEST_CASE("net: a server that has forgotten the session gets a full handshake, and is verified", "[net]") {
  TestCa stranger("another CA");
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsHouse house(ca().issue({}));
    const auto ours = client_context({.ca_file = ca().file()});
    house.change(ca().issue({}), at_most(version));
    REQUIRE(house.visited_by(ours).facts);
    house.change(ca().issue({}), at_most(version));
    const auto again = house.visited_by(ours);
    REQUIRE(again.facts);
    CHECK_FALSE(again.facts->resumed);
    house.change(stranger.issue({}), at_most(version));
    const auto other = house.visited_by(ours);
    REQUIRE_FALSE(other.facts);
    CHECK(other.facts.error().fault == Fault::tls);
    CHECK_FALSE(ours.sessions().take(house.name(), std::time(nullptr)));
  }
}

TEST_CASE("net: a refused server leaves no session behind", "[net]") {
  TestCa stranger("another CA");
  const auto files = stranger.issue({});
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsHouse house(files);
    house.change(files, at_most(version));
    const auto ours = client_context({.ca_file = ca().file()});
    CHECK_FALSE(house.visited_by(ours).facts);
    CHECK_FALSE(ours.sessions().take(house.name(), std::time(nullptr)));
  }
}

TEST_CASE("net: a session is valid as long as every certificate of its chain, resumed or not", "[net]") {
  constexpr std::int64_t kDay = 24 * 3600;
  const auto files = ca().issue({.from_day = -2, .to_day = 7});
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsHouse house(files);
    house.change(files, at_most(version));
    const auto ours = client_context({.ca_file = ca().file()});
    for (int visits = 0; visits < 2; ++visits) {
      REQUIRE(house.visited_by(ours).facts);
      const auto now = std::time(nullptr);
      const auto kept = ours.sessions().take(house.name(), now);
      REQUIRE(kept);
      CHECK(std::abs(kept->validity.from - (now - 1 * kDay)) < 600);  // the CA's
      CHECK(std::abs(kept->validity.until - (now + 7 * kDay)) < 600);
    }
  }
}

TEST_CASE("net: a pinned server is resumed too", "[net]") {
  const auto files = ca().issue({.self_signed = true});
  TlsHouse house(files);
  const auto probe = house.visited_by(client_context({.pins = {PublicKeyPin{}}}));
  REQUIRE_FALSE(probe.facts);
  const auto text = probe.facts.error().reply.text;
  const auto bytes = base64::decode(text.substr(text.find("sha256//") + 8, 44));
  REQUIRE(bytes);
  PublicKeyPin pin{};
  std::ranges::transform(*bytes, pin.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  const auto ours = client_context({.pins = {pin}});
  for (const bool resumed : {false, true}) {
    const auto outcome = house.visited_by(ours);
    REQUIRE(outcome.facts);
    CHECK(outcome.facts->resumed == resumed);
  }
}

}  // namespace homeward::net::test
