// Whole logins, both sides: RFC 4616 (PLAIN), 2195 (CRAM-MD5), 2831 (DIGEST-MD5), 5802 and 7677 (SCRAM).
#include "tests/support/catch.hpp"
#include "tests/unit/auth/dialogue.hpp"

namespace homeward::auth::test {

namespace {

const ChannelBinding kExporter{"tls-exporter",
                               std::string("\x01\x00\xffthirty-two bytes of a TLS channel", 32)};
const ChannelBinding kEndPoint{"tls-server-end-point", std::string(32, '\x5a')};
const ChannelBinding kOtherChannel{"tls-exporter", std::string(32, '\x02')};

const std::vector<std::string> kPlus = {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"};

std::vector<std::string> all_names() {
  auto names = mechanisms();
  names.insert(names.end(), kPlus.begin(), kPlus.end());
  return names;
}

Parties parties_for(const std::string& mechanism) {
  Parties parties{.mechanism = mechanism};
  if (mechanism.ends_with("-PLUS")) parties.client_binding = parties.server_binding = kExporter;
  return parties;
}

/// Exchanges the first letter of SCRAM's server signature, or of DIGEST-MD5's rspauth.
std::string forge_proof(std::string challenge) {
  for (const std::string_view mark : {"v=", "rspauth="}) {
    if (!challenge.starts_with(mark)) continue;
    char& letter = challenge[mark.size()];
    letter = letter == 'a' ? 'b' : 'a';
  }
  return challenge;
}

bool proves_server(const std::string& mechanism) {
  return mechanism.starts_with("SCRAM-") || mechanism == "DIGEST-MD5";
}

}  // namespace

TEST_CASE("auth: every mechanism logs in with the right password", "[auth]") {
  for (const auto& mechanism : all_names()) {
    CAPTURE(mechanism);
    const auto outcome = log_in(parties_for(mechanism));
    CHECK(outcome.logged_in());
    CHECK(outcome.user == kUser);
  }
}

TEST_CASE("auth: a password may hold anything but NUL and line ends", "[auth]") {
  const std::vector<std::string> passwords = {"two words",
                                              " edges ",
                                              R"(qu"ote\s'`)",
                                              "semi;colon # and, comma=",
                                              "gr\xc3\xbc\xc3\x9f-\xe2\x82\xac-\xf0\x9f\x94\x91",
                                              std::string(300, 'x'),
                                              "\t"};
  for (const auto& password : passwords) {
    for (const auto& mechanism : all_names()) {
      CAPTURE(mechanism, password);
      auto parties = parties_for(mechanism);
      parties.client_password = parties.server_password = password;
      CHECK(log_in(parties).logged_in());
    }
  }
}

TEST_CASE("auth: a wrong password is refused with 535 and nothing of it is told", "[auth]") {
  for (const auto& mechanism : all_names()) {
    CAPTURE(mechanism);
    auto parties = parties_for(mechanism);
    parties.client_password = "wrong-battery";
    const auto outcome = log_in(parties);
    REQUIRE(outcome.server_error);
    CHECK(outcome.server_error->reply.code == 535);
    CHECK(outcome.server_error->reply.enhanced == EnhancedCode{5, 7, 8});
    CHECK(keeps_secret(*outcome.server_error, "wrong-battery"));
    CHECK(keeps_secret(*outcome.server_error, "correct horse"));
    CHECK(outcome.user.empty());
    // Where the server proves itself, its silence must not look like a finished login.
    CHECK(outcome.client_complete != proves_server(mechanism));
  }
}

TEST_CASE("auth: an unknown user gets the same answer as a wrong password", "[auth]") {
  for (const auto& mechanism : all_names()) {
    CAPTURE(mechanism);
    auto parties = parties_for(mechanism);
    parties.login = "nobody@home.example";
    const auto outcome = log_in(parties);
    REQUIRE(outcome.server_error);
    CHECK(outcome.server_error->reply.code == 535);
    CHECK(outcome.server_error->reply.text == "Authentication credentials invalid");
  }
}

TEST_CASE("auth: a server that does not know the password is found out", "[auth]") {
  for (const auto& mechanism : all_names()) {
    if (!proves_server(mechanism)) continue;
    CAPTURE(mechanism);
    auto parties = parties_for(mechanism);
    parties.tamper = forge_proof;
    const auto outcome = log_in(parties);
    REQUIRE(outcome.client_error);
    CHECK(outcome.client_error->fault == Fault::login);
    CHECK(outcome.client_error->reply.code == 451);
    CHECK(outcome.client_error->reply.enhanced == EnhancedCode{4, 7, 0});
    CHECK(keeps_secret(*outcome.client_error, "correct horse"));
    CHECK_FALSE(outcome.client_complete);
  }
}

TEST_CASE("auth: every type of channel binding holds", "[auth]") {
  for (const auto& binding : {kExporter, kEndPoint, ChannelBinding{"tls-unique", "twelve bytes"}}) {
    CAPTURE(binding.type);
    auto parties = parties_for("SCRAM-SHA-256-PLUS");
    parties.client_binding = parties.server_binding = binding;
    const auto outcome = log_in(parties);
    CHECK(outcome.logged_in());
    REQUIRE_FALSE(outcome.from_client.empty());
    CHECK(outcome.from_client.front().starts_with("p=" + binding.type + ",,n="));
  }
}

TEST_CASE("auth: a login bound to another channel is refused", "[auth]") {
  for (const auto& mechanism : kPlus) {
    for (const auto& other : {kOtherChannel, kEndPoint}) {
      CAPTURE(mechanism, other.type);
      auto parties = parties_for(mechanism);
      parties.client_binding = other;
      const auto outcome = log_in(parties);
      REQUIRE(outcome.server_error);
      CHECK(outcome.server_error->reply.code == 535);
      CHECK_FALSE(outcome.client_complete);
    }
  }
}

TEST_CASE("auth: without -PLUS SCRAM never claims that the server can't bind", "[auth]") {
  // "y" would be refused by a server that can (RFC 5802 section 6).
  auto parties = parties_for("SCRAM-SHA-256");
  parties.client_binding = parties.server_binding = kExporter;
  const auto outcome = log_in(parties);
  CHECK(outcome.logged_in());
  REQUIRE_FALSE(outcome.from_client.empty());
  CHECK(outcome.from_client.front().starts_with("n,,n="));
}

TEST_CASE("auth: acting as oneself is let in, acting as another is not", "[auth]") {
  for (const auto& mechanism : all_names()) {
    if (mechanism == "LOGIN" || mechanism == "CRAM-MD5") continue;
    CAPTURE(mechanism);
    auto parties = parties_for(mechanism);
    parties.authorization = kUser;
    CHECK(log_in(parties).logged_in());
    parties.authorization = "boss@home.example";
    const auto outcome = log_in(parties);
    REQUIRE(outcome.server_error);
    CHECK(outcome.server_error->reply.code == 535);
    CHECK(outcome.user.empty());
  }
}

TEST_CASE("auth: DIGEST-MD5 logs in again without a guess from its cache", "[auth]") {
  for (int i = 0; i < 3; ++i) {
    const auto outcome = log_in(parties_for("DIGEST-MD5"));
    CHECK(outcome.logged_in());
    REQUIRE_FALSE(outcome.from_client.empty());
    CHECK(outcome.from_client.front().find("nc=00000001") != std::string::npos);
  }
}

}  // namespace homeward::auth::test
