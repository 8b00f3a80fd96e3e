#include "auth/mechanism_choice.hpp"

#include "tests/support/catch.hpp"

namespace homeward::auth::test {

namespace {

using Names = std::vector<std::string>;

const Names kAvailable = {"CRAM-MD5",    "DIGEST-MD5",    "LOGIN",        "PLAIN",
                          "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"};

struct Case {
  Names offered;
  Names wanted;
  bool binding;
  Names chosen;  ///< empty: none can be done
};

Result<Names> choose(const Case& c) {
  return choose_mechanisms(
      {.offered = c.offered, .available = kAvailable, .wanted = c.wanted, .channel_binding = c.binding});
}

}  // namespace

TEST_CASE("auth: mechanisms are chosen by our order", "[auth]") {
  const Names plus_pair = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512"};
  const std::vector<Case> cases = {
      {{"LOGIN", "PLAIN"}, {}, false, {"PLAIN", "LOGIN"}},
      {{"DIGEST-MD5", "CRAM-MD5", "LOGIN", "PLAIN"}, {}, false, {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"}},
      {{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"},
       {},
       false,
       {"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}},
      {plus_pair, {}, false, {"SCRAM-SHA-512", "SCRAM-SHA-1", "PLAIN"}},
      {plus_pair, {}, true, {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-1", "PLAIN"}},
      // What the library can't do, or a password is not for, is never chosen.
      {{"GSSAPI", "XOAUTH2", "EXTERNAL", "NTLM", "PLAIN"}, {}, true, {"PLAIN"}},
      // The list of the configuration, in its order, and nothing else.
      {{"PLAIN", "LOGIN", "SCRAM-SHA-256"}, {"LOGIN", "PLAIN"}, false, {"LOGIN", "PLAIN"}},
      {{"PLAIN", "LOGIN"}, {"SCRAM-SHA-256", "LOGIN", "LOGIN"}, false, {"LOGIN"}},
      {plus_pair, {"SCRAM-SHA-1-PLUS"}, true, {"SCRAM-SHA-1-PLUS"}},
      {plus_pair, {"SCRAM-SHA-1-PLUS"}, false, {}},
      {{"PLAIN"}, {"SCRAM-SHA-256"}, false, {}},
      {{"GSSAPI"}, {}, true, {}},
      {{}, {}, true, {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.offered, c.wanted, c.binding);
    const auto chosen = choose(c);
    CHECK(chosen.has_value() != c.chosen.empty());
    if (chosen) CHECK(*chosen == c.chosen);
  }
}

TEST_CASE("auth: where no mechanism fits, the error says what there is", "[auth]") {
  struct Told {
    Case query;
    std::vector<std::string> words;
  };
  const std::vector<Told> cases = {
      {{{"GSSAPI", "NTLM"}, {}, false, {}}, {"offers GSSAPI NTLM", "possible here", "SCRAM-SHA-256"}},
      {{{"PLAIN"}, {"SCRAM-SHA-256"}, false, {}}, {"offers PLAIN", "mechanisms wants SCRAM-SHA-256"}},
      {{{"SCRAM-SHA-1-PLUS"}, {"SCRAM-SHA-1-PLUS"}, false, {}}, {"no channel binding"}},
      {{{}, {}, false, {}}, {"offers none"}},
  };
  for (const auto& c : cases) {
    const auto chosen = choose(c.query);
    REQUIRE_FALSE(chosen);
    const auto& error = chosen.error();
    CHECK(error.fault == Fault::login);
    CHECK(error.reply.code == 451);
    CHECK(error.reply.enhanced == EnhancedCode{4, 7, 0});
    for (const auto& word : c.words) {
      CAPTURE(error.reply.text, word);
      CHECK(error.reply.text.find(word) != std::string::npos);
    }
  }
}

TEST_CASE("auth: a server's list can't swell or break the error", "[auth]") {
  const Case query{{std::string(5000, 'X'), "A\r\n250 OK"}, {}, false, {}};
  const auto chosen = choose(query);
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().reply.text.size() < 500);
  CHECK(chosen.error().reply.text.find('\n') == std::string::npos);
}

TEST_CASE("auth: a mechanism is weaker than those before it in the order of choice", "[auth]") {
  struct Pair {
    const char* now;
    const char* before;
    bool weaker;
  };
  for (const auto& [now, before, weaker] : std::vector<Pair>{
           {"PLAIN", "SCRAM-SHA-256", true},
           {"SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", true},
           {"SCRAM-SHA-1", "SCRAM-SHA-512", true},
           {"SCRAM-SHA-256", "PLAIN", false},
           {"PLAIN", "PLAIN", false},
           {"LOGIN", "PLAIN", false},
           {"PLAIN", "LOGIN", false},
           {"CRAM-MD5", "LOGIN", true},
           {"GSSAPI", "PLAIN", false},
           {"PLAIN", "GSSAPI", false},
           {"", "PLAIN", false},
       }) {
    CAPTURE(now, before);
    CHECK(is_weaker(now, before) == weaker);
  }
}

}  // namespace homeward::auth::test
