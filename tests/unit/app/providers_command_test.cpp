// `homeward providers`, and what `homeward check` says of an account's provider.
#include "proxy/app/providers_command.hpp"

#include <algorithm>

#include "conf/provider_reader.hpp"
#include "proxy/app/check_command.hpp"
#include "proxy/app/provider_words.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::app {
namespace {

using test::config_of;
using test::contains;

const mail::ProviderTable& table() {
  return *conf::built_in_providers();
}

std::string found(std::string_view name) {
  const auto* row = find_provider(table(), name);
  return row == nullptr ? "none" : row->name;
}

TEST_CASE("app: a provider is found by name, address, domain or server") {
  CHECK(found("GMX") == "gmx");
  CHECK(found("ann@gmx.at") == "gmx");
  CHECK(found("gmx.at") == "gmx");
  CHECK(found("mail.gmx.net") == "gmx");
  CHECK(found("smtppro.zoho.eu") == "zoho-eu");
  CHECK(found("isp.example") == "none");
  CHECK(found("") == "none");
}

TEST_CASE("app: a provider that there is not is told with the nearest that there is") {
  CHECK(unknown_provider(table(), "gmxx") == "there is no provider gmxx; did you mean gmx?");
  CHECK(unknown_provider(table(), "ann@gmial.com") ==
        "there is no provider ann@gmial.com; did you mean gmail.com?");
  CHECK(unknown_provider(table(), "qqqqqqqqqq") ==
        "there is no provider qqqqqqqqqq (all: homeward providers)");
  CHECK_FALSE(contains(unknown_provider(table(), "a\x1b[31m"), "\x1b"));
}

TEST_CASE("app: the list has a line for each provider") {
  const auto words = describe_providers(table());
  CHECK(static_cast<std::size_t>(std::ranges::count(words, '\n')) == table().rows().size() + 1);
  CHECK(words.starts_with("NAME "));
  CHECK(contains(words, "\ngmx "));
  CHECK(contains(words, "submission://smtp.office365.com:587"));
  CHECK(contains(words, "3 connections, 30/m messages, 10000 recipients a day"));
}

TEST_CASE("app: one provider is told in plain words, with its sources and their day") {
  const auto words = describe_provider(*table().find("yandex"));
  CAPTURE(words);
  for (const auto* part :
       {"Yandex Mail (yandex)\n", "  mailboxes  yandex.ru, yandex.com",
        "  servers    smtps://smtp.yandex.com:465\n", "  also named smtp.yandex.ru\n",
        "  login      the whole address, with an app password, or OAuth (yandex",
        "  senders    the account's address alone; not the empty one\n",
        "  limits     at most 500/d messages, 500 recipients a day, 35 recipients a message\n",
        "  hint       ", "  page       https://", "  sources    https://", "  checked    2026-11-24\n"})
    CHECK(contains(words, part));
  CHECK(contains(describe_provider(*table().find("web-de")),
                 "  login      what is before the @ of the address, with"));
  CHECK(contains(describe_provider(*table().find("naver")),
                 "  quirks     of the mechanisms that it offers only LOGIN"));
  CHECK(contains(describe_provider(*table().find("gmx")), "  senders    not known which ones it takes\n"));
}

TEST_CASE("app: the providers as JSON have every fact, and null for what is not known") {
  const auto text = provider_json(*table().find("exchange-online"));
  CAPTURE(text);
  for (
      const auto* part :
      {R"j({"name":"exchange-online","title":"Exchange Online (Microsoft 365)","domains":["onmicrosoft.com","*.onmicrosoft.com"],)j",
       R"j("servers":["submission://smtp.office365.com:587"],)j",
       R"j("login":"address","credentials":["oauth","password"],)j",
       R"j("oauth":"microsoft","from_rule":"alias","null_sender":null,)j",
       R"j("limits":{"connections":3,"rate":"30/m","recipients_per_day":10000,"recipients_per_message":500,"max_message_size":157286400},)j",
       R"j("checked":"2026-11-24"})j"})
    CHECK(contains(text, part));
  CHECK(providers_json(table()).starts_with(R"j([{"name":")j"));
  CHECK(providers_json(table()).ends_with("}]"));
}

TEST_CASE("app: who logs in by password is warned where the provider takes none, or another") {
  const auto warning = [](std::string_view name) { return password_warning(*table().find(name)); };
  CHECK(warning("gmx") == "");
  CHECK(warning("exchange-direct-send") == "");
  CHECK(contains(warning("gmail"), "Gmail takes an app password, not the mailbox's own. "));
  CHECK(contains(warning("gmail"), "See https://myaccount.google.com/apppasswords"));
  CHECK(contains(warning("outlook"), "takes no password, only a sign-in by OAuth"));
  CHECK(contains(warning("exchange-online"), "wants a sign-in by OAuth"));
  CHECK(contains(warning("exchange-online"), "December 2026"));
}

TEST_CASE("app: check tells the provider, what it changes, and the warning") {
  const auto config = config_of(
      "[account y]\naddress = ann@yandex.com\npassword_command = true\n"
      "[account w]\naddress = ann@web.de\npassword_command = true\n"
      "[account r]\naddress = gw@firm.example\nserver = smtp-relay.gmail.com\nmechanisms = none\n"
      "[account o]\naddress = bob@isp.example\nserver = s.example\npassword_command = true\npool_size = 1\n");
  const auto words = describe(*config);
  CAPTURE(words);
  for (const auto* line :
       {"  server    smtps://smtp.yandex.com:465\n",
        "  sends as  ann@yandex.com; the empty sender becomes the address too\n",
        "  header    From becomes the address, unless it is that or an alias, as the provider asks for "
        "(rewrite_from = auto); Date, Message-ID, From added where missing\n",
        "  limits    at most 4 connections, 500/d messages, 35 recipients a message\n",
        "  provider  yandex: Yandex Mail (more: homeward providers yandex)\n",
        "  warning   Yandex Mail takes an app password, not the mailbox's own. ",
        "  login     ann, password from password_command\n", "  limits    at most 1 connection\n"})
    CHECK(contains(words, line));
  // No warning about a password where there is no login, and no provider where none is known.
  CHECK(contains(words.substr(words.find("account r")), "provider  google-relay"));
  CHECK_FALSE(contains(words.substr(words.find("account r")), "warning"));
  CHECK_FALSE(contains(words.substr(words.find("account o")), "provider"));
  const auto text = describe_json("f.ini", *config);
  CHECK(contains(
      text,
      R"j("provider":"yandex","pool_size":4,"rate":"500/d","max_message_size":null,"recipients_per_message":35,"null_sender_rewritten":true,"warning":"Yandex Mail takes)j"));
  CHECK(contains(
      text,
      R"j("provider":null,"pool_size":1,"rate":null,"max_message_size":null,"recipients_per_message":null,"null_sender_rewritten":false,"warning":null)j"));
}

}  // namespace
}  // namespace homeward::app
