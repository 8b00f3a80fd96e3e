// The shipped examples load, and route as their comments say.
#include <filesystem>
#include <fstream>
#include <sstream>

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

std::string account_for(const Config& config, std::string_view sender, std::string_view client,
                        std::string listener) {
  std::vector<const mail::Account*> rules;
  for (const auto& account : config.accounts) rules.push_back(&account.rules);
  const mail::RouteQuery query{.from = {smtp::Mailbox::parse(sender).value()},
                               .client = IpAddress::parse(client).value(),
                               .listener = std::move(listener)};
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
  CHECK(count >= 2);
}

TEST_CASE("conf: the laptop's accounts are told apart by sender and by listener") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/laptop-two-isps.ini");
  CHECK(account_for(*config, "ann@home-isp.example", "127.0.0.1", "mail") == "home");
  CHECK(account_for(*config, "ann.smith@home-isp.example", "127.0.0.1", "mail") == "home");
  CHECK(account_for(*config, "team@work.example", "127.0.0.1", "mail") == "work");
  CHECK(account_for(*config, "root@laptop", "127.0.0.1", "mail") == "home");
  CHECK(account_for(*config, "ann@home-isp.example", "127.0.0.1", "mobile") == "mobile");
}

TEST_CASE("conf: in the office nobody sends as somebody else") {
  const auto config = load_example(HOMEWARD_EXAMPLES "/office-gateway.ini");
  CHECK(account_for(*config, "ann@office.example", "192.168.10.21", "lan") == "ann");
  CHECK(account_for(*config, "sales@office.example", "192.168.10.21", "lan") == "ann");
  CHECK(account_for(*config, "ann@office.example", "192.168.10.22", "lan") == "refused");
  CHECK(account_for(*config, "bob@office.example", "192.168.10.22", "lan") == "bob");
  CHECK(account_for(*config, "x@y.example", "192.168.10.60", "lan") == "scanner");
  CHECK(account_for(*config, "x@y.example", "192.168.10.99", "lan") == "refused");
  CHECK(account_for(*config, "root@gateway", "127.0.0.1", "local") == "devices");
}

}  // namespace
}  // namespace homeward::conf
