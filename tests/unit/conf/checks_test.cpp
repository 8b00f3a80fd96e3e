// Checks across keys: open relays, passwords, accounts that claim the same.
#include "conf/checks.hpp"

#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::all_text;
using test::config_of;
using test::contains;
using test::kAccount;
using test::problems_of;

TEST_CASE("conf: a listener beyond loopback must say whom it allows") {
  const auto address = GENERATE(as<std::string>(), "0.0.0.0:25", "[::]:25", "192.168.1.1:25", "[fd00::1]:25",
                                "127.0.0.1:25, 10.0.0.1:25", "0.0.0.0");
  CAPTURE(address);
  const auto listener = "[listener l]\naddress = " + address + "\n";
  const auto problems = problems_of(listener + std::string(kAccount));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 2);
  CHECK(contains(problems[0].finding, "can be reached from other machines"));
  CHECK(contains(problems[0].cure, "allow = "));
  CHECK(problems_of(listener + "allow = 10.0.0.0/8\n" + std::string(kAccount)).empty());
}

TEST_CASE("conf: a loopback or passed listener needs no allow") {
  for (const auto* address : {"127.0.0.1:2525", "[::1]:2525", "127.8.8.8:25", "systemd:smtp"}) {
    CAPTURE(address);
    CHECK(problems_of(std::string("[listener l]\naddress = ") + address + "\n" + std::string(kAccount))
              .empty());
  }
}

TEST_CASE("conf: allowing everybody is an open relay, wherever the listener is") {
  const auto allow = GENERATE(as<std::string>(), "0.0.0.0/0", "::/0", "10.0.0.0/8, ::/0");
  const auto address = GENERATE(as<std::string>(), "0.0.0.0:25", "127.0.0.1:25", "systemd:smtp");
  const auto problems =
      problems_of("[listener l]\naddress = " + address + "\nallow = " + allow + "\n" + std::string(kAccount));
  CAPTURE(allow, address);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 3);
  CHECK(contains(problems[0].finding, "open relay"));
}

TEST_CASE("conf: halves of the internet are an open relay too, the widest private networks are not") {
  const std::string head = "[listener l]\naddress = 0.0.0.0:25\nallow = ";
  for (const auto* wide : {"0.0.0.0/1", "128.0.0.0/1", "2000::/3", "64.0.0.0/7"}) {
    CAPTURE(wide);
    CHECK(contains(all_text(problems_of(head + wide + "\n" + std::string(kAccount))),
                   "a large part of the internet"));
  }
  for (const auto* own : {"10.0.0.0/8", "fc00::/7", "10.0.0.1", "::1"}) {
    CAPTURE(own);
    CHECK(problems_of(head + own + "\n" + std::string(kAccount)).empty());
  }
}

TEST_CASE("conf: an address is listened on once") {
  const auto problems = problems_of(
      "[listener a]\naddress = 127.0.0.1:25\n[listener b]\naddress = 127.0.0.1\n" + std::string(kAccount));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].to_string().ends_with(
      ":4: [listener b] address: 127.0.0.1:25 is taken twice (first by [listener a]); keep one"));
}

TEST_CASE("conf: an account without address, server and password is told each") {
  const auto problems = problems_of("[account a]\n");
  const auto text = all_text(problems);
  CHECK(problems.size() == 3);
  CHECK(contains(text, "[account a] address: is missing; add address = ann@isp.example"));
  CHECK(contains(text, "[account a] server: is missing"));
  CHECK(contains(text, "[account a]: has no password; give one of password, password_file"));
}

TEST_CASE("conf: two sources of a password in one section are one too many") {
  const auto problems = problems_of(std::string(kAccount) + "password_file = /x\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 5);
  CHECK(contains(problems[0].finding, "stands beside password_command (line 4)"));
}

TEST_CASE("conf: a password source that can't be taken is told as that alone") {
  const auto problems =
      problems_of("[account a]\naddress = a@isp.example\nserver = s.example\npassword_credential = a/b\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 4);
}

TEST_CASE("conf: a client certificate and its key are told where one is missing or open to others") {
  const test::ScratchFolder folder;
  const std::string key = "-----BEGIN PRIVATE KEY-----\n";
  const std::string certificate = "-----BEGIN CERTIFICATE-----\n";
  folder.write("cert.pem", certificate, 0644);
  folder.write("both.pem", certificate + key, 0600);
  folder.write("own.key", key, 0640);
  folder.write("open.key", key, 0644);
  folder.write("open-both.pem", key + certificate, 0644);
  struct Case {
    std::string keys;
    std::string words;  // empty: right
  };
  for (const auto& [keys, words] :
       std::vector<Case>{{"tls_certificate = cert.pem\ntls_key = own.key\n", ""},
                         {"tls_certificate = both.pem\n", ""},
                         {"tls_certificate = both.pem\ntls_key = both.pem\n", ""},
                         {"tls_certificate = cert.pem\n",
                          "tls_certificate: \"FOLDER/cert.pem\" holds no private key; name the key's"},
                         {"tls_key = own.key\n", "tls_key: stands without the certificate"},
                         {"tls_certificate = cert.pem\ntls_key = cert.pem\n",
                          "tls_key: \"FOLDER/cert.pem\" holds no private key"},
                         {"tls_certificate = cert.pem\ntls_key = open.key\n",
                          "every user of this machine can read; chmod o-r FOLDER/open.key"},
                         {"tls_certificate = open-both.pem\n",
                          "tls_certificate: \"FOLDER/open-both.pem\" is a private key that every"},
                         {"tls_certificate = gone.pem\ntls_key = own.key\n",
                          "tls_certificate: \"FOLDER/gone.pem\" is not a file"},
                         {"tls_certificate = cert.pem\ntls_key = gone.key\n",
                          "tls_key: \"FOLDER/gone.key\" is not a file"}}) {
    CAPTURE(keys);
    const auto loaded = load(folder.write("homeward.ini", std::string(kAccount) + keys));
    if (words.empty()) {
      CHECK(loaded.has_value());
      continue;
    }
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().size() == 1);
    auto expected = words;
    for (auto at = expected.find("FOLDER"); at != std::string::npos; at = expected.find("FOLDER"))
      expected.replace(at, 6, folder.path().string());
    CAPTURE(all_text(loaded.error()), expected);
    CHECK(contains(all_text(loaded.error()), expected));
  }
}

TEST_CASE("conf: an account may name the listener that is there by default") {
  CHECK(config_of(std::string(kAccount) + "listeners = default\n")->listeners[0].name == "default");
  CHECK(problems_of(std::string(kAccount) + "listeners = default\n[listener lan]\n").size() == 1);
}

TEST_CASE("conf: two accounts that claim the same sender are named both") {
  const std::string second =
      "[account work]\naddress = ANN@isp.example\nserver = s.example\npassword_file = p\n";
  const auto problems = problems_of(std::string(kAccount) + second);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 5);
  CHECK(problems[0].key == "[account work] senders");
  CHECK(contains(problems[0].finding, "as [account home] does"));
  CHECK(contains(problems[0].finding, "homeward.ini:1)"));
  CHECK(problems_of(std::string(kAccount) + second + "clients = 10.0.0.0/8\n").empty());
}

TEST_CASE("conf: accounts without a right address don't count as the same") {
  CHECK_FALSE(contains(all_text(problems_of("[account a]\n[account b]\n")), "claims"));
}

}  // namespace
}  // namespace homeward::conf
