// Who may connect, and how many at once. product.md 4.
#include "proxy/frontend/access.hpp"

#include <optional>

#include "tests/support/catch.hpp"

namespace homeward::frontend::test {
namespace {

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

conf::Config config_of(unsigned all, unsigned per_client) {
  conf::Config config;
  config.max_connections = all;
  config.max_connections_per_client = per_client;
  return config;
}

conf::Listener listener_of(std::vector<std::string_view> networks) {
  conf::Listener listener;
  listener.name = "lan";
  for (const auto network : networks) listener.allow.push_back(*Network::parse(network));
  return listener;
}

}  // namespace

TEST_CASE("frontend: a client is let in by its listener's networks alone", "[frontend]") {
  struct Case {
    std::vector<std::string_view> allow;
    std::string_view client;
    bool admitted;
  };
  const std::vector<Case> cases = {
      {{"127.0.0.0/8", "::1"}, "127.0.0.1", true},  {{"127.0.0.0/8", "::1"}, "::1", true},
      {{"127.0.0.0/8", "::1"}, "192.0.2.1", false}, {{"192.0.2.0/24"}, "192.0.2.255", true},
      {{"192.0.2.0/24"}, "192.0.3.0", false},       {{"192.0.2.0/24"}, "127.0.0.1", false},
      {{"192.0.2.0/24"}, "::ffff:192.0.2.9", true}, {{"2001:db8::/32"}, "2001:db8:1::1", true},
      {{"2001:db8::/32"}, "2001:db9::1", false},    {{}, "127.0.0.1", false},
  };
  for (const auto& [allow, client, admitted] : cases) {
    CAPTURE(client, allow.size());
    Access access;
    const auto ticket = access.admit(config_of(10, 10), listener_of(allow), ip(client));
    CHECK(ticket.has_value() == admitted);
    CHECK(access.open_sessions() == (admitted ? 1 : 0));
    if (admitted) continue;
    CHECK(ticket.error().reply.code == 554);
    CHECK(ticket.error().reply.enhanced == EnhancedCode{5, 7, 1});
    CHECK(ticket.error().reply.text.find("listener lan") != std::string::npos);
  }
}

TEST_CASE("frontend: above the limits a client is sent off with 421, and may come again later",
          "[frontend]") {
  const auto config = config_of(3, 2);
  const auto listener = listener_of({"0.0.0.0/0"});
  Access access;
  auto first = access.admit(config, listener, ip("192.0.2.1"));
  auto second = access.admit(config, listener, ip("192.0.2.1"));
  REQUIRE(first);
  REQUIRE(second);
  const auto third = access.admit(config, listener, ip("192.0.2.1"));
  REQUIRE_FALSE(third);
  CHECK(third.error().reply.code == 421);
  CHECK(third.error().reply.enhanced == EnhancedCode{4, 7, 0});
  CHECK(third.error().reply.text == "Too many connections from your address, try again later");
  auto other = access.admit(config, listener, ip("192.0.2.2"));
  REQUIRE(other);
  const auto fourth = access.admit(config, listener, ip("192.0.2.3"));
  REQUIRE_FALSE(fourth);
  CHECK(fourth.error().reply.text == "Too many connections, try again later");
  {
    const auto gone = std::move(*first);
    CHECK(access.open_sessions() == 3);
  }
  CHECK(access.open_sessions() == 2);
  CHECK(access.admit(config, listener, ip("192.0.2.1")));
}

TEST_CASE("frontend: a session is counted once, wherever its ticket goes", "[frontend]") {
  Access access;
  const auto config = config_of(10, 10);
  const auto listener = listener_of({"0.0.0.0/0"});
  {
    auto ticket = std::move(*access.admit(config, listener, ip("192.0.2.1")));
    const auto moved = std::move(ticket);
    CHECK(access.open_sessions() == 1);
  }
  CHECK(access.open_sessions() == 0);
}

TEST_CASE("frontend: a ticket that takes another's place gives its own back", "[frontend]") {
  Access access;
  const auto config = config_of(10, 10);
  const auto listener = listener_of({"0.0.0.0/0"});
  {
    auto ticket = std::move(*access.admit(config, listener, ip("192.0.2.1")));
    ticket = std::move(*access.admit(config, listener, ip("192.0.2.2")));
    CHECK(access.open_sessions() == 1);
  }
  CHECK(access.open_sessions() == 0);
}

TEST_CASE("frontend: a ticket may outlive the count", "[frontend]") {
  auto access = std::make_unique<Access>();
  const auto ticket = access->admit(config_of(10, 10), listener_of({"0.0.0.0/0"}), ip("192.0.2.1"));
  access.reset();
  CHECK(ticket);
}

}  // namespace homeward::frontend::test
