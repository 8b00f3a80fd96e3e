// Which provider an account belongs to. product.md 4: `provider`, by address, then by server.
#include "proxy/mail/provider.hpp"

#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

Server server(std::string host) {
  return {.form = Server::Form::smtps, .host = std::move(host), .port = 465};
}

Provider row(std::string name, std::vector<DomainPattern> domains, std::string host) {
  Provider provider;
  provider.name = std::move(name);
  provider.domains = std::move(domains);
  provider.servers = {server(std::move(host))};
  return provider;
}

// Two rows share a server; the first of them is for domains that none of them names.
ProviderTable table() {
  auto tenants = row("tenants", {{"tenant.example"}, {"tenant.example", true}}, "mx.tenant.example");
  tenants.hosts = {{"old.example"}, {"relay.example", true}};
  return ProviderTable({row("big-work", {}, "smtp.big.example"),
                        row("big", {{"big.example"}}, "smtp.big.example"), tenants,
                        row("town", {{"xn--mnchen-3ya.example"}}, "smtp.town.example")});
}

std::string match(std::string_view address, std::vector<std::string> hosts) {
  std::vector<Server> servers;
  for (auto& host : hosts) servers.push_back(server(std::move(host)));
  const auto providers = table();
  const auto* found = providers.match(smtp::Mailbox::parse(address).value(), servers);
  return found == nullptr ? "none" : found->name;
}

TEST_CASE("mail: an account belongs to a provider by its address, else by its server") {
  struct Case {
    std::string address;
    std::vector<std::string> servers;
    std::string row;
  };
  const auto c = GENERATE(values<Case>({
      {"ann@big.example", {}, "big"},
      {"ann@BIG.Example", {}, "big"},
      {"ann@mail.big.example", {}, "none"},
      {"ann@notbig.example", {}, "none"},
      {"ann@tenant.example", {}, "tenants"},
      {"ann@a.tenant.example", {}, "tenants"},
      {"ann@a.b.tenant.example", {}, "tenants"},
      {"ann@atenant.example", {}, "none"},
      {"ann@xn--mnchen-3ya.example", {}, "town"},
      {"ann@XN--Mnchen-3YA.example", {}, "town"},
      {"ann@[192.0.2.1]", {}, "none"},
      // its own server, in any order and case
      {"ann@big.example", {"smtp.big.example"}, "big"},
      {"ann@big.example", {"proxy.example", "SMTP.Big.Example"}, "big"},
      // by server where the address says nothing
      {"ann@firm.example", {"smtp.big.example"}, "big-work"},
      {"ann@firm.example", {"old.example"}, "tenants"},
      {"ann@firm.example", {"OLD.example"}, "tenants"},
      {"ann@firm.example", {"x.relay.example"}, "tenants"},
      {"ann@firm.example", {"relay.example"}, "none"},
      {"ann@firm.example", {"unknown.example", "smtp.town.example"}, "town"},
      {"ann@firm.example", {"unknown.example"}, "none"},
      // an account that goes through somebody else is under his rules, not its provider's
      {"ann@big.example", {"smtp.town.example"}, "town"},
      {"ann@big.example", {"unknown.example"}, "none"},
  }));
  CAPTURE(c.address, c.servers);
  CHECK(match(c.address, c.servers) == c.row);
}

TEST_CASE("mail: a provider is found by its name in any case") {
  const auto providers = table();
  REQUIRE(providers.find("BIG-Work") != nullptr);
  CHECK(providers.find("BIG-Work")->name == "big-work");
  CHECK(providers.find("bi") == nullptr);
  CHECK(providers.find("") == nullptr);
  CHECK(ProviderTable().find("big") == nullptr);
}

TEST_CASE("mail: a name with a dot at its end is the same name") {
  CHECK(DomainPattern{"a.example"}.matches("a.example."));
  CHECK(DomainPattern{"a.example", true}.matches("b.a.example."));
  CHECK_FALSE(DomainPattern{"a.example", true}.matches("a.example"));
  CHECK_FALSE(DomainPattern{"a.example", true}.matches(".a.example"));
  CHECK_FALSE(DomainPattern{"a.example", true}.matches(""));
}

TEST_CASE("mail: a server reads as the configuration writes it") {
  CHECK(Server{.host = "a.example"}.to_string() == "a.example");
  CHECK(Server{.form = Server::Form::smtps, .host = "a.example", .port = 465}.to_string() ==
        "smtps://a.example:465");
  CHECK(Server{.form = Server::Form::submission, .host = "2001:db8::1", .port = 25}.to_string() ==
        "submission://[2001:db8::1]:25");
}

}  // namespace
}  // namespace homeward::mail
