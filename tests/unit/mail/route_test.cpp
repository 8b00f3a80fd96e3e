// The choice of an account. product.md 4, "Routing".
#include "proxy/mail/route.hpp"

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

TEST_CASE("route: of several accounts that serve the sender elsewhere, the refusal names the first") {
  auto home = make_account("home", "ann@isp.example");
  auto other = make_account("other", "other@isp.example", {"ann@isp.example"});
  home.clients = other.clients = {network("127.0.0.0/8")};
  const std::vector accounts{home, other};
  CHECK(refusal_of(route(refs(accounts), std::nullopt, query("ann@isp.example", "10.0.0.7")))
            .contains("account home may not be used"));
}

TEST_CASE("route: an account that may not be used is passed over for a later one that may") {
  auto home = make_account("home", "ann@isp.example");
  home.clients = {network("127.0.0.0/8")};
  const std::vector accounts{home, make_account("lan", "lan@isp.example", {"own", "ann@isp.example"})};
  CHECK(route(refs(accounts), std::nullopt, query("ann@isp.example", "10.0.0.7")) == 1U);
}

}  // namespace
}  // namespace homeward::mail
