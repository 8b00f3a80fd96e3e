// Dialing through a proxy, over loopback: the server's first words arrive whole, the proxy is named where it
// is at fault.
#include "proxy/net/proxy_tunnel.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "proxy/net/dialer.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::string_literals::operator""s;
using tcp = asio::ip::tcp;

/// A proxy by a script: reads until its peer's words end with `until`, then answers; the next pair follows.
struct Line {
  std::string until;
  std::string answer;
};

asio::awaitable<void> play(tcp::acceptor& acceptor, std::vector<Line> script) {
  auto [fault, socket] = co_await acceptor.async_accept(kNoThrow);
  std::string heard;
  for (const auto& [until, answer] : script) {
    while (!fault && !heard.ends_with(until)) {
      std::array<char, 512> buffer{};
      const auto [stopped, count] = co_await socket.async_read_some(asio::buffer(buffer), kNoThrow);
      fault = stopped;
      heard.append(buffer.data(), count);
    }
    if (fault) co_return;
    (void)co_await asio::async_write(socket, asio::buffer(answer), kNoThrow);
  }
}

struct Scene {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  Resolver resolver{context.get_executor()};

  std::uint16_t port() const { return acceptor.local_endpoint().port(); }

  std::shared_ptr<const ProxyServer> proxy(ProxyServer::Kind kind, std::string user = {}) {
    auto made = std::make_shared<ProxyServer>();
    made->kind = kind;
    made->host = "127.0.0.1";
    made->port = port();
    if (!user.empty()) made->password = Secret(std::string("sesame"));
    made->user = std::move(user);
    return made;
  }

  Result<std::unique_ptr<Stream>> dial_by(std::shared_ptr<const ProxyServer> server,
                                          milliseconds timeout = seconds(10)) {
    return await(context,
                 dial(context.get_executor(), resolver,
                      {.host = "mail.isp.example", .port = 465, .proxy = std::move(server)}, timeout));
  }

  std::string read(Stream& stream) {
    std::string buffer(100, ' ');
    stream.expires_after(seconds(10));
    const auto count = await(context, stream.read_some(buffer));
    REQUIRE(count);
    buffer.resize(*count);
    return buffer;
  }
};

}  // namespace

TEST_CASE("net: a server's first words behind the proxy's own are not lost", "[net]") {
  Scene scene;
  struct Case {
    ProxyServer::Kind kind;
    std::string user;
    std::vector<Line> script;
  };
  const std::string request = "\x05\x01\x00\x03\x10mail.isp.example\x01\xd1"s;
  const std::string connected = "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"s;
  for (const auto& [kind, user, script] : std::vector<Case>{
           {ProxyServer::Kind::http_connect, "", {{"\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n220 hello\r\n"}}},
           {ProxyServer::Kind::http_connect,
            "ann",
            {{"Basic YW5uOnNlc2FtZQ==\r\n\r\n",
              "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n220 hello\r\n"}}},
           {ProxyServer::Kind::socks5,
            "",
            {{"\x05\x01\x00"s, "\x05\x00"s}, {request, connected + "220 hello\r\n"}}},
           {ProxyServer::Kind::socks5,
            "ann",
            {{"\x05\x02\x00\x02"s, "\x05\x02"s},
             {"\x01\x03"
              "ann\x06sesame"s,
              "\x01\x00"s},
             {request, connected + "220 hello\r\n"}}}}) {
    CAPTURE(static_cast<int>(kind), user);
    Supervisor supervisor(scene.context.get_executor());
    supervisor.spawn("proxy", play(scene.acceptor, script));
    const auto stream = scene.dial_by(scene.proxy(kind, user));
    if (!stream) FAIL(stream.error().reply.text);
    CHECK(scene.read(**stream) == "220 hello\r\n");
    CHECK(server_port(**stream) == 465);
    CHECK(await(scene.context, supervisor.drained(seconds(10))));
  }
}

TEST_CASE("net: a proxy that can't be reached is named as that", "[net]") {
  Scene scene;
  const auto server = scene.proxy(ProxyServer::Kind::socks5);
  scene.acceptor.close();
  const auto stream = scene.dial_by(server);
  REQUIRE_FALSE(stream);
  CHECK(stream.error().fault == Fault::network);
  CHECK(stream.error().reply.enhanced == EnhancedCode{4, 4, 1});
  CHECK(stream.error().reply.text == "connecting to the proxy 127.0.0.1 port " +
                                         std::to_string(server->port) +
                                         " (for mail.isp.example port 465): Connection refused");
}

TEST_CASE("net: a proxy whose name is unknown is named as that", "[net]") {
  Scene scene;
  auto server = std::make_shared<ProxyServer>();
  server->host = "no-such-proxy.invalid";
  server->port = 1080;
  const auto stream = scene.dial_by(server, milliseconds(200));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().fault == Fault::dns);
  CHECK(
      stream.error().reply.text.starts_with("the proxy: cannot find the address of no-such-proxy.invalid: "));
}

TEST_CASE("net: a proxy that is silent or closes is named as that", "[net]") {
  for (const auto kind : {ProxyServer::Kind::socks5, ProxyServer::Kind::http_connect}) {
    for (const bool closes : {false, true}) {
      CAPTURE(static_cast<int>(kind), closes);
      Scene scene;
      Supervisor supervisor(scene.context.get_executor());
      // Silent: the queue takes the connection and nobody does.
      if (closes) supervisor.spawn("proxy", play(scene.acceptor, {}));
      const auto stream = scene.dial_by(scene.proxy(kind), closes ? milliseconds(10'000) : milliseconds(100));
      REQUIRE_FALSE(stream);
      const auto& error = stream.error();
      CAPTURE(error.reply.text);
      CHECK(error.reply.enhanced == EnhancedCode{4, 4, 1});
      CHECK((closes ? error.fault == Fault::network : error.fault == Fault::timeout));
      CHECK(error.reply.text.starts_with("the proxy 127.0.0.1 port "));
      CHECK(error.reply.text.find("(for mail.isp.example port 465): ") != std::string::npos);
      CHECK(await(scene.context, supervisor.drained(seconds(10))));
    }
  }
}

TEST_CASE("net: a proxy that refuses is told with its words", "[net]") {
  Scene scene;
  Supervisor supervisor(scene.context.get_executor());
  supervisor.spawn("proxy",
                   play(scene.acceptor, {{"\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\nNo mail here."}}));
  const auto stream = scene.dial_by(scene.proxy(ProxyServer::Kind::http_connect));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().reply.text.find("does not allow connections there (403 Forbidden)") !=
        std::string::npos);
  CHECK(await(scene.context, supervisor.drained(seconds(10))));
}

}  // namespace homeward::net::test
