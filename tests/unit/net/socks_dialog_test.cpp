// SOCKS 5 without a network: RFC 1928, RFC 1929.
#include "proxy/net/socks_dialog.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using std::string_literals::operator""s;

ProxyServer proxy_with(std::string user = {}, std::string password = {}) {
  ProxyServer proxy;
  proxy.host = "proxy.test";
  proxy.port = 1080;
  proxy.user = std::move(user);
  proxy.password = Secret(std::move(password));
  return proxy;
}

struct Exchange {
  std::string sent;
  std::size_t left = 0;  // of the answers
  bool open = false;
  std::string error;
};

/// Answers in blocks of `block` octets, never more than the dialog asks for.
Exchange talk(const ProxyServer& proxy, const ProxyDestination& destination, std::string_view answers,
              std::size_t block = 100) {
  SocksDialog dialog(proxy, destination);
  Exchange exchange;
  auto step = dialog.start();
  while (step) {
    exchange.sent += step->send.reveal();
    exchange.open = step->read_at_most == 0;
    if (exchange.open || answers.empty()) break;
    const auto bytes = answers.substr(0, std::min(block, step->read_at_most));
    answers.remove_prefix(bytes.size());
    step = dialog.on_bytes(bytes);
  }
  if (!step) {
    CHECK(step.error().fault == Fault::network);
    CHECK(step.error().reply.code == 451);
    CHECK(step.error().reply.enhanced == EnhancedCode{4, 4, 1});
    exchange.error = step.error().reply.text;
  }
  exchange.left = answers.size();
  return exchange;
}

const std::string kNoLogin = "\x05\x00"s;
const std::string kLogin = "\x05\x02"s;
const std::string kConnected = "\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34"s;

}  // namespace

TEST_CASE("net: SOCKS 5 asks for a host by its name, and for an address as one", "[net]") {
  struct Case {
    std::string host;
    std::string address;
  };
  for (const auto& [host, address] :
       std::vector<Case>{{"mail.test", "\x03\x09mail.test"s},
                         {"192.0.2.7", "\x01\xc0\x00\x02\x07"s},
                         {"2001:db8::1", "\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s}}) {
    CAPTURE(host);
    const auto exchange = talk(proxy_with(), {host, 465}, kNoLogin + kConnected);
    CHECK(exchange.open);
    CHECK(exchange.sent == "\x05\x01\x00"s + "\x05\x01\x00"s + address + "\x01\xd1"s);
  }
}

TEST_CASE("net: SOCKS 5 takes every form of the bound address, and not an octet behind it", "[net]") {
  for (const auto& bound : {"\x01\x7f\x00\x00\x01\x00\x50"s, "\x04"s + std::string(18, 'x'),
                            "\x03\x04host\x00\x50"s, "\x03\x00\x00\x50"s}) {
    for (const std::size_t block : {1U, 3U, 100U}) {
      CAPTURE(bound, block);
      const auto exchange =
          talk(proxy_with(), {"m", 25}, kNoLogin + "\x05\x00\x00"s + bound + "220 first words", block);
      CHECK(exchange.open);
      CHECK(exchange.left == std::string("220 first words").size());
    }
  }
}

TEST_CASE("net: SOCKS 5 logs in where the proxy chooses that, and only then", "[net]") {
  const auto proxy = proxy_with("ann", "se:same");
  const auto with = talk(proxy, {"m", 25}, kLogin + "\x01\x00"s + kConnected, 1);
  CHECK(with.open);
  CHECK(with.sent.starts_with("\x05\x02\x00\x02"s + "\x01\x03" + "ann" + "\x07" + "se:same" +
                              "\x05\x01\x00\x03"s));
  const auto without = talk(proxy, {"m", 25}, kNoLogin + kConnected);
  CHECK(without.open);
  CHECK(without.sent.find("sesame") == std::string::npos);
}

TEST_CASE("net: what a SOCKS proxy refuses is told in words that name both", "[net]") {
  struct Case {
    std::string answers;
    std::string words;
    bool has_login = false;
  };
  for (const auto& [answers, words, has_login] :
       std::vector<Case>{{"HTTP/1.1 400", "does not speak SOCKS 5"},
                         {"\x04\x5b"s, "does not speak SOCKS 5"},
                         {"\x05\xff"s, "asks for a login; write socks5://USER:PASSWORD@HOST"},
                         {"\x05\x02"s, "asks for a login"},
                         {"\x05\xff"s, "takes neither a user", true},
                         {"\x05\x01"s, "login that it was not offered", true},
                         {"\x05\x02\x01\x01"s, "refused the user or the password", true},
                         {kNoLogin + "\x05\x01\x00\x01"s, "general failure"},
                         {kNoLogin + "\x05\x02\x00\x01"s, "does not allow connections there"},
                         {kNoLogin + "\x05\x03\x00\x01"s, "no way to that network"},
                         {kNoLogin + "\x05\x04\x00\x01"s, "no way to that host"},
                         {kNoLogin + "\x05\x05\x00\x01"s, "was refused the connection there"},
                         {kNoLogin + "\x05\x06\x00\x01"s, "TTL"},
                         {kNoLogin + "\x05\x07\x00\x01"s, "command CONNECT"},
                         {kNoLogin + "\x05\x08\x00\x01"s, "type of address"},
                         {kNoLogin + "\x05\x09\x00\x01"s, "unknown code 9"},
                         {kNoLogin + "\x05\xff\x00\x01"s, "unknown code 255"},
                         {kNoLogin + "\x05\x00\x00\x02"s, "unknown type of address"},
                         {kNoLogin + "\x04\x00\x00\x01"s, "what is not SOCKS 5"}}) {
    CAPTURE(words);
    const auto exchange =
        talk(has_login ? proxy_with("ann", "sesame") : proxy_with(), {"mail.test", 465}, answers);
    CHECK_FALSE(exchange.open);
    CHECK(exchange.error.starts_with("the proxy proxy.test port 1080 "));
    CHECK(exchange.error.find(words) != std::string::npos);
    CHECK(exchange.error.ends_with("(for mail.test port 465)"));
    CHECK(exchange.error.find("sesame") == std::string::npos);
  }
}

TEST_CASE("net: SOCKS 5 is never told a name or a login that is too long for it", "[net]") {
  CHECK(talk(proxy_with(), {std::string(255, 'x'), 25}, kNoLogin + kConnected).open);
  CHECK(talk(proxy_with(), {std::string(256, 'x'), 25}, kNoLogin + kConnected).error.find("so long a name") !=
        std::string::npos);
  const auto exchange =
      talk(proxy_with("ann", std::string(256, 'x')), {"m", 25}, kLogin + "\x01\x00"s + kConnected);
  CHECK(exchange.error.find("so long a login") != std::string::npos);
}

}  // namespace homeward::net::test
