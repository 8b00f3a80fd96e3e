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
    CHECK(endpoints_of(server) == expected);
  }
}

TEST_CASE("upstream: the port that worked goes first, the others keep their order", "[upstream]") {
  const auto order = [](std::optional<std::uint16_t> first) {
    std::vector<std::uint16_t> ports;
    for (const auto& endpoint : endpoints_of({Server::Form::ladder, "a.test", 0}, first)) {
      ports.push_back(endpoint.port);
      CHECK((endpoint.security == Security::implicit_tls) == (endpoint.port == 465));
    }
    return ports;
  };
  using Ports = std::vector<std::uint16_t>;
  CHECK(order(std::nullopt) == Ports{465, 587, 2525});
  CHECK(order(465) == Ports{465, 587, 2525});
  CHECK(order(587) == Ports{587, 465, 2525});
  CHECK(order(2525) == Ports{2525, 465, 587});
  CHECK(order(25) == Ports{465, 587, 2525});
  CHECK(endpoints_of({Server::Form::smtps, "a.test", 465}, 587).size() == 1);
}

}  // namespace homeward::upstream::test
