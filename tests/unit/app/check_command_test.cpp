// `homeward check` says who may use what, in words, and never a secret.
#include "proxy/app/check_command.hpp"

#include "tests/unit/conf/loading.hpp"

namespace homeward::app {
namespace {

using test::config_of;
using test::contains;

constexpr std::string_view kTwo =
    "[homeward]\ndefault_account = home\n"
    "[listener lan]\naddress = 192.168.1.1:25, systemd:smtp\nallow = 192.168.1.0/24\n"
    "[account home]\naddress = ann@isp.example\naliases = a2@isp.example\nserver = smtp.isp.example\n"
    "password = \"hunter2\"\n"
    "[account work]\naddress = bob@work.example\nserver = submission://[2001:db8::1], "
    "smtps://s.work.example\n"
    "login = bob7\npassword_command = echo hunter2\nsenders = own, *@work.example\nclients = 10.0.0.0/8, "
    "::1\n"
    "listeners = lan\nmechanisms = PLAIN\nrewrite_sender = never\nrewrite_from = never\n"
    "[account relay]\naddress = gw@isp.example\nserver = s.example\nmechanisms = none\nsenders = *\n"
    "clients = 10.1.0.0/16\nrewrite_sender = always\nrewrite_from = always\nadd_missing = none\ndelivery = "
    "direct\n";

TEST_CASE("app: check says what each listener takes and who may use each account") {
  const auto words = describe(*config_of(kTwo));
  CAPTURE(words);
  for (const auto* line :
       {"listener lan\n",
        "  address   192.168.1.1:25, systemd:smtp\n",
        "  allow     192.168.1.0/24\n",
        "account home\n",
        "  address   ann@isp.example\n",
        "  server    smtp.isp.example\n",
        "  login     ann@isp.example, password from password (in this file)\n",
        "  used by   mail from ann@isp.example, a2@isp.example, and anything that no other account took "
        "(default_account); any client that may connect\n",
        "  sends as  ann@isp.example, or the alias that the sender was\n",
        "  server    submission://[2001:db8::1]:587, smtps://s.work.example:465\n",
        "  login     bob7, password from password_command, by PLAIN\n",
        "  used by   mail from bob@work.example, *@work.example; clients 10.0.0.0/8, ::1; on listener lan\n",
        "  sends as  the sender as it was (rewrite_sender = never)\n",
        "  login     none (mechanisms = none)\n",
        "  used by   mail from any sender; clients 10.1.0.0/16\n",
        "  sends as  gw@isp.example, whatever the sender was\n",
        "  header    From as it came; Date, Message-ID, From added where missing\n",
        "  header    From as it came; Sender names the account where From does not; Date, Message-ID, From "
        "added "
        "where missing\n",
        "  header    From becomes the address; nothing is added\n",
        "  delivers  while the client waits (direct)\n",
        "  delivers  while the client waits, from the spool where the server gives no verdict (auto)\n"}) {
    CAPTURE(line);
    CHECK(contains(words, line));
  }
}

TEST_CASE("app: check shows no password, in no form") {
  const auto config = config_of(kTwo);
  CHECK_FALSE(contains(describe(*config), "hunter2"));
  CHECK_FALSE(contains(describe_json("f.ini", *config), "hunter2"));
}

TEST_CASE("app: the only account takes everything, and check says so") {
  CHECK(contains(
      describe(*config_of(test::kAccount)),
      "mail from ann@isp.example, and anything else (default_account); any client that may connect"));
}

TEST_CASE("app: check says that unmatched mail is refused where there is no default") {
  const auto text = "[homeward]\ndefault_account = none\n" + std::string(test::kAccount);
  CHECK(contains(describe(*config_of(text)), "Mail that no account takes is refused"));
  CHECK(contains(describe_json("f.ini", *config_of(text)), "\"default_account\":null"));
}

TEST_CASE("app: check says which logins and local users may use an account, and what is wrong with them") {
  const auto config =
      config_of(std::string(test::kAccount) +
                "users = ann, Ann\nlocal_users = root, #1002, no-such-user\nrecipients_per_message = 50\n");
  const auto words = describe(*config);
  CAPTURE(words);
  CHECK(contains(words,
                 "; logged in as ann or Ann; from programs of root, #1002, no-such-user on this machine\n"));
  CHECK(contains(words, "  limits    at most 4 connections, 50 recipients a message\n"));
  CHECK(contains(words,
                 "no listener asks for a login yet; this machine has no user no-such-user (local_users)\n"));
  const auto data = describe_json("f.ini", *config);
  CAPTURE(data);
  CHECK(contains(data, R"("users":["ann","Ann"],"local_users":["root","#1002","no-such-user"],)"));
  CHECK(contains(data, R"("recipients_per_message":50,)"));
  CHECK_FALSE(contains(describe(*config_of(test::kAccount)), "warning"));
}

TEST_CASE("app: check --json has the same facts as data") {
  const auto text = describe_json("f.ini", *config_of(kTwo));
  CAPTURE(text);
  CHECK(text.starts_with(R"({"file":"f.ini","ok":true,)"));
  CHECK(contains(text, R"("listeners":[{"name":"lan","addresses":["192.168.1.1:25","systemd:smtp"],)"));
  CHECK(contains(text, R"("senders":["bob@work.example","*@work.example"],"clients":["10.0.0.0/8","::1"])"));
  CHECK(contains(text, R"("delivery":"auto"})"));
  CHECK(contains(
      text, R"("rewrite_from":"never","add_sender_field":true,"add_missing":["Date","Message-ID","From"])"));
  CHECK(contains(text, R"("rewrite_from":"always","add_sender_field":false,"add_missing":[])"));
  CHECK(contains(text, R"("login":null,"password_from":"none","mechanisms":["NONE"])"));
}

TEST_CASE("app: problems in JSON keep their parts apart") {
  CHECK(problems_json("f.ini", {{"f.ini", 3, "[account a] server", "is \"wrong\"", "write it"},
                                {"f.ini", 0, "", "gone", ""}}) ==
        R"({"file":"f.ini","ok":false,"problems":[{"file":"f.ini","line":3,"key":"[account a] server",)"
        R"("finding":"is \"wrong\"","cure":"write it"},)"
        R"({"file":"f.ini","line":null,"key":"","finding":"gone","cure":""}]})");
}

TEST_CASE("app: check ends with 0 or 78") {
  const test::ScratchFolder folder;
  CHECK(run_check(folder.write("good.ini", test::kAccount), true) == 0);
  CHECK(run_check(folder.write("bad.ini", "[account a]\n"), true) == 78);
}

}  // namespace
}  // namespace homeward::app
