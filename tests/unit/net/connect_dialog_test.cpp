// HTTP CONNECT without a network: RFC 9110 §9.3.6, RFC 9112 §4, RFC 7617.
#include "proxy/net/connect_dialog.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

ProxyServer proxy_with(std::string user = {}, std::string password = {}) {
  ProxyServer proxy;
  proxy.kind = ProxyServer::Kind::http_connect;
  proxy.host = "proxy.test";
  proxy.port = 3128;
  proxy.user = std::move(user);
  proxy.password = Secret(std::move(password));
  return proxy;
}

struct Exchange {
  std::string sent;
  std::string left;
  bool open = false;
  std::string error;
};

Exchange talk(const ProxyServer& proxy, const ProxyDestination& destination, std::string_view answers) {
  ConnectDialog dialog(proxy, destination);
  Exchange exchange;
  auto step = dialog.start();
  while (step) {
    exchange.sent += step->send.reveal();
    exchange.open = step->read_at_most == 0;
    if (exchange.open || answers.empty()) break;
    const auto bytes = answers.substr(0, step->read_at_most);
    answers.remove_prefix(bytes.size());
    step = dialog.on_bytes(bytes);
  }
  if (!step) {
    CHECK(step.error().fault == Fault::network);
    CHECK(step.error().reply.code == 451);
    CHECK(step.error().reply.enhanced == EnhancedCode{4, 4, 1});
    exchange.error = step.error().reply.text;
  }
  exchange.left = answers;
  return exchange;
}

}  // namespace

TEST_CASE("net: CONNECT names the server, and a login where there is one", "[net]") {
  CHECK(talk(proxy_with(), {"mail.test", 465}, "").sent ==
        "CONNECT mail.test:465 HTTP/1.1\r\nHost: mail.test:465\r\n\r\n");
  CHECK(talk(proxy_with(), {"2001:db8::1", 587}, "").sent ==
        "CONNECT [2001:db8::1]:587 HTTP/1.1\r\nHost: [2001:db8::1]:587\r\n\r\n");
  // RFC 7617 §2.
  CHECK(talk(proxy_with("Aladdin", "open sesame"), {"m", 25}, "").sent ==
        "CONNECT m:25 HTTP/1.1\r\nHost: m:25\r\nProxy-Authorization: Basic "
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  CHECK(talk(proxy_with("ann"), {"m", 25}, "").sent.find("Basic YW5uOg==\r\n") != std::string::npos);
}

TEST_CASE("net: a tunnel opens by any 2xx, and what the server says at once is left alone", "[net]") {
  for (const std::string header :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\nVia: x\r\nContent-Length: 12\r\n\r\n",
        "HTTP/1.1 204 \r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\nA: b\r\n\n",
        "HTTP/1.1 200 OK\r\nA: b\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    for (const std::string behind : {"", "\r\n", "\n", "220 mail.test\r\n", "\x16\x03\x03"}) {
      CAPTURE(header, behind);
      const auto exchange = talk(proxy_with(), {"m", 25}, header + behind);
      CHECK(exchange.open);
      CHECK(exchange.left == behind);
    }
  }
}

TEST_CASE("net: what an HTTP proxy refuses is told in words that name both", "[net]") {
  struct Case {
    std::string answer;
    std::string words;
    bool has_login = false;
  };
  for (const auto& [answer, words, has_login] : std::vector<Case>{
           {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
            "asks for a login (407); write http://USER:PASSWORD@HOST"},
           {"HTTP/1.1 407 No\r\nproxy-authenticate: basic realm=\"x\"\r\n\r\n",
            "refused the user or the password", true},
           {"HTTP/1.1 407 No\r\n\r\n", "refused the user or the password", true},
           {"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
            "asks for a login by Negotiate, NTLM, which is not in this version", true},
           {"HTTP/1.1 403 Forbidden\r\n\r\n", "does not allow connections there (403 Forbidden)"},
           {"HTTP/1.1 405 Method Not Allowed\r\n\r\n", "does not allow connections there"},
           {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "could not connect there (502 Bad Gateway)"},
           {"HTTP/1.1 504\r\n\r\n", "could not connect there (504)"},
           {"HTTP/1.1 400 Bad\x1b[2J Request\r\n\r\n", "refused (400 Bad?[2J Request)"},
           {"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n", "refused (302 Found)"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "does not answer as an HTTP proxy"},
           {"HTTQ", "does not answer as an HTTP proxy"},
           {"HTTP/2 200\r\n\r\n", "does not answer as an HTTP proxy"},
           {"HTTP/1.1 20\r\n\r\n", "does not answer as an HTTP proxy"},
           {"HTTP/1.1\r\n\r\n", "does not answer as an HTTP proxy"},
           {"\x05\xff", "does not answer as an HTTP proxy"},
           {"HTTP/1.1 200 OK\r\nA: " + std::string(9000, 'x') + "\r\n\r\n", "a header that has no end"}}) {
    CAPTURE(words, answer.substr(0, 40));
    const auto exchange =
        talk(has_login ? proxy_with("ann", "sesame") : proxy_with(), {"mail.test", 465}, answer);
    CHECK_FALSE(exchange.open);
    CAPTURE(exchange.error);
    CHECK(exchange.error.starts_with("the proxy proxy.test port 3128 "));
    CHECK(exchange.error.find(words) != std::string::npos);
    CHECK(exchange.error.ends_with("(for mail.test port 465)"));
    CHECK(exchange.error.find("sesame") == std::string::npos);
  }
}

TEST_CASE("net: a proxy that answers 1xx for ever is given up", "[net]") {
  std::string answers;
  for (int i = 0; i < 100; ++i) answers += "HTTP/1.1 100 Continue\r\n\r\n";
  const auto exchange = talk(proxy_with(), {"m", 25}, answers);
  CHECK(exchange.error.find("refused (100 Continue)") != std::string::npos);
}

}  // namespace homeward::net::test
