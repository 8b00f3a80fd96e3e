// What is wrong is told: with its file and line, all at once, with a cure, and without any secret.
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::all_text;
using test::contains;
using test::kAccount;
using test::problems_of;
using test::ScratchFolder;

TEST_CASE("conf: a problem reads as file, line, place, finding and cure") {
  CHECK(Problem{"f.ini", 3, "[account a] server", "is wrong", "write it"}.to_string() ==
        "f.ini:3: [account a] server: is wrong; write it");
  CHECK(Problem{"f.ini", 0, "", "is gone", ""}.to_string() == "f.ini: is gone");
}

struct Case {
  std::string text;  // put before the one good account, or alone where it has accounts itself
  unsigned line;
  std::string key;
  std::string finding;  // a part of it
  std::string cure;     // a part of it
};

TEST_CASE("conf: one wrong line is one problem with its line and its cure") {
  const auto c = GENERATE(values<Case>({
      {"[homeward]\nhostnam = x\n", 2, "[homeward] hostnam", "not a key", "did you mean hostname?"},
      {"[homeward]\nqqqqqq = x\n", 2, "[homeward] qqqqqq", "not a key", "known keys here: hostname"},
      {"[homeward]\nallow = ::1\n", 2, "[homeward] allow", "not a key", "belongs into a [listener NAME]"},
      {"[homeward]\nhttp = off\n", 2, "[homeward] http", "not a key", "does not have that key yet"},
      {"[homeward]\nspool = postgresql://db/spool\n", 2, "[homeward] spool", "not in this version", "sqlite"},
      {"[homeward]\nspool = /var/spool\n", 2, "[homeward] spool", "no spool that is known", "sqlite:PATH"},
      {"[homeward]\nspool = sqlite:\n", 2, "[homeward] spool", "names no file", "sqlite:PATH"},
      {"[homeward]\nspool = sqlite:~/spool\n", 2, "[homeward] spool", "begins with ~", "whole path"},
      {"[homeward]\nstate_directory = ~/x\n", 2, "[homeward] state_directory", "begins with ~", "whole path"},
      {"[homeward]\nlocal_recipients = root\n", 2, "[homeward] local_recipients", "not a mail address",
       "ann@isp.example"},
      {"[homeward]\nalert_command = a ; b\n", 2, "[homeward] alert_command", "holds \" ;\"", "quotes"},
      {"[homeward]\nkeep_trace = 30m\n", 2, "[homeward] keep_trace", "too short", "1h to 365d"},
      {"[listener l]\npatience = 11m\n", 2, "[listener l] patience", "too long", "1s to 10m"},
      {"[listener l]\ntls = starttls\n", 2, "[listener l] tls", "not a key", "does not have that key yet"},
      {"[defaults]\noauth = x\n", 2, "[defaults] oauth", "not a key", "does not have that key yet"},
      {"[defaults]\npool_idle = 500ms\n", 2, "[defaults] pool_idle", "too short", "1s to 1h"},
      {"[defaults]\npool_idle = 2h\n", 2, "[defaults] pool_idle", "too long", "0 keeps none"},
      {"[defaults]\ntls_pin = abc\n", 2, "[defaults] tls_pin", "\"abc\" is no SHA-256", "base64 or hex"},
      {"[defaults]\nproxy = proxy.example:1080\n", 2, "[defaults] proxy", "which kind of proxy", "socks5://"},
      {"[defaults]\nlocal_users = 1000\n", 2, "[defaults] local_users", "\"1000\" is not a user",
       "as in #1000"},
      {"[defaults]\nlocal_users = any, bob\n", 2, "[defaults] local_users", "any stands beside", "alone"},
      {"[defaults]\nrecipients_per_message = 0\n", 2, "[defaults] recipients_per_message", "is not a number",
       ""},
      {"[defaults]\nrate = 30\n", 2, "[defaults] rate", "is not a rate", "30/m"},
      {"[defaults]\nexpire = 61d\n", 2, "[defaults] expire", "too long", "1m to 60d"},
      {"[defaults]\nexpire = 10m\n", 2, "[defaults] expire", "retry_max = 30m is longer than expire = 10m",
       "shorten retry_max"},
      {"[defaults]\nretry = 1h\n", 2, "[defaults] retry", "retry = 1h is longer than retry_max = 30m",
       "lengthen retry_max"},
      {"[defaults]\nretry_max = 30s\n", 2, "[defaults] retry_max",
       "retry = 1m is longer than retry_max = 30s", "shorten retry"},
      {"[defaults]\nbounce_to = ann\n", 2, "[defaults] bounce_to", "not a mail address", "ann@isp.example"},
      {"[homeward]\nmax_recipients = 0\n", 2, "[homeward] max_recipients", "\"0\" is not a number from 1",
       ""},
      {"[homeward]\nmax_recipients =\n", 2, "[homeward] max_recipients", "has no value", "remove the line"},
      {"[homeward]\nmax_recipients = \"\"\n", 2, "[homeward] max_recipients", "has no value",
       "remove the line"},
      {"[homeward]\ninclude = ,\n", 2, "[homeward] include", "has no value", "remove the line"},
      {"[homeward]\nmax_recipients = 5\n\nmax_recipients = 6\n", 4, "[homeward] max_recipients",
       "is given twice (first in line 2)", "keep one"},
      {"[homeward]\nmax_recipients = 5 # five\n", 2, "[homeward] max_recipients", "not a number",
       "begins with \" ;\""},
      {"[homeward]\ncommand_timeout = 0s\n", 2, "[homeward] command_timeout", "too short", "100ms"},
      {"[homeward]\nmax_message_size = 1K\n", 2, "[homeward] max_message_size", "too small", "64K"},
      {"[homeward]\nlog_level = inf\n", 2, "[homeward] log_level", "\"inf\" is not known",
       "did you mean info?"},
      {"[homeward]\ndefault_account = hone\n", 2, "[homeward] default_account", "no account hone",
       "did you mean home?"},
      {"[homeward]\ninclude = gone.ini\n", 2, "[homeward] include", "gone.ini can't be read", ""},
      {"[homeward x]\n", 1, "[homeward x]", "has a name", "write [homeward]"},
      {"[acount x]\n", 1, "[acount x]", "not a section", "did you mean [account]?"},
      {"[qqqqqqq]\n", 1, "[qqqqqqq]", "not a section", "[listener NAME]"},
      {"[oauth google]\n", 1, "[oauth google]", "not in this version yet", "leave it out"},
      {"[account]\n", 1, "[account]", "the name is missing", "letters"},
      {"[listener a/b]\n", 1, "[listener a/b]", "not allowed", "letters"},
      {"[account none]\n", 1, "[account none]", "means no account", "another name"},
      {"[listener l]\n[listener l]\n", 2, "[listener l]", "is given twice (first in", "another name"},
      {"[listener l]\n[listener L]\n", 2, "[listener L]", "is given twice (first in", "another name"},
      {"[homeward]\n[homeward]\n", 2, "[homeward]", "is given twice (first in", "put its keys there"},
      {"[listener l]\naddress = 2525\n", 2, "[listener l] address", "port without an address",
       "127.0.0.1:2525"},
      {"[listener l]\nallow = 10.0.0.1/8\n", 2, "[listener l] allow", "not a network",
       "no bit is set beyond it"},
      {"[listener l]\nallow = lan\n", 2, "[listener l] allow", "not a network", "192.168.1.0/24"},
      {"[listener l]\nallow = 10.0.0.1 10.0.0.2\n", 2, "[listener l] allow", "not a network",
       "parted by commas"},
      {"[listener l]\ntolerate = none, bare-lf\n", 2, "[listener l] tolerate", "none stands beside other",
       "alone"},
      {"[listener l]\ntolerate = bare-fl\n", 2, "[listener l] tolerate", "is not known",
       "did you mean bare-lf?"},
      {"[defaults]\naddress = a@isp.example\n", 2, "[defaults] address", "can't be the same",
       "each [account NAME]"},
      {"[defaults]\nserver = smtp://x.example\n", 2, "[defaults] server", "a form that is not known",
       "smtps://"},
      {"[defaults]\nmechanisms = PLAN\n", 2, "[defaults] mechanisms", "is not known", "did you mean PLAIN?"},
      {"[defaults]\nmechanisms = auto, PLAIN\n", 2, "[defaults] mechanisms", "auto stands beside other",
       "alone"},
      {"[defaults]\nmechanisms = PLAIN, none\n", 2, "[defaults] mechanisms", "none stands beside other",
       "alone"},
      {"[defaults]\nmechanisms = XOAUTH2\n", 2, "[defaults] mechanisms", "can't do XOAUTH2 yet",
       "leave it out"},
      {"[defaults]\nclients = any, ::1\n", 2, "[defaults] clients", "any stands beside other", "alone"},
      {"[defaults]\nsenders = isp.example\n", 2, "[defaults] senders", "not a sender pattern",
       "*@isp.example"},
      {"[defaults]\naliases = ann\n", 2, "[defaults] aliases", "not a mail address", "ann@isp.example"},
      {"[defaults]\nlisteners = lan\n", 2, "[defaults] listeners", "there is no listener lan",
       "add [listener lan]"},
      {"[defaults]\ntls_ca = /nowhere/ca.pem\n", 2, "[defaults] tls_ca", "is not a file", "PEM"},
      {"[defaults]\ntls_min = 1.1\n", 2, "[defaults] tls_min", "is not known", "1.2, 1.3"},
      {"[defaults]\nrewrite_from = yes\n", 2, "[defaults] rewrite_from", "is not known", "unless-own"},
      {"[defaults]\nadd_missing = sender\n", 2, "[defaults] add_missing", "is not known", "message-id"},
      {"[defaults]\nadd_missing = date, none\n", 2, "[defaults] add_missing", "none stands beside other",
       "alone"},
      {"[defaults]\nhide_client = maybe\n", 2, "[defaults] hide_client", "neither yes nor no", "yes or no"},
      {"[defaults]\npassword_file = ~/pw\n", 2, "[defaults] password_file", "begins with ~", "whole path"},
      {"[defaults]\npassword_command = a ; b\n", 2, "[defaults] password_command", "holds \" ;\"", "quotes"},
  }));
  CAPTURE(c.text);
  const auto problems = problems_of(c.text + std::string(kAccount));
  CAPTURE(all_text(problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == c.line);
  CHECK(problems[0].key == c.key);
  CHECK(contains(problems[0].finding, c.finding));
  CHECK(contains(problems[0].cure, c.cure));
  CHECK_FALSE(problems[0].cure.empty());
}

TEST_CASE("conf: a file without an account is told what to add") {
  for (const auto* text : {"", "[homeward]\n", "; all of it\n"}) {
    const auto problems = problems_of(text);
    REQUIRE(problems.size() == 1);
    CHECK(contains(problems[0].cure, "[account NAME]"));
  }
}

TEST_CASE("conf: all problems are told at once, in the order of their lines") {
  const auto problems = problems_of(
      "[homeward]\nmax_recipients = x\nnonsense\n[listener l]\naddress = 0.0.0.0:25\n"
      "[account a]\nserver = a b, c:1\npassword = \"open\n");
  std::vector<unsigned> lines;
  for (const auto& problem : problems) lines.push_back(problem.line);
  CAPTURE(all_text(problems));
  // 6 twice: no address, no password. 7 twice: two wrong servers.
  CHECK(lines == std::vector<unsigned>{2, 3, 5, 6, 6, 7, 7, 8});
}

TEST_CASE("conf: problems of included files come with their own name and line") {
  const ScratchFolder folder;
  const auto included = folder.write("conf.d/a.ini", "[account a]\naddress = nobody\n");
  const auto main = folder.write("homeward.ini", "[homeward]\ninclude = conf.d/*\n\n[account]\n");
  const auto loaded = load(main);
  REQUIRE_FALSE(loaded.has_value());
  const auto& problems = loaded.error();
  CAPTURE(all_text(problems));
  REQUIRE(problems.size() == 4);
  CHECK(problems[0].file == main.string());
  CHECK(problems[0].line == 4);
  for (std::size_t i = 1; i < 4; ++i) CHECK(problems[i].file == included.string());
}

TEST_CASE("conf: an included file includes nothing") {
  const ScratchFolder folder;
  folder.write("more.ini", "[homeward]\ninclude = more2.ini\n");
  folder.write("more2.ini", "[account x]\n");
  const auto loaded =
      load(folder.write("homeward.ini", "[homeward]\ninclude = more.ini\n" + std::string(kAccount)));
  REQUIRE_FALSE(loaded.has_value());
  const auto text = all_text(loaded.error());
  CHECK(contains(text, "more.ini:2: [homeward] include: stands in an included file"));
  CHECK_FALSE(contains(text, "more2.ini"));
}

TEST_CASE("conf: the same section in two files names both places") {
  const ScratchFolder folder;
  folder.write("a.ini", std::string(kAccount));
  const auto loaded =
      load(folder.write("homeward.ini", "[homeward]\ninclude = a.ini\n" + std::string(kAccount)));
  REQUIRE_FALSE(loaded.has_value());
  const auto text = all_text(loaded.error());
  CHECK(contains(text, "a.ini:1: [account home]: is given twice (first in "));
  CHECK(contains(text, "homeward.ini:3)"));
}

TEST_CASE("conf: a repeated section's own faults are told too") {
  const auto problems = problems_of(std::string(kAccount) + "[account home]\npool_size = x\n");
  REQUIRE(problems.size() == 2);
  CHECK(problems[1].line == 6);
}

TEST_CASE("conf: what is wrong in [defaults] is told once for all accounts") {
  const auto problems =
      problems_of("[defaults]\nlisteners = lan\n" + std::string(kAccount) +
                  "[account b]\naddress = b@isp.example\nserver = s.example\npassword_file = p\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 2);
}

// Every way in which a password can go wrong on its line.
TEST_CASE("conf: no problem ever shows a password") {
  const auto line =
      GENERATE(as<std::string>(), "password = \"hunter2", "password = \"hunter2\" hunter2",
               "password = \"hunter2\\n\"", "password = a ;hunter2", "password hunter2",
               "password hunter2 = x", "pasword = hunter2", "Password = hunter2", " password = hunter2",
               "password = hunter2\x01", "password = hunter2\npassword = hunter2",
               "password = hunter2\npassword_file = /x", "passwords = hunter2");
  CAPTURE(line);
  const auto problems = problems_of(std::string(kAccount) + "[account b]\n" + line + "\n");
  REQUIRE_FALSE(problems.empty());
  CHECK_FALSE(contains(all_text(problems), "hunter2"));
}

TEST_CASE("conf: a long line tells to shorten it") {
  const auto problems =
      problems_of("[account b]\naddress = b@isp.example\nserver = s.example\npassword_command = " +
                  std::string(200, 'x') + "\n");
  REQUIRE_FALSE(problems.empty());
  CHECK(contains(all_text(problems), "homeward.ini:4: is longer than 199 bytes; shorten it"));
  CHECK(contains(all_text(problems), "script"));
}

TEST_CASE("conf: a thousand problems are enough") {
  std::string text = "[homeward]\n";
  for (int i = 0; i < 5000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  CHECK(problems_of(text).size() == 1000);
}

}  // namespace
}  // namespace homeward::conf
