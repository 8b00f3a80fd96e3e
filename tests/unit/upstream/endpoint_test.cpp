// What `server` stands for. product.md 4 and 6, RFC 8314 §3.3.
#include "proxy/upstream/endpoint.hpp"

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {

using conf::Server;

TEST_CASE("upstream: each form of server becomes its ports, implicit TLS first", "[upstream]") {
  using Endpoints = std::vector<Endpoint>;
  struct Case {
    Server server;
    Endpoints expected;
  };
  const std::vector<Case> cases = {
      {{Server::Form::smtps, "a.test", 465}, {{"a.test", 465, Security::implicit_tls}}},
      {{Server::Form::smtps, "a.test", 4465}, {{"a.test", 4465, Security::implicit_tls}}},
      {{Server::Form::submission, "a.test", 587}, {{"a.test", 587, Security::start_tls}}},
      {{Server::Form::submission, "a.test", 25}, {{"a.test", 25, Security::start_tls}}},
      {{Server::Form::ladder, "a.test", 0},
       {{"a.test", 465, Security::implicit_tls},
        {"a.test", 587, Security::start_tls},
        {"a.test", 2525, Security::start_tls}}},
  };
  for (const auto& [server, expected] : cases) {
    CAPTURE(server.host, server.port);
    CHECK(endpoints_of({server}) == expected);
  }
}

TEST_CASE("upstream: several servers keep their order", "[upstream]") {
  const auto endpoints = endpoints_of(
      {{Server::Form::submission, "second.test", 587}, {Server::Form::smtps, "first.test", 465}});
  REQUIRE(endpoints.size() == 2);
  CHECK(endpoints[0].host == "second.test");
  CHECK(endpoints[1].host == "first.test");
  CHECK(endpoints_of({}).empty());
}

}  // namespace homeward::upstream::test
