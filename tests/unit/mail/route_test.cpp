// The choice of an account. product.md 4, "Routing".
#include "proxy/mail/route.hpp"

#include <fmt/format.h>

#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

RouteQuery query(std::string_view from, std::string_view client = "127.0.0.1",
                 std::string listener = "main") {
  return RouteQuery{sender(from), ip(client), std::move(listener)};
}

Network network(std::string_view text) {
  return Network::parse(text).value();
}

/// The refusal's text; fails where there is none, or where it is not ours.
std::string refusal_of(const Result<std::size_t>& chosen) {
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().fault == Fault::client);
  CHECK(chosen.error().reply.code == 550);
  CHECK(chosen.error().reply.enhanced == EnhancedCode{5, 7, 1});
  return chosen.error().reply.text;
}

TEST_CASE("route: the first account in file order that serves the sender is chosen") {
  const std::vector accounts{make_account("work", "ann@work.example"),
                             make_account("home", "ann@isp.example", {"own", "*@isp.example"}),
                             make_account("late", "bob@isp.example"),
                             make_account("rest", "rest@x.example", {"*"})};
  struct Case {
    std::string_view from;
    std::size_t chosen;
  };
  const auto c =
      GENERATE(Case{"ann@work.example", 0}, Case{"ANN@WORK.example", 0}, Case{"ann@isp.example", 1},
               Case{"bob@isp.example", 1}, Case{"who@else.example", 3}, Case{"<>", 3});
  CAPTURE(c.from);
  const auto chosen = route(refs(accounts), std::nullopt, query(c.from));
  REQUIRE(chosen);
  CHECK(*chosen == c.chosen);
}

TEST_CASE("route: every list must hold, by any of its entries") {
  auto lan = make_account("lan", "ann@isp.example", {"ann@isp.example", "scan@isp.example"});
  lan.clients = {network("10.0.0.0/8"), network("2001:db8::/32")};
  lan.listeners = {"office", "printers"};
  const std::vector accounts{lan, make_account("rest", "rest@x.example", {"*"})};
  struct Case {
    std::string_view from;
    std::string_view client;
    std::string listener;
    std::size_t chosen;
  };
  const auto c = GENERATE(
      Case{"ann@isp.example", "10.1.2.3", "office", 0}, Case{"scan@isp.example", "10.1.2.3", "printers", 0},
      Case{"ann@isp.example", "2001:db8::7", "office", 0},
      Case{"ann@isp.example", "::ffff:10.1.2.3", "office", 0},
      Case{"ann@isp.example", "192.0.2.1", "office", 1}, Case{"ann@isp.example", "10.1.2.3", "main", 1},
      Case{"ann@isp.example", "10.1.2.3", "offic", 1}, Case{"bob@isp.example", "10.1.2.3", "office", 1});
  CAPTURE(c.from, c.client, c.listener);
  const auto chosen = route(refs(accounts), std::nullopt, query(c.from, c.client, c.listener));
  REQUIRE(chosen);
  CHECK(*chosen == c.chosen);
}

TEST_CASE("route: one reply address at two providers is told apart by the listener") {
  auto first = make_account("cable", "ann@cable.example", {"ann@own.example"});
  auto second = make_account("dsl", "ann@dsl.example", {"ann@own.example"});
  first.listeners = {"cable"};
  second.listeners = {"dsl"};
  const std::vector accounts{first, second};
  CHECK(route(refs(accounts), std::nullopt, query("ann@own.example", "127.0.0.1", "cable")) == 0U);
  CHECK(route(refs(accounts), std::nullopt, query("ann@own.example", "127.0.0.1", "dsl")) == 1U);
}

TEST_CASE("route: the default account takes what no rule took, the null sender too") {
  const std::vector accounts{make_account("work", "ann@work.example"),
                             make_account("home", "ann@isp.example")};
  CHECK(route(refs(accounts), "home", query("who@else.example")) == 1U);
  CHECK(route(refs(accounts), "home", query("<>")) == 1U);
  CHECK(route(refs(accounts), "home", query("ann@work.example")) == 0U);
}

TEST_CASE("route: the default account waives `senders`, never who may use it") {
  auto home = make_account("home", "ann@isp.example");
  home.clients = {network("127.0.0.0/8")};
  home.listeners = {"main"};
  const std::vector accounts{home};
  CHECK(route(refs(accounts), "home", query("who@else.example")) == 0U);
  CHECK(refusal_of(route(refs(accounts), "home", query("who@else.example", "10.0.0.7"))) ==
        "No account may send as <who@else.example>, and the default account home may not be used from "
        "10.0.0.7: "
        "add 10.0.0.7 to its `clients`");
  CHECK(refusal_of(route(refs(accounts), "home", query("who@else.example", "127.0.0.1", "lan"))) ==
        "No account may send as <who@else.example>, and the default account home may not be used on listener "
        "lan: "
        "add lan to its `listeners`");
}

TEST_CASE("route: a sender that no account serves is refused with the cure") {
  const std::vector accounts{make_account("home", "ann@isp.example")};
  CHECK(refusal_of(route(refs(accounts), std::nullopt, query("x@y.example"))) ==
        "No account may send as <x@y.example>: add it to `senders` of an account, or set default_account");
  CHECK(refusal_of(route(refs(accounts), std::nullopt, query("<>"))) ==
        "No account may send as <>: add `*` to `senders` of an account, or set default_account");
  CHECK(refusal_of(route({}, std::nullopt, query("x@y.example"))) ==
        "No account may send as <x@y.example>: add it to `senders` of an account, or set default_account");
}

TEST_CASE("route: a refusal names the account that serves the sender, but not this client or listener") {
  auto home = make_account("home", "ann@isp.example");
  home.clients = {network("127.0.0.0/8")};
  auto work = make_account("work", "ann@work.example");
  work.listeners = {"vpn"};
  const std::vector accounts{work, home};
  CHECK(refusal_of(route(refs(accounts), std::nullopt, query("ann@isp.example", "10.0.0.7"))) ==
        "No account may send as <ann@isp.example> here: account home may not be used from 10.0.0.7: "
        "add 10.0.0.7 to its `clients`");
  CHECK(refusal_of(route(refs(accounts), "home", query("ann@work.example", "10.0.0.7"))) ==
        "No account may send as <ann@work.example> here: account work may not be used on listener main: "
        "add main to its `listeners`");
}

/// From ann@isp.example on loopback.
RouteQuery from_user(std::optional<std::string> login, std::optional<LocalUser> local = std::nullopt) {
  auto asked = query("ann@isp.example");
  asked.user = std::move(login);
  asked.local_user = std::move(local);
  return asked;
}

TEST_CASE("route: an account with `users` is for those logins alone, octet by octet") {
  auto home = make_account("home", "ann@isp.example");
  home.users = {"ann", "ann.smith"};
  const std::vector accounts{home};
  CHECK(route(refs(accounts), std::nullopt, from_user("ann")) == 0U);
  CHECK(route(refs(accounts), std::nullopt, from_user("ann.smith")) == 0U);
  for (const auto* other : {"Ann", "bob", "an", "ann ", ""}) {
    CAPTURE(other);
    CHECK(refusal_of(route(refs(accounts), "home", from_user(other))) ==
          fmt::format(
              "No account may send as <ann@isp.example> here: account home may not be used by the login "
              "{0}: add {0} to its `users`",
              other));
  }
  CHECK(refusal_of(route(refs(accounts), "home", from_user(std::nullopt, LocalUser{1000, "ann"}))) ==
        "No account may send as <ann@isp.example> here: account home may not be used without a login: log in "
        "as "
        "one of its `users`");
}

TEST_CASE("route: an account with `local_users` is for those users of this machine alone") {
  auto home = make_account("home", "ann@isp.example");
  home.local_users = {*LocalUserRule::parse("ann"), *LocalUserRule::parse("#1002")};
  const std::vector accounts{home};
  const auto asked = [&](LocalUser user) {
    return route(refs(accounts), "home", from_user(std::nullopt, std::move(user)));
  };
  CHECK(asked({1000, "ann"}) == 0U);
  CHECK(asked({1002, "carl"}) == 0U);
  CHECK(asked({1002, ""}) == 0U);
  CHECK(refusal_of(asked({1001, "bob"})) ==
        "No account may send as <ann@isp.example> here: account home may not be used by the local user bob: "
        "add "
        "bob to its `local_users`");
  CHECK(refusal_of(asked({1003, ""})).ends_with("the local user #1003: add #1003 to its `local_users`"));
}

TEST_CASE(
    "route: where the local user isn't known, an account with `local_users` is closed, and it is said why") {
  auto home = make_account("home", "ann@isp.example");
  home.local_users = {*LocalUserRule::parse("#0"), *LocalUserRule::parse("ann")};
  const std::vector accounts{home};
  auto asked = from_user("ann");  // a login of that name is another thing
  CHECK(
      refusal_of(route(refs(accounts), "home", asked)) ==
      "No account may send as <ann@isp.example> here: account home is for its `local_users` alone, and whose "
      "connection this is can't be told");
  asked.local_user_trouble = "the client has closed it already";
  CHECK(refusal_of(route(refs(accounts), "home", asked))
            .ends_with("can't be told: the client has closed it already"));
  asked.client = ip("192.0.2.7");
  CHECK(refusal_of(route(refs(accounts), "home", asked)) ==
        "No account may send as <ann@isp.example> here: account home is for programs of this machine alone, "
        "not "
        "for 192.0.2.7: send from there through an account without `local_users`");
}

TEST_CASE(
    "route: one reply address at four accounts is told apart by client, listener, login and local user") {
  const std::vector<std::string_view> same{"ann@own.example"};
  std::vector accounts{
      make_account("desk", "a@one.example", same), make_account("mobile", "a@two.example", same),
      make_account("travel", "a@three.example", same), make_account("cron", "a@four.example", same)};
  accounts[0].clients = {network("192.0.2.7")};
  accounts[1].listeners = {"mobile"};
  accounts[2].users = {"ann"};
  accounts[3].local_users = {*LocalUserRule::parse("root")};
  CHECK(find_conflicts(accounts).empty());
  auto asked = query("ann@own.example", "192.0.2.7");
  CHECK(route(refs(accounts), std::nullopt, asked) == 0U);
  asked.client = ip("192.0.2.8");
  refusal_of(route(refs(accounts), std::nullopt, asked));
  asked.user = "ann";
  CHECK(route(refs(accounts), std::nullopt, asked) == 2U);
  asked.listener = "mobile";
  CHECK(route(refs(accounts), std::nullopt, asked) == 1U);
  asked = query("ann@own.example");
  asked.local_user = LocalUser{0, "root"};
  CHECK(route(refs(accounts), std::nullopt, asked) == 3U);
}

TEST_CASE("route: a query is all that an origin knows") {
  Origin origin{ip("127.0.0.1"), "laptop", "main", true, "ann", LocalUser{1000, "ann"}, "trouble"};
  const auto asked = RouteQuery::of(sender("x@y.example"), origin);
  CHECK(asked.from == sender("x@y.example"));
  CHECK(asked.client == origin.client);
  CHECK(asked.listener == "main");
  CHECK(asked.user == origin.user);
  CHECK(asked.local_user == origin.local_user);
  CHECK(asked.local_user_trouble == "trouble");
}

TEST_CASE("route: of several accounts that serve the sender elsewhere, the refusal names the first") {
  auto home = make_account("home", "ann@isp.example");
  auto other = make_account("other", "other@isp.example", {"ann@isp.example"});
  home.clients = other.clients = {network("127.0.0.0/8")};
  const std::vector accounts{home, other};
  CHECK(refusal_of(route(refs(accounts), std::nullopt, query("ann@isp.example", "10.0.0.7")))
            .contains("account home may not be used"));
}

TEST_CASE("route: the refusal names the account that lacks least") {
  auto desk = make_account("desk", "ann@isp.example");
  desk.clients = {network("192.0.2.7")};
  desk.listeners = {"lan"};
  auto here = make_account("here", "ann@isp.example");
  here.local_users = {*LocalUserRule::parse("ann")};
  const std::vector accounts{desk, here};
  CHECK(refusal_of(route(refs(accounts), std::nullopt, from_user(std::nullopt, LocalUser{0, "root"})))
            .ends_with("account here may not be used by the local user root: add root to its `local_users`"));
}

TEST_CASE("route: an account that may not be used is passed over for a later one that may") {
  auto home = make_account("home", "ann@isp.example");
  home.clients = {network("127.0.0.0/8")};
  const std::vector accounts{home, make_account("lan", "lan@isp.example", {"own", "ann@isp.example"})};
  CHECK(route(refs(accounts), std::nullopt, query("ann@isp.example", "10.0.0.7")) == 1U);
}

}  // namespace
}  // namespace homeward::mail
