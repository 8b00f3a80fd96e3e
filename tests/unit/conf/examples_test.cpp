// The shipped examples load, and route as their comments say.
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "proxy/mail/route.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

// Copied first, as the file's owner and mode in a source tree are not the example's business.
std::shared_ptr<const Config> load_example(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return test::config_of(text.str());
}

/// From a client, or from a user of this machine on loopback.
struct Sender {
  std::string_view from;
  std::string_view client = "127.0.0.1";
  std::string listener = "lan";
  std::optional<mail::LocalUser> local_user = std::nullopt;
};

std::string account_for(const Config& config, Sender sender) {
  std::vector<const mail::Account*> rules;
  for (const auto& account : config.accounts) rules.push_back(&account.rules);
  const mail::RouteQuery query{.from = {smtp::Mailbox::parse(sender.from).value()},
                               .client = IpAddress::parse(sender.client).value(),
                               .listener = std::move(sender.listener),
                               .local_user = std::move(sender.local_user)};
  const auto index = mail::route(rules, config.default_account, query);
  return index ? rules[*index]->name : "refused";
}

TEST_CASE("conf: every shipped example loads") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HOMEWARD_EXAMPLES)) {
    CAPTURE(entry.path().string());
    CHECK_FALSE(load_example(entry.path())->accounts.empty());
    ++count;
  }
  CHECK(count >= 4);
}

TEST_CASE("conf: the laptop's one reply address goes by the listener, work mail by its sender") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/laptop-two-isps.ini");
  for (const auto* listener : {"home", "road"}) {
    CAPTURE(listener);
    CHECK(account_for(*config, {"ann.smith@work.example", "127.0.0.1", listener}) == "work");
    CHECK(account_for(*config, {"team@work.example", "::1", listener}) == "work");
  }
  CHECK(account_for(*config, {"me@own.example", "127.0.0.1", "home"}) == "cable");
  CHECK(account_for(*config, {"me@own.example", "127.0.0.1", "road"}) == "mobile");
  CHECK(account_for(*config, {"ann.smith@cable-isp.example", "::1", "home"}) == "cable");
  CHECK(account_for(*config, {"root@laptop", "127.0.0.1", "home"}) == "cable");
  CHECK(account_for(*config, {"root@laptop", "127.0.0.1", "road"}) == "refused");
}

TEST_CASE("conf: in the office nobody sends as somebody else") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/office-gateway.ini");
  const std::vector<std::pair<std::string, std::string>> desks{
      {"ann", "192.168.10.21"},  {"bob", "192.168.10.22"},  {"carl", "192.168.10.23"},
      {"carl", "192.168.10.33"}, {"dora", "192.168.10.24"}, {"erin", "192.168.10.25"}};
  for (const auto& [person, desk] : desks) {
    for (const auto& [other, elsewhere] : desks) {
      CAPTURE(person, desk, other);
      CHECK(account_for(*config, {other + "@office.example", desk}) ==
            (person == other ? person : "refused"));
    }
  }
  CHECK(account_for(*config, {"sales@office.example", "192.168.10.21"}) == "ann");
  CHECK(account_for(*config, {"sales@office.example", "192.168.10.22"}) == "refused");
  CHECK(account_for(*config, {"x@y.example", "192.168.10.61"}) == "printer-floor1");
  CHECK(account_for(*config, {"printer1@office.example", "192.168.10.62"}) == "printer-floor2");
  CHECK(account_for(*config, {"ann@office.example", "192.168.10.61"}) == "printer-floor1");
  CHECK(account_for(*config, {"printer1@office.example", "192.168.10.21"}) == "refused");
  CHECK(account_for(*config, {"x@y.example", "192.168.10.99"}) == "refused");
  const mail::LocalUser erin{1005, "erin"};
  CHECK(account_for(*config, {"erin@office.example", "127.0.0.1", "local", erin}) == "erin-here");
  CHECK(account_for(*config, {"ann@office.example", "127.0.0.1", "local", erin}) == "refused");
  CHECK(account_for(*config, {"erin@office.example", "127.0.0.1", "local", mail::LocalUser{0, "root"}}) ==
        "refused");
}

TEST_CASE("conf: the scanner alone uses its mailbox, whatever sender it writes") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/scanner-microsoft365.ini");
  CHECK(account_for(*config, {"noreply@scanner.local", "192.168.10.60"}) == "scanner");
  CHECK(account_for(*config, {"scanner@contoso.example", "192.168.10.61"}) == "refused");
  const auto& account = config->accounts.at(0);
  CHECK(account.provider == "exchange-online");
  CHECK(account.rate == Rate{30, std::chrono::minutes{1}});
  CHECK(account.pool_size == 3);
}

TEST_CASE("conf: on the server each Unix user has the account that is meant, and no other") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/server-cron.ini");
  const auto by = [&](std::string_view from, std::uint32_t id, const char* name) {
    return account_for(*config, {from, "127.0.0.1", "local", mail::LocalUser{id, name}});
  };
  CHECK(by("root@server.company.example", 0, "root") == "alerts");
  CHECK(by("backup@server.company.example", 34, "backup") == "alerts");
  CHECK(by("shop@company.example", 33, "www-data") == "shop");
  CHECK(by("alerts@company.example", 33, "www-data") == "refused");
  CHECK(by("root@server.company.example", 33, "www-data") == "refused");
  CHECK(by("shop@company.example", 1007, "guest") == "refused");
  CHECK(by("alerts@company.example", 1007, "") == "refused");
  CHECK(account_for(*config, {"alerts@company.example", "127.0.0.1", "local"}) == "refused");
}

}  // namespace
}  // namespace homeward::conf
