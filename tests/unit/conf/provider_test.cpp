// The provider table: its file has no fault, accounts get what it says where they say nothing themselves, and
// a configuration changes and adds rows.
#include <fmt/format.h>

#include <map>

#include "conf/provider_reader.hpp"
#include "conf/provider_values.hpp"
#include "proxy/base/text.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::all_text;
using test::config_of;
using test::contains;
using test::problems_of;

constexpr std::string_view kRest = "password_command = true\n";

AccountConfig account_of(std::string_view keys, std::string_view before = "") {
  return config_of(fmt::format("{}[account a]\n{}{}", before, keys, kRest))->accounts.at(0);
}

std::vector<std::string> servers_of(const AccountConfig& account) {
  std::vector<std::string> result;
  for (const auto& server : account.servers) result.push_back(server.to_string());
  return result;
}

TEST_CASE("conf: the provider table's file has no fault") {
  const auto file = read_providers(providers_text());
  CHECK(all_text(file.problems) == "");
  CHECK(file.rows.size() >= 80);
  CHECK(built_in_providers()->rows().size() == file.rows.size());
  CHECK(built_in_providers() == built_in_providers());
}

// read_providers() holds that title, source and checked are there; here is what no single row shows.
TEST_CASE("conf: each row of the provider table can be used and is found") {
  const auto& table = *built_in_providers();
  std::map<std::string, std::string> domains;
  for (const auto& row : table.rows()) {
    CAPTURE(row.name);
    CHECK(table.find(row.name) == &row);
    CHECK_FALSE(row.sources.empty());
    CHECK((row.checked && row.checked->ok() && row.checked->year() >= std::chrono::year{2026}));
    CHECK((row.servers.empty() || row.servers.front().form != Server::Form::ladder));
    CHECK((row.servers.empty() || !row.credentials.empty()));
    CHECK(row.takes(mail::CredentialKind::oauth) == !row.oauth.empty());
    CHECK((row.hint.empty() || row.hint.ends_with('.')));
    for (const auto& domain : row.domains) {
      CAPTURE(domain.to_string());
      CHECK(domains.emplace(domain.to_string(), row.name).second);
      CHECK(table.for_domain(domain.below ? "x." + domain.domain : domain.domain) == &row);
    }
    for (const auto& server : row.servers) CHECK(row.has_host(server.host));
  }
}

// One of each line of the notes that the table was made from.
TEST_CASE("conf: the table has the providers that people have") {
  for (const auto* domain : {"gmail.com",       "outlook.com",     "hotmail.co.uk",  "x.onmicrosoft.com",
                             "yahoo.com",       "aol.com",         "verizon.net",    "att.net",
                             "icloud.com",      "fastmail.com",    "gmx.de",         "gmx.com",
                             "web.de",          "online.de",       "zoho.eu",        "yandex.ru",
                             "mail.ru",         "comcast.net",     "charter.net",    "rr.com",
                             "q.com",           "centurylink.net", "earthlink.net",  "bell.net",
                             "orange.fr",       "free.fr",         "sfr.fr",         "laposte.net",
                             "t-online.de",     "vodafonemail.de", "strato.de",      "posteo.de",
                             "mailbox.org",     "freenet.de",      "your-server.de", "ovh.net",
                             "gandi.net",       "one.com",         "emailsrvr.com",  "btinternet.com",
                             "virginmedia.com", "ntlworld.com",    "sky.com",        "bigpond.com",
                             "xtra.co.nz",      "kpnmail.nl",      "ziggo.nl",       "proximus.be",
                             "bluewin.ch",      "libero.it",       "tiscali.it",     "tim.it",
                             "seznam.cz",       "wp.pl",           "o2.pl",          "onet.pl",
                             "qq.com",          "163.com",         "naver.com",      "yahoo.co.jp",
                             "blueyonder.co.uk"}) {
    CAPTURE(domain);
    CHECK(built_in_providers()->for_domain(domain) != nullptr);
  }
  for (const auto* host :
       {"smtp-relay.gmail.com", "smtp.office365.com", "smtp-legacy.office365.com", "smtp-hve.office365.com",
        "isp-example.mail.protection.outlook.com", "smtppro.zoho.com", "smtp.1and1.com", "smtp.yandex.ru"}) {
    CAPTURE(host);
    CHECK(built_in_providers()->for_host(host) != nullptr);
  }
}

TEST_CASE("conf: a row without title, sources, day and servers is told, at its line") {
  const auto file = read_providers("[provider a]\ndomains = a.example\nsize = 3\n[gmx]\n[provider A]\n");
  const auto text = all_text(file.problems);
  CAPTURE(text);
  for (const auto* part :
       {"conf/providers.ini:1: [provider a] title: is missing",
        "conf/providers.ini:1: [provider a] source: is missing",
        "conf/providers.ini:1: [provider a] checked: is missing",
        "conf/providers.ini:1: [provider a] servers: is missing",
        "conf/providers.ini:3: [provider a] size: is not a key of this section",
        "conf/providers.ini:4: [gmx]: is no provider", "conf/providers.ini:5: [provider a]: is given twice"})
    CHECK(contains(text, part));
}

TEST_CASE("conf: an address at a known provider is enough of an account") {
  const auto account = account_of("address = ann@gmx.de\n");
  CHECK(account.provider == "gmx");
  CHECK(servers_of(account) ==
        std::vector<std::string>{"smtps://mail.gmx.net:465", "submission://mail.gmx.net:587"});
  CHECK(account.login == "ann@gmx.de");
  CHECK(account.pool_size == 4);
  CHECK_FALSE(account.rate.has_value());
  CHECK(account.rules.null_sender == mail::NullSender::automatic);
}

TEST_CASE("conf: the form of the login is the provider's, unless one is given") {
  CHECK(account_of("address = ann@web.de\n").login == "ann");
  CHECK(account_of("address = ann@web.de\nlogin = ann@web.de\n").login == "ann@web.de");
  CHECK(account_of("address = ann@web.de\nprovider = none\nserver = smtp.web.de\n").login == "ann@web.de");
  CHECK(account_of("address = ann@firm.example\nserver = smtp.web.de\n").login == "ann");
}

TEST_CASE("conf: the provider's limits hold where neither account nor defaults give any") {
  const auto own = account_of("address = ann@firm.example\nserver = smtp.office365.com\n");
  CHECK(own.provider == "exchange-online");
  CHECK(own.pool_size == 3);
  CHECK(own.rate == Rate{30, std::chrono::minutes{1}});
  CHECK(own.max_message_size == 157286400);
  CHECK(own.recipients_per_message.has_value());
  const auto given = account_of(
      "address = ann@firm.example\nserver = smtp.office365.com\npool_size = 9\nrate = 5/h\nmax_message_size "
      "= 1M\nrecipients_per_message = 7\n");
  CHECK(given.recipients_per_message == 7U);
  CHECK(given.pool_size == 9);
  CHECK(given.rate == Rate{5, std::chrono::hours{1}});
  CHECK(given.max_message_size == 1U << 20U);
  const auto for_all =
      account_of("address = ann@firm.example\n", "[defaults]\nserver = smtp.office365.com\npool_size = 2\n");
  CHECK(for_all.pool_size == 2);
  CHECK(for_all.rate == Rate{30, std::chrono::minutes{1}});
  CHECK(account_of("address = ann@firm.example\nserver = smtp.office365.com\nprovider = none\n").pool_size ==
        4);
}

TEST_CASE("conf: the empty sender is rewritten where the provider is known to refuse it") {
  const auto sender = [](std::string_view keys) { return account_of(keys).rules.null_sender; };
  CHECK(sender("address = ann@yandex.com\n") == mail::NullSender::rewrite);
  CHECK(sender("address = ann@yandex.com\nnull_sender = auto\n") == mail::NullSender::rewrite);
  CHECK(sender("address = ann@yandex.com\nnull_sender = keep\n") == mail::NullSender::keep);
  CHECK(sender("address = ann@gmail.com\n") == mail::NullSender::automatic);
}

TEST_CASE("conf: a provider that knows AUTH LOGIN alone restricts the automatic choice, and no other") {
  const auto mechanisms = [](std::string_view keys) { return account_of(keys).mechanisms; };
  CHECK(mechanisms("address = ann@naver.com\n") == std::vector<std::string>{"LOGIN"});
  CHECK(mechanisms("address = ann@naver.com\nmechanisms = auto\n") == std::vector<std::string>{"LOGIN"});
  CHECK(mechanisms("address = ann@naver.com\nmechanisms = PLAIN\n") == std::vector<std::string>{"PLAIN"});
  CHECK(mechanisms("address = ann@gmx.de\n").empty());
}

TEST_CASE("conf: provider names the row, in any case, whatever address and server are") {
  const auto account = account_of("address = ann@comcast.net\nprovider = Yahoo\n");
  CHECK(account.provider == "yahoo");
  CHECK(servers_of(account).front() == "smtps://smtp.mail.yahoo.com:465");
  const auto behind =
      account_of("address = ann@firm.example\nserver = 127.0.0.1\nprovider = exchange-online\n");
  CHECK(servers_of(behind) == std::vector<std::string>{"127.0.0.1"});
  CHECK(behind.pool_size == 3);
  CHECK(account_of("address = a@gmx.de\n", "[defaults]\nprovider = gmx-com\n").provider == "gmx-com");
}

TEST_CASE("conf: an account that names a foreign server is not under its address's rules") {
  const auto account = account_of("address = ann@gmail.com\nserver = smtp.isp.example\n");
  CHECK(account.provider == "");
  CHECK_FALSE(account.rate.has_value());
  CHECK(account_of("address = ann@gmail.com\nserver = smtp-relay.gmail.com\n").provider == "google-relay");
  CHECK(account_of("address = ann@gmail.com\nserver = smtp.gmail.com\n").provider == "gmail");
  CHECK(account_of("address = ann@firm.example\nserver = smtp.gmail.com\n").provider == "google-workspace");
  CHECK(account_of("address = ann@outlook.com\nserver = smtp.office365.com\n").provider == "outlook");
}

TEST_CASE("conf: a configuration changes single keys of a row") {
  const auto config =
      config_of(fmt::format("[provider GMX]\nrate = 10/m\nservers = smtps://other.gmx.example\n[account "
                            "a]\naddress = ann@gmx.de\n{}",
                            kRest));
  const auto& account = config->accounts.at(0);
  CHECK(account.rate == Rate{10, std::chrono::minutes{1}});
  CHECK(servers_of(account) == std::vector<std::string>{"smtps://other.gmx.example:465"});
  const auto* row = config->providers->find("gmx");
  REQUIRE(row != nullptr);
  CHECK(row->title == "GMX");
  CHECK(row->serves_domain("gmx.at"));
  CHECK(config->providers->rows().size() == built_in_providers()->rows().size());
  CHECK_FALSE(built_in_providers()->find("gmx")->rate.has_value());
}

TEST_CASE("conf: a configuration's own row is matched before the built-in ones") {
  const auto config = config_of(
      fmt::format("[account a]\naddress = ann@gmx.de\n{0}[account b]\naddress = bob@sub.firm.example\n{0}"
                  "[provider firm]\ndomains = *.firm.example, gmx.de\nservers = "
                  "submission://mx.firm.example\nlogin = local-part\n"
                  "connections = 1\n",
                  kRest));
  CHECK(config->accounts.at(0).provider == "firm");
  CHECK(config->accounts.at(1).provider == "firm");
  CHECK(config->accounts.at(1).login == "bob");
  CHECK(config->accounts.at(1).pool_size == 1);
  CHECK(config->providers->find("firm")->title == "firm");
}

TEST_CASE("conf: without rows of its own a configuration has the built-in table") {
  CHECK(config_of(test::kAccount)->providers == built_in_providers());
}

struct Case {
  std::string text;
  unsigned line;
  std::string key;
  std::string finding;  // a part of it
  std::string cure;     // a part of it
};

TEST_CASE("conf: what is wrong about providers is told with its line and its cure") {
  const auto c = GENERATE(values<Case>({
      {"[account a]\naddress = a@gmx.de\nprovider = gmxx\n", 3, "[account a] provider",
       "there is no provider gmxx", "did you mean gmx?"},
      {"[account a]\naddress = a@gmx.de\nprovider = qqqqqqqqq\n", 3, "[account a] provider",
       "there is no provider", "homeward providers"},
      {"[account a]\naddress = a@gmx.de\nprovider = a/b\n", 3, "[account a] provider", "", ""},
      {"[account a]\naddress = a@gmial.com\n", 1, "[account a] server", "is missing",
       "did you mean @gmail.com"},
      {"[account a]\naddress = a@isp.example\n", 1, "[account a] server", "is missing",
       "no provider that is known here has mailboxes at isp.example: add server = submission.isp.example, or "
       "provider"},
      {"[account a]\naddress = a@gmx.de\nprovider = none\n", 1, "[account a] server", "is missing",
       "add server ="},
      {"[account a]\naddress = a@pm.me\n", 1, "[account a] server", "is missing", "Bridge"},
      {"[provider x]\nrate = 3/m\n[account a]\naddress = a@gmx.de\nprovider = x\n", 3, "", "", ""},
  }));
  CAPTURE(c.text);
  const auto problems = problems_of(c.text + std::string(kRest));
  CAPTURE(all_text(problems));
  if (c.key.empty()) {
    CHECK(contains(all_text(problems), "[provider x]: is no provider of the table"));
    CHECK(contains(all_text(problems), "[account a] server: is missing; [provider x] says no servers"));
    return;
  }
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == c.line);
  CHECK(problems[0].key == c.key);
  CHECK(contains(problems[0].finding, c.finding));
  CHECK(contains(problems[0].cure, c.cure));
}

TEST_CASE("conf: each wrong value of a provider's section is one problem with its line") {
  const auto c = GENERATE(values<Case>({
      {"domains = m\xC3\xBCnchen.example\n", 2, "domains", "letters beyond ASCII", "xn-- form"},
      {"domains = *.\n", 2, "domains", "is empty", "*.isp.example"},
      {"domains = a@isp.example\n", 2, "domains", "no host name has", "isp.example"},
      {"servers = ftp://x.example\n", 2, "servers", "", "smtps://"},
      {"hosts = a b\n", 2, "hosts", "no host name has", "parted by commas"},
      {"login = name\n", 2, "login", "\"name\" is not known", "address, local-part"},
      {"credentials = password, token\n", 2, "credentials", "\"token\" is not known", "app-password"},
      {"from_rule = all\n", 2, "from_rule", "\"all\" is not known", "own, alias, any"},
      {"null_sender = maybe\n", 2, "null_sender", "", ""},
      {"connections = 0\n", 2, "connections", "\"0\" is not a number from 1", ""},
      {"rate = 30\n", 2, "rate", "is not a rate", "30/m"},
      {"recipients_per_day = x\n", 2, "recipients_per_day", "is not a number", ""},
      {"recipients_per_message = 0\n", 2, "recipients_per_message", "is not a number", ""},
      {"max_message_size = 1\n", 2, "max_message_size", "too small", "64K"},
      {"quirks = login-onyl\n", 2, "quirks", "is not known", "did you mean login-only?"},
      {"help_url = help.example\n", 2, "help_url", "not the address of a web page", "https://"},
      {"source = https://a.example/b c\n", 2, "source", "not the address of a web page", "https://"},
      {"hint = a ; b\n", 2, "hint", "holds \" ;\"", "quotes"},
      {"title = \xff\n", 2, "title", "not UTF-8", "UTF-8"},
      {"checked = 2026-02-30\n", 2, "checked", "is not a day", "2026-11-24"},
      {"checked = 24.11.2026\n", 2, "checked", "is not a day", "2026-11-24"},
      {"pool_size = 3\n", 2, "pool_size", "not a key", "belongs into an [account NAME]"},
      {"rates = 3/m\n", 2, "rates", "not a key", "did you mean rate?"},
      {"rate = 3/m\nrate = 4/m\n", 3, "rate", "is given twice (first in line 2)", "keep one"},
  }));
  CAPTURE(c.text);
  const auto problems = problems_of("[provider gmx]\n" + c.text + std::string(test::kAccount));
  CAPTURE(all_text(problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == c.line);
  CHECK(problems[0].key == "[provider gmx] " + c.key);
  CHECK(contains(problems[0].finding, c.finding));
  CHECK(contains(problems[0].cure, c.cure));
}

TEST_CASE("conf: a provider's section stands once, has a name, and is not called none") {
  const auto account = std::string(test::kAccount);
  CHECK(contains(all_text(problems_of("[provider gmx]\n[provider GMX]\n" + account)),
                 ":2: [provider GMX]: is given twice"));
  CHECK(contains(all_text(problems_of("[provider]\n" + account)), ":1: [provider]: the name is missing"));
  CHECK(contains(all_text(problems_of("[provider none]\n" + account)), "has a name that means no provider"));
  CHECK(contains(all_text(problems_of("[account None]\n" + account)), "has a name that means no account"));
  CHECK(contains(all_text(problems_of("[account a]\nconnections = 3\n" + account)),
                 "belongs into a [provider NAME]"));
}

TEST_CASE("conf: days are written as they are read") {
  const auto day = parse_date("2026-11-24");
  REQUIRE(day.has_value());
  CHECK(date_text(*day) == "2026-11-24");
}

}  // namespace
}  // namespace homeward::conf
