// SaslServer: what it offers, and what it says to clients that break the rules. RFC 4954 section 4.
#include "auth/sasl_server.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/unit/auth/dialogue.hpp"

namespace homeward::auth::test {

namespace {

using std::string_literals::operator""s;

const Users kUsers("correct horse");
const ChannelBinding kBinding{"tls-exporter", std::string(32, '\x01')};

SaslServer server_with(std::vector<std::string> names, std::optional<ChannelBinding> binding = std::nullopt) {
  library();
  return {kUsers, std::string(kHost), std::move(names), std::move(binding)};
}

int code_of(const Result<SaslServer::Step>& step) {
  return step ? 0 : step.error().reply.code;
}

}  // namespace

TEST_CASE("auth: the server offers what it was given, and -PLUS with a binding", "[auth]") {
  using Names = std::vector<std::string>;
  CHECK(server_with({"PLAIN", "LOGIN"}).offered() == Names{"PLAIN", "LOGIN"});
  CHECK(server_with({"SCRAM-SHA-256", "PLAIN"}).offered() == Names{"SCRAM-SHA-256", "PLAIN"});
  CHECK(server_with({"SCRAM-SHA-256", "PLAIN"}, kBinding).offered() ==
        Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"});
  CHECK(server_with({"GSSAPI", "NOSUCH", "PLAIN"}).offered() == Names{"PLAIN"});
  CHECK(server_with({}).offered().empty());
}

TEST_CASE("auth: what was not offered is refused with 504", "[auth]") {
  struct Case {
    std::string mechanism;
    std::optional<ChannelBinding> binding;
  };
  const std::vector<Case> cases = {{"LOGIN", {}},     {"SCRAM-SHA-256-PLUS", {}}, {"PLAIN-PLUS", kBinding},
                                   {"", {}},          {"EXTERNAL", {}},           {"PLAIN SCRAM-SHA-256", {}},
                                   {"ANONYMOUS", {}}, {"-PLUS", kBinding}};
  for (const auto& c : cases) {
    CAPTURE(c.mechanism);
    auto server = server_with({"PLAIN", "SCRAM-SHA-256"}, c.binding);
    CHECK(code_of(server.start(c.mechanism, "\0x\0y"s)) == 504);
  }
}

TEST_CASE("auth: a mechanism's name is taken in any case", "[auth]") {
  auto server = server_with({"PLAIN"});
  const auto step = server.start("plain", "\0joe@home.example\0correct horse"s);
  REQUIRE(step);
  CHECK(step->done);
  CHECK(step->user == kUser);
}

TEST_CASE("auth: PLAIN without initial response is asked for it", "[auth]") {
  auto server = server_with({"PLAIN"});
  auto step = server.start("PLAIN", std::nullopt);
  REQUIRE(step);
  CHECK_FALSE(step->done);
  CHECK(step->challenge.empty());
  step = server.next("\0joe@home.example\0correct horse"s);
  REQUIRE(step);
  CHECK(step->done);
}

TEST_CASE("auth: LOGIN prompts as devices expect, and takes an early user name", "[auth]") {
  auto server = server_with({"LOGIN"});
  auto step = server.start("LOGIN", std::nullopt);
  REQUIRE(step);
  CHECK(step->challenge == "Username:");
  step = server.next(kUser);
  REQUIRE(step);
  CHECK(step->challenge == "Password:");

  step = server.start("LOGIN", kUser);
  REQUIRE(step);
  CHECK(step->challenge == "Password:");
  step = server.next("correct horse");
  REQUIRE(step);
  CHECK(step->done);
  CHECK(step->user == kUser);
}

TEST_CASE("auth: a malformed response is refused with 501", "[auth]") {
  struct Case {
    std::string mechanism;
    std::string response;
  };
  const std::vector<Case> cases = {{"PLAIN", "no separators"},
                                   {"PLAIN", "\0only a name"s},
                                   {"SCRAM-SHA-256", "x,,n=joe,r=abcdef"},
                                   {"SCRAM-SHA-256", "n,,n=joe"},
                                   {"SCRAM-SHA-256", "n,,x\0yz"s},

                                   {"PLAIN", std::string(9000, 'x')}};
  for (const auto& c : cases) {
    CAPTURE(c.mechanism, c.response);
    auto server = server_with({"PLAIN", "SCRAM-SHA-256"});
    CHECK(code_of(server.start(c.mechanism, c.response)) == 501);
    CHECK(code_of(server.next(c.response)) == 501);
  }
}

TEST_CASE("auth: -PLUS without a binding from the client is refused, now and one step later", "[auth]") {
  library();
  Parties parties{.mechanism = "SCRAM-SHA-256"};
  SaslClient client(identity_of(parties));
  auto server = server_with({"SCRAM-SHA-256"}, kBinding);
  auto first = client.start("SCRAM-SHA-256");
  REQUIRE(first);
  auto step = server.start("SCRAM-SHA-256-PLUS", (*first)->reveal());
  if (step) {
    const auto proof = client.next(step->challenge);
    REQUIRE(proof);
    step = server.next(proof->reveal());
  }
  CHECK(code_of(step) == 535);
  CHECK(code_of(server.next("")) == 501);
}

TEST_CASE("auth: a response before the start is refused", "[auth]") {
  auto server = server_with({"PLAIN"});
  CHECK(code_of(server.next("\0joe@home.example\0correct horse"s)) == 501);
}

TEST_CASE("auth: nothing can be said after the login", "[auth]") {
  auto server = server_with({"PLAIN"});
  REQUIRE(server.start("PLAIN", "\0joe@home.example\0correct horse"s));
  CHECK(code_of(server.next("")) == 501);
}

TEST_CASE("auth: the library lives once, knows the mechanisms and no others", "[auth]") {
  const auto names = library().client_mechanisms();
  for (const auto& name : mechanisms()) {
    CAPTURE(name);
    CHECK(std::ranges::count(names, name) == 1);
  }
  for (const std::string name : {"EXTERNAL", "ANONYMOUS", "NTLM", "GSSAPI"}) {
    CAPTURE(name);
    CHECK(std::ranges::count(names, name) == 0);
  }
  const auto second = SaslLibrary::start(SaslLibrary::Sides::client);
  REQUIRE_FALSE(second);
  CHECK(second.error().reply.code == 451);
}

}  // namespace homeward::auth::test
