// Proxies and pins: tables of what is taken and what is refused, and that no finding shows a password.
#include "conf/transport_values.hpp"

#include <algorithm>

#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

using test::contains;
using Kind = ProxyServer::Kind;

TEST_CASE("conf: a proxy is a kind, a host, a port and perhaps a login") {
  struct Case {
    std::string text;
    Kind kind;
    std::string host;
    std::uint16_t port;
    std::string user;
    std::string password;
  };
  const auto c = GENERATE(values<Case>({
      {"socks5://proxy.example", Kind::socks5, "proxy.example", 1080, "", ""},
      {"SOCKS5://Proxy.Example:9050", Kind::socks5, "proxy.example", 9050, "", ""},
      {"socks5h://10.0.0.1/", Kind::socks5, "10.0.0.1", 1080, "", ""},
      {"socks5://[fd00::1]", Kind::socks5, "fd00::1", 1080, "", ""},
      {"socks5://ann:pw@[fd00::1]:1081", Kind::socks5, "fd00::1", 1081, "ann", "pw"},
      {"http://proxy.example", Kind::http_connect, "proxy.example", 3128, "", ""},
      {"http://proxy.example:8080/", Kind::http_connect, "proxy.example", 8080, "", ""},
      {"http://ann@proxy.example", Kind::http_connect, "proxy.example", 3128, "ann", ""},
      {"http://ann:@proxy.example", Kind::http_connect, "proxy.example", 3128, "ann", ""},
      {"http://dom%5Cann:a%3ab%40c%25@p.example", Kind::http_connect, "p.example", 3128, "dom\\ann",
       "a:b@c%"},
      {"http://ann:a:b@c/d@p.example", Kind::http_connect, "p.example", 3128, "ann", "a:b@c/d"},
      {"socks5://a%3Ab:p%C3%A4w@p.example", Kind::socks5, "p.example", 1080, "a:b", "p\xC3\xA4w"},
  }));
  CAPTURE(c.text);
  const auto proxy = parse_proxy(c.text);
  REQUIRE(proxy.has_value());
  REQUIRE(*proxy != nullptr);
  CHECK((*proxy)->kind == c.kind);
  CHECK((*proxy)->host == c.host);
  CHECK((*proxy)->port == c.port);
  CHECK((*proxy)->user == c.user);
  CHECK((*proxy)->password.reveal() == c.password);
}

TEST_CASE("conf: no proxy is none") {
  REQUIRE(parse_proxy("none").has_value());
  CHECK(*parse_proxy("none") == nullptr);
}

TEST_CASE("conf: what is no proxy is refused, and its text never shown") {
  struct Case {
    std::string text;
    std::string finding;
  };
  const std::string s = "sesame";
  const auto c = GENERATE_COPY(values<Case>({
      {s + ".example:1080", "which kind of proxy"},
      {"ann:" + s + "@p.example", "which kind of proxy"},
      {"socks4://ann:" + s + "@p.example", "form that is not known"},
      {"ann:" + s + "://p.example", "form that is not known"},
      {"https://ann:" + s + "@p.example", "TLS to the proxy"},
      {"socks5://", "no HOST"},
      {"socks5://ann:" + s, "no HOST"},
      {"socks5://" + s + "@", "no HOST"},
      {"socks5://ann:" + s + "@p.example:0", "no HOST"},
      {"socks5://ann:" + s + "@p.example:65536", "no HOST"},
      {"socks5://ann:" + s + "@p.example:x", "no HOST"},
      {"socks5://ann:" + s + "@fd00::1", "no HOST"},
      {"socks5://ann:" + s + "@p_/x", "no HOST"},
      {"socks5://ann:" + s + "%@p.example", "two hex digits"},
      {"socks5://a%1:" + s + "@p.example", "two hex digits"},
      {"socks5://ann:" + s + "%0a@p.example", "control characters"},
      {"http://ann:" + s + "%00@p.example", "control characters"},
      {"http://:" + s + "@p.example", "no user"},
      {"socks5://" + s + "@p.example", "no password"},
      {"http://a%3ab:" + s + "@p.example", "a colon"},
      {"socks5://ann:" + s + std::string(250, 'x') + "@p.example", "more than 255"},
      {"socks5://" + std::string(256, 'x') + ":" + s + "@p.example", "more than 255"},
  }));
  CAPTURE(c.text);
  const auto proxy = parse_proxy(c.text);
  REQUIRE_FALSE(proxy.has_value());
  CHECK(contains(proxy.error().finding, c.finding));
  CHECK_FALSE(contains(proxy.error().finding + proxy.error().cure, s));
}

TEST_CASE("conf: a proxy's password closes its file to others, a proxy alone does not") {
  const std::string head = std::string(test::kAccount) + "proxy = ";
  CHECK(test::problems_of(head + "socks5://p.example\n", 0644).empty());
  CHECK(test::problems_of(head + "http://ann:pw@p.example\n", 0640).empty());
  const auto problems = test::problems_of(head + "http://ann:sesame@p.example\n", 0644);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 5);
  CHECK(contains(problems[0].to_string(), "[account home] proxy: stands in a file that every user"));
  CHECK_FALSE(contains(problems[0].to_string(), "sesame"));
}

TEST_CASE("conf: an account may go straight where [defaults] has a proxy") {
  const auto config = test::config_of(
      "[defaults]\nproxy = socks5://p.example\n" + std::string(test::kAccount) +
      "[account b]\naddress = b@isp.example\nserver = s.example\nproxy = none\npassword_file = p\n");
  REQUIRE(config->accounts.size() == 2);
  REQUIRE(config->accounts[0].proxy != nullptr);
  CHECK(config->accounts[0].proxy->host == "p.example");
  CHECK(config->accounts[1].proxy == nullptr);
}

TEST_CASE("conf: a pin is 32 octets in base64 or hex, with or without its name") {
  const std::string in_base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v8=";
  const std::string in_hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1BFCFDFEFF";
  std::string with_colons;
  for (std::size_t i = 0; i < in_hex.size(); i += 2) with_colons += (i == 0 ? "" : ":") + in_hex.substr(i, 2);
  TlsPin expected{};
  for (std::size_t i = 0; i < 28; ++i) expected[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 28; i < 32; ++i) expected[i] = static_cast<std::uint8_t>(0xfc + i - 28);
  for (const auto& form : {in_base64, in_hex, with_colons}) {
    for (const std::string prefix : {"", "sha256:", "sha256//", "SHA256:", "sha256: "}) {
      CAPTURE(prefix, form);
      const auto pin = parse_pin(prefix + form);
      REQUIRE(pin.has_value());
      CHECK(*pin == expected);
    }
  }
}

TEST_CASE("conf: what is no pin is refused") {
  const std::string hex(64, 'a');
  for (const auto& text : std::vector<std::string>{
           "", "x", "sha256:", hex + "a", hex.substr(1), hex.substr(1) + "g", "sha1:" + hex,
           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/v8",
           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG/z9/g==", std::string(95, 'a'), hex.substr(0, 62) + ":a"}) {
    CAPTURE(text);
    const auto pin = parse_pin(text);
    REQUIRE_FALSE(pin.has_value());
    CHECK(contains(pin.error().finding, "is no SHA-256"));
    CHECK(contains(pin.error().cure, "32 octets"));
  }
}

}  // namespace
}  // namespace homeward::conf
