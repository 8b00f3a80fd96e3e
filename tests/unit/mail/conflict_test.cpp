// Accounts that claim the same sender under the same conditions. product.md 4, "Routing".
#include "proxy/mail/route.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

TEST_CASE("conflict: a sender that the first account takes whole is claimed twice") {
  struct Case {
    std::vector<std::string_view> first;   // of ann@isp.example, alias a.smith@isp.example
    std::vector<std::string_view> second;  // of bob@isp.example, alias b.jones@isp.example
    std::string_view claim;                // "": no conflict
  };
  static const std::vector<Case> cases{
      {{"own"}, {"own"}, ""},
      {{"own"}, {"own", "ann@isp.example"}, "<ann@isp.example>"},
      {{"own"}, {"A.Smith@isp.example"}, "<A.Smith@isp.example>"},
      {{"bob@isp.example"}, {"own"}, "<bob@isp.example>"},
      {{"b.jones@isp.example"}, {"own"}, "<b.jones@isp.example>"},
      {{"x@y.example"}, {"X@Y.example"}, "<X@y.example>"},
      {{"*@y.example"}, {"*@y.example"}, "*@y.example"},
      {{"*@*.y.example"}, {"*@*.Y.example"}, "*@*.y.example"},
      {{"*"}, {"*"}, "* (every sender)"},
      // A catch-all, or a wider pattern, after something narrower is the usual thing.
      {{"own"}, {"*"}, ""},
      {{"own"}, {"*@isp.example"}, ""},
      {{"*@y.example"}, {"*@*.y.example"}, ""},
      // The reverse can never be chosen.
      {{"*"}, {"own"}, "<bob@isp.example>, <b.jones@isp.example>"},
      {{"*@isp.example"}, {"bob@isp.example"}, "<bob@isp.example>"},
      {{"*@isp.example"}, {"own", "bob@isp.example"}, "<bob@isp.example>, <b.jones@isp.example>"},
      {{"*@*.example"}, {"*@y.example"}, "*@y.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.first, c.second);
    std::vector accounts{make_account("ann", "ann@isp.example", c.first),
                         make_account("bob", "bob@isp.example", c.second)};
    accounts[0].aliases = {mailbox("a.smith@isp.example")};
    accounts[1].aliases = {mailbox("b.jones@isp.example")};
    const auto conflicts = find_conflicts(accounts);
    REQUIRE(conflicts.size() == (c.claim.empty() ? 0U : 1U));
    if (c.claim.empty()) continue;
    CHECK(conflicts[0].first == 0);
    CHECK(conflicts[0].second == 1);
    CHECK(conflicts[0].claim == c.claim);
  }
}

TEST_CASE("conflict: other clients or listeners are other conditions, another order is not") {
  struct Case {
    std::vector<std::string_view> first_clients;
    std::vector<std::string_view> second_clients;
    std::vector<std::string> first_listeners;
    std::vector<std::string> second_listeners;
    bool conflict;
  };
  static const std::vector<Case> cases{
      {{}, {}, {}, {}, true},
      {{"10.0.0.0/8", "127.0.0.0/8"}, {"127.0.0.0/8", "10.0.0.0/8"}, {}, {}, true},
      {{"10.0.0.1"}, {"10.0.0.1/32", "10.0.0.1"}, {}, {}, true},
      {{"10.0.0.0/8"}, {"127.0.0.0/8"}, {}, {}, false},
      {{"10.0.0.0/8"}, {"10.0.0.0/8", "127.0.0.0/8"}, {}, {}, false},
      {{"10.0.0.0/8"}, {}, {}, {}, false},
      {{}, {}, {"a", "b"}, {"b", "a"}, true},
      {{}, {}, {"a"}, {"b"}, false},
      {{}, {}, {}, {"b"}, false},
      {{"10.0.0.0/8"}, {"10.0.0.0/8"}, {"a"}, {"b"}, false},
      {{"10.0.0.0/8"}, {"10.0.0.0/8"}, {"a"}, {"a"}, true},
  };
  const auto networks = [](const std::vector<std::string_view>& texts) {
    std::vector<Network> parsed;
    for (const auto text : texts) parsed.push_back(Network::parse(text).value());
    return parsed;
  };
  for (const auto& c : cases) {
    CAPTURE(c.first_clients, c.second_clients, c.first_listeners, c.second_listeners);
    std::vector accounts{make_account("one", "ann@isp.example"), make_account("two", "ann@isp.example")};
    accounts[0].clients = networks(c.first_clients);
    accounts[1].clients = networks(c.second_clients);
    accounts[0].listeners = c.first_listeners;
    accounts[1].listeners = c.second_listeners;
    CHECK(find_conflicts(accounts).size() == (c.conflict ? 1U : 0U));
  }
}

TEST_CASE("conflict: other logins or local users are other conditions, another order is not") {
  struct Case {
    std::vector<std::string> first_users;
    std::vector<std::string> second_users;
    std::vector<std::string_view> first_local;
    std::vector<std::string_view> second_local;
    bool conflict;
  };
  static const std::vector<Case> cases{
      {{"ann", "bob"}, {"bob", "ann"}, {}, {}, true},
      {{"ann"}, {"Ann"}, {}, {}, false},
      {{"ann"}, {}, {}, {}, false},
      {{}, {}, {"ann", "#1"}, {"#1", "ann"}, true},
      {{}, {}, {"ann"}, {"bob"}, false},
      {{}, {}, {}, {"bob"}, false},
      {{"ann"}, {}, {}, {"ann"}, false},
  };
  const auto rules = [](const std::vector<std::string_view>& texts) {
    std::vector<LocalUserRule> parsed;
    for (const auto text : texts) parsed.push_back(LocalUserRule::parse(text).value());
    return parsed;
  };
  for (const auto& c : cases) {
    CAPTURE(c.first_users, c.second_users, c.first_local, c.second_local);
    std::vector accounts{make_account("one", "ann@isp.example"), make_account("two", "ann@isp.example")};
    accounts[0].users = c.first_users;
    accounts[1].users = c.second_users;
    accounts[0].local_users = rules(c.first_local);
    accounts[1].local_users = rules(c.second_local);
    CHECK(find_conflicts(accounts).size() == (c.conflict ? 1U : 0U));
  }
}

TEST_CASE("conflict: every pair of accounts is told") {
  const std::vector accounts{make_account("one", "ann@isp.example"), make_account("two", "bob@isp.example"),
                             make_account("three", "Ann@isp.example"),
                             make_account("four", "ann@ISP.example")};
  const auto conflicts = find_conflicts(accounts);
  REQUIRE(conflicts.size() == 3);
  CHECK((conflicts[0].first == 0 && conflicts[0].second == 2));
  CHECK((conflicts[1].first == 0 && conflicts[1].second == 3));
  CHECK((conflicts[2].first == 2 && conflicts[2].second == 3));
}

}  // namespace
}  // namespace homeward::mail
