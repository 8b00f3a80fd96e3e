// SaslClient against words of a server that no library would say.
#include "auth/sasl_client.hpp"

#include <chrono>

#include "proxy/base/base64.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/auth/dialogue.hpp"

namespace homeward::auth::test {

namespace {

constexpr std::string_view kPassword = "correct horse";

SaslClient client_with(Parties parties) {
  library();
  return SaslClient(identity_of(parties));
}

/// What the client sent first.
std::string begin(SaslClient& client, std::string_view mechanism) {
  auto initial = client.start(mechanism);
  REQUIRE(initial);
  return initial->has_value() ? std::string((*initial)->reveal()) : "(nothing)";
}

/// RFC 5802 section 5.1: the nonce the client chose.
std::string nonce_in(const std::string& client_first) {
  return client_first.substr(client_first.find(",r=") + 3);
}

}  // namespace

TEST_CASE("auth: the first bytes are those of the mechanism", "[auth]") {
  using std::string_literals::operator""s;
  struct Case {
    std::string mechanism;
    std::string authorization;
    std::string first;
  };
  const std::vector<Case> cases = {
      {"PLAIN", "", "\0joe@home.example\0correct horse"s},
      {"PLAIN", "boss", "boss\0joe@home.example\0correct horse"s},
      {"LOGIN", "", "(nothing)"},
      {"CRAM-MD5", "", "(nothing)"},
      {"DIGEST-MD5", "", "(nothing)"},
      {"SCRAM-SHA-256", "", "n,,n=joe@home.example,r="},
      {"SCRAM-SHA-256", "boss", "n,a=boss,n=joe@home.example,r="},
  };
  for (const auto& c : cases) {
    CAPTURE(c.mechanism, c.authorization);
    auto client = client_with({.mechanism = c.mechanism, .authorization = c.authorization});
    const auto first = begin(client, c.mechanism);
    CHECK(first.substr(0, c.first.size()) == c.first);
    CHECK(client.complete() == (c.mechanism == "PLAIN"));
  }
}

TEST_CASE("auth: LOGIN answers whatever the prompts say", "[auth]") {
  for (const std::string prompt : {"Username:", "User Name\0", "", "334"}) {
    CAPTURE(prompt);
    auto client = client_with({.mechanism = "LOGIN"});
    begin(client, "LOGIN");
    auto name = client.next(prompt);
    REQUIRE(name);
    CHECK(name->reveal() == kUser);
    CHECK_FALSE(client.complete());
    auto password = client.next("Password:");
    REQUIRE(password);
    CHECK(password->reveal() == kPassword);
    CHECK(client.complete());
  }
}

TEST_CASE("auth: CRAM-MD5 answers the challenge of RFC 2195", "[auth]") {
  auto client = client_with({.mechanism = "CRAM-MD5", .client_password = "tanstaaftanstaaf", .login = "tim"});
  begin(client, "CRAM-MD5");
  auto answer = client.next("<1896.697170952@postoffice.reston.mci.net>");
  REQUIRE(answer);
  CHECK(answer->reveal() == "tim b913a602c7eda7a495b4e6e7334d3890");
  CHECK(client.complete());
}

TEST_CASE("auth: a mechanism that can't be done is refused before a byte is sent", "[auth]") {
  struct Case {
    std::string mechanism;
    std::string authorization;
    std::string why;
  };
  const std::vector<Case> cases = {
      {"SCRAM-SHA-256-PLUS", "", "no channel binding"},
      {"LOGIN", "boss", "authorization identity"},
      {"CRAM-MD5", "boss", "authorization identity"},
      {"GSSAPI", "", "can't be done here"},
      {"EXTERNAL", "", "can't be done here"},
      {"PLAIN LOGIN", "", "no mechanism's name"},
      {"plain", "", "no mechanism's name"},
      {"", "", "no mechanism's name"},
      {std::string(60, 'X'), "", "no mechanism's name"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.mechanism);
    auto client = client_with({.mechanism = c.mechanism, .authorization = c.authorization});
    const auto started = client.start(c.mechanism);
    REQUIRE_FALSE(started);
    CHECK(started.error().fault == Fault::local);
    CHECK(started.error().reply.code == 451);
    CHECK(started.error().reply.text.find(c.why) != std::string::npos);
    CHECK(keeps_secret(started.error(), kPassword));
    CHECK_FALSE(client.complete());
    CHECK_FALSE(client.next("x"));
  }
}

TEST_CASE("auth: PLAIN with channel binding does not exist", "[auth]") {
  auto client =
      client_with({.mechanism = "PLAIN-PLUS", .client_binding = ChannelBinding{"tls-exporter", "bytes"}});
  CHECK_FALSE(client.start("PLAIN-PLUS"));
}

TEST_CASE("auth: another mechanism may follow one that failed", "[auth]") {
  auto client = client_with({.mechanism = "GSSAPI"});
  CHECK_FALSE(client.start("GSSAPI"));
  begin(client, "SCRAM-SHA-256");
  CHECK_FALSE(client.next("garbage"));
  CHECK(begin(client, "PLAIN").ends_with(kPassword));
  CHECK(client.complete());
}

TEST_CASE("auth: after the end an empty question gets an empty answer, any other is refused", "[auth]") {
  auto client = client_with({.mechanism = "PLAIN"});
  begin(client, "PLAIN");
  auto answer = client.next("");
  REQUIRE(answer);
  CHECK(answer->empty());
  CHECK(client.complete());
  const auto more = client.next("and now?");
  REQUIRE_FALSE(more);
  CHECK(more.error().fault == Fault::protocol);
  CHECK_FALSE(client.complete());
}

TEST_CASE("auth: a server that asks without end is stopped", "[auth]") {
  auto client = client_with({.mechanism = "PLAIN"});
  begin(client, "PLAIN");
  int answered = 0;
  while (answered < 100 && client.next("")) ++answered;
  CHECK(answered == 8);
}

TEST_CASE("auth: a malformed first challenge is refused", "[auth]") {
  struct Case {
    std::string mechanism;
    std::string challenge;
  };
  const std::vector<Case> cases = {
      {"SCRAM-SHA-256", ""},
      {"SCRAM-SHA-256", "v=YWJj"},
      {"SCRAM-SHA-256", "r=another,s=YWJj,i=4096"},
      {"SCRAM-SHA-256", "NONCEx,s=YWJj"},
      {"SCRAM-SHA-256", "NONCEx,s=YWJj,i=0"},
      {"SCRAM-SHA-256", "NONCEx,s=YWJj,i=many"},
      {"SCRAM-SHA-256", "NONCEx,s=***,i=4096"},
      {"SCRAM-SHA-256", "m=ext,NONCEx,s=YWJj,i=4096"},
      {"SCRAM-SHA-256", "e=other-error"},
      {"SCRAM-SHA-256", std::string(9000, 'r')},
      {"DIGEST-MD5", ""},
      {"DIGEST-MD5", "rspauth=0123456789abcdef0123456789abcdef"},
      {"DIGEST-MD5", "RSPAUTH=0123456789abcdef0123456789abcdef"},
      {"DIGEST-MD5", "realm=\"x\",qop=\"auth\",charset=utf-8,algorithm=md5-sess"},
      {"DIGEST-MD5", "nonce=\"abc\",qop=\"auth-conf\",algorithm=md5-sess"},
      {"DIGEST-MD5", "nonce=\"abc"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.mechanism, c.challenge);
    auto client = client_with({.mechanism = c.mechanism});
    const auto first = begin(client, c.mechanism);
    auto challenge = c.challenge;
    if (const auto at = challenge.find("NONCE"); at != std::string::npos)
      challenge.replace(at, 5, "r=" + nonce_in(first));
    const auto answer = client.next(challenge);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reply.code == 451);
    CHECK(keeps_secret(answer.error(), kPassword));
    CHECK_FALSE(client.complete());
  }
}

TEST_CASE("auth: a server can't make SCRAM work for minutes", "[auth]") {
  for (const std::string count : {"250001", "4294967295", "99999999999999999999999"}) {
    CAPTURE(count);
    auto client = client_with({.mechanism = "SCRAM-SHA-512"});
    const auto nonce = nonce_in(begin(client, "SCRAM-SHA-512"));
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = client.next("r=" + nonce + "x,s=YWJj,i=" + count);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == Fault::protocol);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
  }
}

TEST_CASE("auth: SCRAM is not complete before the server's signature", "[auth]") {
  auto client = client_with({.mechanism = "SCRAM-SHA-256"});
  const auto nonce = nonce_in(begin(client, "SCRAM-SHA-256"));
  CHECK_FALSE(client.complete());
  const auto proof = client.next("r=" + nonce + "server,s=" + base64::encode("salt of it") + ",i=4096");
  REQUIRE(proof);
  CHECK(proof->reveal().starts_with("c=biws,r=" + nonce + "server,p="));
  CHECK_FALSE(client.complete());
  SECTION("an empty last challenge proves nothing") {
    CHECK_FALSE(client.next(""));
  }
  SECTION("nor does an error of the server") {
    CHECK_FALSE(client.next("e=invalid-proof"));
  }
  SECTION("nor an empty signature") {
    CHECK_FALSE(client.next("v=,"));
  }
  SECTION("nor a short one") {
    CHECK_FALSE(client.next("v=YWJj"));
  }
  CHECK_FALSE(client.complete());
}

}  // namespace homeward::auth::test
