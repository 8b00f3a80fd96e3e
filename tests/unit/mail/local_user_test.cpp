// Users of this machine: how they are named in the configuration, kept by the spool, and matched.
#include "proxy/mail/local_user.hpp"

#include "proxy/mail/account.hpp"
#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

TEST_CASE("local user: a rule is a name or #NUMBER, and nothing else") {
  for (const auto* text : {"bob", "www-data", "_apt", "ann.smith", "ann@office.example", "OFFICE\\ann", "Bob",
                           "svc$", "#0", "#1001", "#4294967294"}) {
    CAPTURE(text);
    const auto rule = LocalUserRule::parse(text);
    REQUIRE(rule);
    CHECK(rule->to_string() == text);
  }
  for (const auto* text : {"", "1001", "#", "#-1", "#4294967295", "#99999999999", "#1x", "# 1", "-bob", "a b",
                           "a:b", "a/b", "a#b", "a,b", "a\tb", "a\x7f"}) {
    CAPTURE(text);
    CHECK_FALSE(LocalUserRule::parse(text));
  }
  CHECK_FALSE(LocalUserRule::parse(std::string(257, 'a')));
  CHECK(LocalUserRule::parse(std::string(256, 'a')));
}

TEST_CASE("local user: a rule matches by its name, or by its number whatever the name is") {
  struct Case {
    const char* rule;
    LocalUser user;
    bool matches;
  };
  const Case cases[] = {{"bob", {1001, "bob"}, true},  {"bob", {1001, "Bob"}, false},
                        {"Bob", {1001, "bob"}, false}, {"bob", {1001, ""}, false},
                        {"bob", {1001, "bo"}, false},  {"#1001", {1001, "bob"}, true},
                        {"#1001", {1001, ""}, true},   {"#1001", {1, "bob"}, false},
                        {"#0", {0, "root"}, true},     {"#1001", {1002, "bob"}, false}};
  for (const auto& c : cases) {
    CAPTURE(c.rule, c.user.to_string());
    CHECK(LocalUserRule::parse(c.rule).value().matches(c.user) == c.matches);
  }
}

TEST_CASE("local user: what the spool keeps is read again; what it never wrote is not") {
  for (const auto& user :
       {LocalUser{0, "root"}, LocalUser{1001, ""}, LocalUser{4'294'967'294, "a@b.example"}}) {
    CAPTURE(user.to_string());
    CHECK(parse_stored_local_user(stored_text(user)) == user);
  }
  for (const auto* text : {"", "bob", "bob#", "bob#x", "#", "#4294967295", "a b#1", "bob#1 "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_stored_local_user(text));
  }
}

}  // namespace
}  // namespace homeward::mail
