// Dialing over several addresses and past half-broken name servers, over loopback. RFC 8305.
#include "proxy/net/dialer.hpp"

#include <dirent.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <vector>

#include "proxy/net/supervisor.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/net/fake_dns.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp = asio::ip::tcp;

using Answer = FakeDns::Answer;

tcp::acceptor listen_on(asio::io_context& context, const std::string& address, std::uint16_t port = 0) {
  return {context, {asio::ip::make_address(address), port}};
}

bool has_ipv6() {
  asio::io_context context;
  tcp::acceptor acceptor(context);
  boost::system::error_code fault;
  acceptor.open(tcp::v6(), fault);
  if (!fault) acceptor.bind({asio::ip::make_address("::1"), 0}, fault);
  return !fault;
}

/// A port whose queue is full: connecting to it gets no answer.
class SilentPort {
 public:
  SilentPort(asio::io_context& context, const std::string& address, std::uint16_t port = 0)
      : acceptor_(context) {
    const tcp::endpoint place(asio::ip::make_address(address), port);
    acceptor_.open(place.protocol());
    acceptor_.bind(place);
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& socket = fillers_.emplace_back(context);
      socket.async_connect(acceptor_.local_endpoint(), [](const boost::system::error_code&) {});
    }
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> fillers_;
};

struct Attempt {
  Result<std::unique_ptr<Stream>> stream;
  milliseconds took;
};

Attempt dial_name(asio::io_context& context, const FakeDns& dns, std::uint16_t port, milliseconds timeout) {
  Resolver resolver(context.get_executor(), dns.server());
  const auto begun = std::chrono::steady_clock::now();
  auto stream = await(
      context, dial(context.get_executor(), resolver, {.host = "mail.isp.example", .port = port}, timeout));
  return {std::move(stream),
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun)};
}

std::string peer_of(const Attempt& attempt) {
  return attempt.stream ? (*attempt.stream)->peer().to_string() : attempt.stream.error().reply.text;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

}  // namespace

TEST_CASE("net: one family's missing answer does not hold up the other", "[net]") {
  asio::io_context context;
  const auto acceptor = listen_on(context, "127.0.0.1");
  const FakeDns dns(context, Answer{{"127.0.0.1"}}, std::nullopt);
  const auto attempt = dial_name(context, dns, acceptor.local_endpoint().port(), seconds(10));
  CHECK(peer_of(attempt) == "127.0.0.1");
  CHECK(attempt.took < milliseconds(1000));
}

TEST_CASE("net: IPv4's missing answer does not hold up IPv6", "[net]") {
  if (!has_ipv6()) return;
  asio::io_context context;
  const auto acceptor = listen_on(context, "::1");
  const FakeDns dns(context, std::nullopt, Answer{{"::1"}});
  const auto attempt = dial_name(context, dns, acceptor.local_endpoint().port(), seconds(10));
  CHECK(peer_of(attempt) == "::1");
  CHECK(attempt.took < milliseconds(1000));
}

TEST_CASE("net: a refused family's error comes soon, whatever the other's name server does", "[net]") {
  asio::io_context context;
  std::uint16_t port = 0;
  {
    const auto acceptor = listen_on(context, "127.0.0.1");
    port = acceptor.local_endpoint().port();
  }
  const FakeDns dns(context, Answer{{"127.0.0.1"}}, std::nullopt);
  const auto attempt = dial_name(context, dns, port, seconds(10));
  REQUIRE_FALSE(attempt.stream);
  CHECK(attempt.stream.error().fault == Fault::network);
  CHECK(attempt.stream.error().reply.enhanced == EnhancedCode{4, 4, 1});
  CHECK(peer_of(attempt) ==
        "connecting to mail.isp.example port " + std::to_string(port) + ": Connection refused");
  CHECK(attempt.took < seconds(3));
}

TEST_CASE("net: a name that is unknown is told at once, an error for IPv6 alone is none", "[net]") {
  asio::io_context context;
  const auto acceptor = listen_on(context, "127.0.0.1");
  const auto port = acceptor.local_endpoint().port();
  const FakeDns unknown(context, Answer{{}, 3}, std::nullopt);
  const auto attempt = dial_name(context, unknown, port, seconds(10));
  REQUIRE_FALSE(attempt.stream);
  CHECK(attempt.stream.error().fault == Fault::dns);
  CHECK(attempt.stream.error().reply.enhanced == EnhancedCode{4, 4, 3});
  CHECK(attempt.took < seconds(2));
  for (const int code : {2, 3}) {
    CAPTURE(code);
    const FakeDns half(context, Answer{{"127.0.0.1"}}, Answer{{}, code});
    CHECK(peer_of(dial_name(context, half, port, seconds(10))) == "127.0.0.1");
  }
}

TEST_CASE("net: no answer at all is told when the time is over", "[net]") {
  asio::io_context context;
  const FakeDns dns(context, std::nullopt, std::nullopt);
  const auto attempt = dial_name(context, dns, 465, milliseconds(200));
  REQUIRE_FALSE(attempt.stream);
  CHECK(attempt.stream.error().fault == Fault::dns);
  CHECK(peer_of(attempt) == "cannot find the address of mail.isp.example: no answer in time");
  CHECK(attempt.took < seconds(2));
}

TEST_CASE("net: an address that is silent costs 250 ms, not the time of all", "[net]") {
  asio::io_context context;
  const SilentPort silent(context, "127.0.0.2");
  const auto acceptor = listen_on(context, "127.0.0.3", silent.port());
  const FakeDns dns(context, Answer{{"127.0.0.2", "127.0.0.3"}}, Answer{});
  const auto attempt = dial_name(context, dns, silent.port(), seconds(10));
  CHECK(peer_of(attempt) == "127.0.0.3");
  CHECK(attempt.took >= milliseconds(240));
  CHECK(attempt.took < seconds(2));
}

TEST_CASE("net: IPv6 that leads nowhere costs 250 ms", "[net]") {
  if (!has_ipv6()) return;
  asio::io_context context;
  const SilentPort silent(context, "::1");
  const auto acceptor = listen_on(context, "127.0.0.1", silent.port());
  const FakeDns dns(context, Answer{{"127.0.0.1"}}, Answer{{"::1"}});
  const auto attempt = dial_name(context, dns, silent.port(), seconds(10));
  CHECK(peer_of(attempt) == "127.0.0.1");
  CHECK(attempt.took < seconds(2));
}

TEST_CASE("net: an address that refuses costs nothing", "[net]") {
  asio::io_context context;
  const auto acceptor = listen_on(context, "127.0.0.9");
  const FakeDns dns(context, Answer{{"127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.9"}},
                    Answer{});
  const auto attempt = dial_name(context, dns, acceptor.local_endpoint().port(), seconds(10));
  CHECK(peer_of(attempt) == "127.0.0.9");
  CHECK(attempt.took < milliseconds(900));
}

TEST_CASE("net: where all are silent the time is over when it is over", "[net]") {
  asio::io_context context;
  const SilentPort silent(context, "127.0.0.2");
  const FakeDns dns(context, Answer{{"127.0.0.2"}}, Answer{});
  const auto attempt = dial_name(context, dns, silent.port(), milliseconds(400));
  REQUIRE_FALSE(attempt.stream);
  CHECK(attempt.stream.error().fault == Fault::timeout);
  CHECK(attempt.stream.error().reply.enhanced == EnhancedCode{4, 4, 1});
  CHECK(peer_of(attempt) ==
        "connecting to mail.isp.example port " + std::to_string(silent.port()) + ": no answer in time");
  CHECK(attempt.took >= milliseconds(390));
  CHECK(attempt.took < seconds(2));
}

TEST_CASE("net: a race leaves no socket behind, won, lost or given up", "[net]") {
  asio::io_context context;
  const SilentPort silent(context, "127.0.0.2");
  const auto acceptor = listen_on(context, "127.0.0.3", silent.port());
  const FakeDns both(context, Answer{{"127.0.0.2", "127.0.0.3"}}, Answer{});
  const FakeDns silence(context, Answer{{"127.0.0.2"}}, std::nullopt);
  (void)dial_name(context, both, silent.port(), seconds(10));  // what is opened once stays open
  const auto before = open_descriptors();
  (void)dial_name(context, both, silent.port(), seconds(10));
  (void)dial_name(context, silence, silent.port(), milliseconds(100));
  {
    Resolver resolver(context.get_executor(), silence.server());
    Supervisor supervisor(context.get_executor());
    std::optional<Error> ended;
    const auto dialer = [&]() -> asio::awaitable<void> {
      const auto stream = co_await dial(context.get_executor(), resolver,
                                        {.host = "mail.isp.example", .port = silent.port()}, seconds(60));
      if (!stream) ended = stream.error();
    };
    supervisor.spawn("dialer", dialer());
    CHECK_FALSE(await(context, supervisor.drained(milliseconds(100))));
    supervisor.cancel_all();
    CHECK(await(context, supervisor.drained(seconds(5))));
    REQUIRE(ended);
    CHECK(ended->fault == Fault::canceled);
  }
  context.restart();
  context.poll();
  CHECK(open_descriptors() == before);
}

}  // namespace homeward::net::test
