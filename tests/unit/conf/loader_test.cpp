// What a right configuration means: values, defaults, inheritance, includes.
#include "conf/loader.hpp"

#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::config_of;
using test::kAccount;
using test::ScratchFolder;

std::vector<std::string> texts(const std::vector<Network>& networks) {
  std::vector<std::string> result;
  for (const auto& network : networks) result.push_back(network.to_string());
  return result;
}

const AccountConfig& account(const Config& config, std::string_view name) {
  for (const auto& candidate : config.accounts)
    if (candidate.name() == name) return candidate;
  FAIL("no account " << name);
  throw 0;
}

TEST_CASE("conf: the smallest useful file has everything else by default") {
  const auto config = config_of(kAccount);
  CHECK_FALSE(config->hostname.empty());
  CHECK(config->max_message_size == 50ULL << 20U);
  CHECK(config->default_account == "home");
  CHECK(config->default_listener);
  REQUIRE(config->listeners.size() == 1);
  REQUIRE(config->listeners[0].addresses.size() == 2);
  CHECK(std::get<SocketAddress>(config->listeners[0].addresses[0]).to_string() == "127.0.0.1:25");
  CHECK(std::get<SocketAddress>(config->listeners[0].addresses[1]).to_string() == "[::1]:25");
  CHECK(texts(config->listeners[0].allow) == std::vector<std::string>{"127.0.0.0/8", "::1"});
  REQUIRE(config->accounts.size() == 1);
  const auto& home = config->accounts[0];
  CHECK(home.name() == "home");
  CHECK(home.login == "ann@isp.example");
  REQUIRE(home.rules.senders.size() == 1);
  CHECK(home.rules.senders[0].kind() == mail::SenderPattern::Kind::own);
  CHECK(home.wants_login());
  CHECK(std::get<PasswordCommand>(home.password).command == "true");
  CHECK_FALSE(config->asks_for_local_users());
}

TEST_CASE("conf: every key of [homeward] arrives") {
  const auto config = config_of(
      "[homeward]\nhostname = gw.office.example\nmax_message_size = 1G\nmax_recipients = 7\nmax_connections "
      "= 8\n"
      "max_connections_per_client = 9\ncommand_timeout = 1m\ndata_timeout = 2m\nshutdown_timeout = 500ms\n"
      "log_level = debug\nlog_format = json\ndefault_account = none\n"
      "state_directory = /srv/state\nruntime_directory = /srv/run\nspool = sqlite:/srv/spool.db\n"
      "local_recipients = ann@isp.example, bob@isp.example\nalert_command = tell \"ann\"\nkeep_trace = 2d\n" +
      std::string(kAccount));
  CHECK(config->hostname == "gw.office.example");
  CHECK(config->max_message_size == 1ULL << 30U);
  CHECK(config->max_recipients == 7);
  CHECK(config->max_connections == 8);
  CHECK(config->max_connections_per_client == 9);
  CHECK(config->command_timeout == std::chrono::minutes{1});
  CHECK(config->data_timeout == std::chrono::minutes{2});
  CHECK(config->shutdown_timeout == std::chrono::milliseconds{500});
  CHECK(config->log_level == log::Level::debug);
  CHECK(config->log_format == log::Format::json);
  CHECK_FALSE(config->default_account.has_value());
  CHECK(config->state_directory == "/srv/state");
  CHECK(config->runtime_directory == "/srv/run");
  CHECK(config->spool_file == "/srv/spool.db");
  REQUIRE(config->local_recipients.size() == 2);
  CHECK(config->local_recipients[1].to_string() == "bob@isp.example");
  CHECK(config->alert_command == "tell \"ann\"");
  CHECK(config->keep_trace == std::chrono::hours{48});
}

TEST_CASE("conf: paths of [homeward] begin in the file's folder, and are whole afterwards") {
  const ScratchFolder folder;
  const auto loaded = load(
      folder.write("homeward.ini",
                   "[homeward]\nstate_directory = state\nruntime_directory = ./run\nspool = sqlite:s.db\n" +
                       std::string(kAccount)));
  if (!loaded) FAIL(test::all_text(loaded.error()));
  CHECK((*loaded)->state_directory == folder.path() / "state");
  CHECK((*loaded)->runtime_directory == folder.path() / "run");
  CHECK((*loaded)->spool_file == folder.path() / "s.db");
}

TEST_CASE("conf: without keys there are directories all the same") {
  const auto config = config_of(kAccount);
  CHECK(config->state_directory.is_absolute());
  CHECK(config->runtime_directory.is_absolute());
  CHECK(config->spool_file.empty());
}

TEST_CASE("conf: waits of the spool that are in order are taken, from [defaults] too") {
  const auto config =
      config_of("[defaults]\nretry = 2h\nretry_max = 3h\n" + std::string(kAccount) + "expire = 3h\n");
  CHECK(config->accounts[0].retry == std::chrono::hours{2});
  CHECK(config->accounts[0].expire == std::chrono::hours{3});
}

TEST_CASE("conf: every key of a listener arrives, and repeated lists append") {
  const auto config = config_of(
      "[listener lan]\naddress = 192.168.1.1:25, [fd00::1]:2525\naddress = systemd:smtp\nallow = "
      "192.168.1.0/24\n"
      "patience = 45s\nallow = fd00::/8\ntolerate = bare-lf, helo-auth\n[listener strict]\ntolerate = "
      "none\n" +
      std::string(kAccount));
  CHECK_FALSE(config->default_listener);
  REQUIRE(config->listeners.size() == 2);
  const auto& lan = config->listeners[0];
  CHECK(lan.name == "lan");
  REQUIRE(lan.addresses.size() == 3);
  CHECK(std::get<SocketAddress>(lan.addresses[1]).to_string() == "[fd00::1]:2525");
  CHECK(std::get<PassedSocket>(lan.addresses[2]).name == "smtp");
  CHECK(texts(lan.allow) == std::vector<std::string>{"192.168.1.0/24", "fd00::/8"});
  CHECK(lan.patience == std::chrono::seconds{45});
  CHECK(lan.tolerate.has(smtp::Quirk::bare_lf));
  CHECK(lan.tolerate.has(smtp::Quirk::helo_auth));
  CHECK_FALSE(lan.tolerate.has(smtp::Quirk::missing_brackets));
  CHECK(config->listeners[1].tolerate.empty());
  REQUIRE(config->listeners[1].addresses.size() == 1);
  CHECK(std::get<SocketAddress>(config->listeners[1].addresses[0]).to_string() == "127.0.0.1:25");
}

TEST_CASE("conf: every key of an account arrives") {
  const ScratchFolder folder;
  folder.write("ca.pem", "x");
  folder.write("own.pem", "x");
  folder.write("own.key", "-----BEGIN EC PRIVATE KEY-----\n");
  const auto loaded = load(folder.write(
      "homeward.ini",
      "[listener lan]\n[account a]\naddress = ann@isp.example\naliases = a2@isp.example, a3@isp.example\n"
      "server = smtps://one.example, two.example\ntls_min = 1.3\ntls_ca = ca.pem\nlogin = ann\n"
      "authorization = office\nmechanisms = scram-sha-256, PLAIN\npassword_file = sub/pw\n"
      "senders = own, *@x.example\nclients = 10.0.0.0/8\nlisteners = lan\nrewrite_sender = never\n"
      "rewrite_from = unless-own\nadd_sender_field = yes\nadd_missing = from\nadd_missing = date\n"
      "null_sender = keep\nhide_client = no\ndelivery = direct\npool_size = 2\nmax_message_size = 1M\n"
      "connect_timeout = 3s\nreply_timeout = 4m\nrate = 500/h\nretry = 2m\nretry_max = 1h\nexpire = 2d\n"
      "bounce_to = post@isp.example\npool_idle = 2m\nproxy = socks5://proxy.example\n"
      "users = ann, Ann\nlocal_users = bob, #1000\nrecipients_per_message = 50\n"
      "tls_certificate = own.pem\ntls_key = own.key\ntls_pin = sha256:" +
          std::string(64, '0') + "\ntls_pin = " + std::string(64, 'f') + "\n"));
  if (!loaded) FAIL(test::all_text(loaded.error()));
  const auto& a = (*loaded)->accounts.at(0);
  CHECK(a.rules.address.to_string() == "ann@isp.example");
  CHECK(a.rules.aliases.size() == 2);
  REQUIRE(a.servers.size() == 2);
  CHECK(a.servers[0] == Server{Server::Form::smtps, "one.example", 465});
  CHECK(a.servers[1] == Server{Server::Form::ladder, "two.example", 0});
  CHECK(a.tls_min == TlsVersion::tls_1_3);
  CHECK(a.tls_ca == folder.path() / "ca.pem");
  CHECK(a.login == "ann");
  CHECK(a.authorization == "office");
  CHECK(a.mechanisms == std::vector<std::string>{"SCRAM-SHA-256", "PLAIN"});
  CHECK(std::get<PasswordFile>(a.password).path == folder.path() / "sub/pw");
  CHECK(a.rules.senders.size() == 2);
  CHECK(texts(a.rules.clients) == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(a.rules.listeners == std::vector<std::string>{"lan"});
  CHECK(a.rules.users == std::vector<std::string>{"ann", "Ann"});
  REQUIRE(a.rules.local_users.size() == 2);
  CHECK(a.rules.local_users[0].to_string() == "bob");
  CHECK(a.rules.local_users[1].to_string() == "#1000");
  CHECK((*loaded)->asks_for_local_users());
  CHECK(a.recipients_per_message == 50U);
  CHECK(a.rules.rewrite_sender == mail::RewriteSender::never);
  CHECK(a.rules.null_sender == mail::NullSender::keep);
  CHECK(a.rules.rewrite_from == mail::RewriteFrom::unless_own);
  CHECK(a.rules.add_sender_field == mail::AddSenderField::yes);
  CHECK(a.rules.add_missing == mail::AddMissing{.date = true, .message_id = false, .from = true});
  CHECK_FALSE(a.rules.hide_client);
  CHECK(a.pool_size == 2);
  CHECK(a.max_message_size == 1ULL << 20U);
  CHECK(a.connect_timeout == std::chrono::seconds{3});
  CHECK(a.reply_timeout == std::chrono::minutes{4});
  CHECK(a.delivery == DeliveryMode::direct);
  CHECK(a.rate == Rate{500, std::chrono::hours{1}});
  CHECK(a.retry == std::chrono::minutes{2});
  CHECK(a.retry_max == std::chrono::hours{1});
  CHECK(a.expire == std::chrono::hours{48});
  CHECK(a.report_to().to_string() == "post@isp.example");
  CHECK(a.pool_idle == std::chrono::minutes{2});
  REQUIRE(a.proxy != nullptr);
  CHECK(a.proxy->host == "proxy.example");
  CHECK(a.tls_certificate == folder.path() / "own.pem");
  CHECK(a.tls_key == folder.path() / "own.key");
  REQUIRE(a.tls_pins.size() == 2);
  CHECK(a.tls_pins[0] == TlsPin{});
  CHECK(a.tls_pins[1].front() == 0xff);
}

TEST_CASE("conf: a password may hold any character, in quotes") {
  const auto config = config_of(
      "[account a]\naddress = a@isp.example\nserver = s.example\npassword = \" \\\"x ; y # \\\\ z, \xC3\xA4 "
      "\"\n");
  CHECK(std::get<PasswordInline>(config->accounts[0].password).secret->reveal() ==
        " \"x ; y # \\ z, \xC3\xA4 ");
}

TEST_CASE("conf: [defaults] holds for all accounts, wherever it stands, and a list replaces its list") {
  const auto config = config_of(
      "[account a]\naddress = a@isp.example\n"
      "[account b]\naddress = b@isp.example\nserver = b.example\nclients = any\npool_size = 1\npassword_file "
      "= /b\n"
      "[defaults]\nserver = one.example, two.example\nclients = 10.0.0.0/8\npool_size = 3\npassword_command "
      "= true\n");
  const auto& a = account(*config, "a");
  const auto& b = account(*config, "b");
  CHECK(a.servers.size() == 2);
  CHECK(a.pool_size == 3);
  CHECK(texts(a.rules.clients) == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(std::holds_alternative<PasswordCommand>(a.password));
  REQUIRE(b.servers.size() == 1);
  CHECK(b.servers[0].host == "b.example");
  CHECK(b.rules.clients.empty());
  CHECK(b.pool_size == 1);
  CHECK(std::holds_alternative<PasswordFile>(b.password));
}

TEST_CASE("conf: mechanisms auto is the empty list, none needs no password") {
  const auto config = config_of(
      "[account a]\naddress = a@isp.example\nserver = s.example\nmechanisms = none\n"
      "[account b]\naddress = b@isp.example\nserver = s.example\nmechanisms = auto\npassword_command = "
      "true\n");
  CHECK_FALSE(account(*config, "a").wants_login());
  CHECK(account(*config, "b").mechanisms.empty());
}

TEST_CASE("conf: with two accounts and no default_account there is no default") {
  const auto text = std::string(kAccount) +
                    "[account work]\naddress = w@isp.example\nserver = s.example\npassword_command = true\n";
  CHECK_FALSE(config_of(text)->default_account.has_value());
  CHECK(config_of("[homeward]\ndefault_account = work\n" + text)->default_account == "work");
}

TEST_CASE("conf: a file as an editor elsewhere writes it means the same") {
  const auto config = config_of(
      "\xEF\xBB\xBF[account home]\r\naddress = ann@isp.example ; mine\r\nserver=smtp.isp.example\r\n\r\n"
      "password_command = \"pass show \\\"x ; y\\\"\"\r\n");
  CHECK(config->accounts[0].rules.address.to_string() == "ann@isp.example");
  CHECK(std::get<PasswordCommand>(config->accounts[0].password).command == "pass show \"x ; y\"");
}

TEST_CASE("conf: included files add their sections, in order") {
  const ScratchFolder folder;
  folder.write("conf.d/b.ini",
               "[account b]\naddress = b@isp.example\nserver = s.example\npassword_file = pw\n");
  folder.write("conf.d/a.ini",
               "[account a]\naddress = a@isp.example\nserver = s.example\npassword_file = pw\n");
  folder.write("conf.d/ignored.txt", "nonsense");
  const auto loaded = load(
      folder.write("homeward.ini", "[homeward]\ninclude = conf.d/*.ini, none.d/*\n" + std::string(kAccount)));
  if (!loaded) FAIL(test::all_text(loaded.error()));
  const auto& accounts = (*loaded)->accounts;
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0].name() == "home");
  CHECK(accounts[1].name() == "a");
  CHECK(accounts[2].name() == "b");
  CHECK(std::get<PasswordFile>(accounts[1].password).path == folder.path() / "conf.d/pw");
}

TEST_CASE("conf: a pattern that matches the file itself doesn't read it twice") {
  const ScratchFolder folder;
  const auto loaded = load(
      folder.write("homeward.ini", "[homeward]\ninclude = *.ini, homeward.ini\n" + std::string(kAccount)));
  if (!loaded) FAIL(test::all_text(loaded.error()));
  CHECK((*loaded)->accounts.size() == 1);
}

TEST_CASE("conf: a folder's own name is no pattern") {
  const ScratchFolder folder;
  folder.write("a[1]*/conf.d/x.ini",
               "[account x]\naddress = x@isp.example\nserver = s.example\npassword_file = pw\n");
  const auto loaded = load(
      folder.write("a[1]*/homeward.ini", "[homeward]\ninclude = conf.d/*.ini\n" + std::string(kAccount)));
  if (!loaded) FAIL(test::all_text(loaded.error()));
  CHECK((*loaded)->accounts.size() == 2);
}

TEST_CASE("conf: the person's file comes before the machine's") {
  const ScratchFolder folder;
  const std::string before = ::getenv("XDG_CONFIG_HOME") == nullptr ? "" : ::getenv("XDG_CONFIG_HOME");
  ::setenv("XDG_CONFIG_HOME", folder.path().c_str(), 1);
  CHECK(default_file() == "/etc/homeward/homeward.ini");
  const auto own = folder.write("homeward/homeward.ini", "");
  CHECK(default_file() == own);
  before.empty() ? ::unsetenv("XDG_CONFIG_HOME") : ::setenv("XDG_CONFIG_HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace homeward::conf
