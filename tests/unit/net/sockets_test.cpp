// Resolver, listener, dialer and plain streams, over loopback.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "proxy/net/dialer.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

namespace homeward::net::test {
namespace {

using homeward::test::await;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp = asio::ip::tcp;

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

/// Two ends of a connection over loopback: ours as a Stream, the peer's as a bare socket.
struct Pair {
  asio::io_context context;
  tcp::socket peer{context};
  std::unique_ptr<Stream> stream;

  Pair() {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    peer.connect(acceptor.local_endpoint());
    stream = make_tcp_stream(acceptor.accept());
  }
  void peer_says(std::string_view text) { asio::write(peer, asio::buffer(text.data(), text.size())); }
  Result<std::string> read(std::size_t size = 100) {
    std::string buffer(size, ' ');
    auto count = await(context, stream->read_some(buffer));
    if (!count) return std::unexpected(std::move(count.error()));
    buffer.resize(*count);
    return buffer;
  }
};

}  // namespace

TEST_CASE("net: an address needs no resolver", "[net]") {
  asio::io_context context;
  Resolver resolver(context.get_executor());
  for (const std::string text : {"192.0.2.1", "2001:db8::1", "::1"}) {
    CAPTURE(text);
    const auto addresses = await(context, resolver.resolve(text, milliseconds(0)));
    REQUIRE(addresses);
    CHECK(*addresses == std::vector{ip(text)});
  }
}

TEST_CASE("net: localhost is this machine", "[net]") {
  asio::io_context context;
  Resolver resolver(context.get_executor(), "127.0.0.1:1");  // no name server is asked
  for (const std::string name : {"localhost", "LocalHost", "mail.localhost"}) {
    CAPTURE(name);
    const auto addresses = await(context, resolver.resolve(name, seconds(10)));
    REQUIRE(addresses);
    CHECK(*addresses == std::vector{ip("::1"), ip("127.0.0.1")});
  }
}

TEST_CASE("net: a name that is not found in time is trouble of the network, never permanent", "[net]") {
  asio::io_context context;
  Resolver resolver(context.get_executor());
  for (const auto& name :
       std::vector<std::string>{"no-such-host.invalid", "", "a..b", std::string(300, 'x')}) {
    CAPTURE(name);
    const auto addresses = await(context, resolver.resolve(name, milliseconds(200)));
    REQUIRE_FALSE(addresses);
    CHECK(addresses.error().fault == Fault::dns);
    CHECK(addresses.error().reply.code == 451);
    CHECK(addresses.error().reply.enhanced == EnhancedCode{4, 4, 3});
  }
}

TEST_CASE("net: a listener hands its clients over, and ends when it is closed", "[net]") {
  asio::io_context context;
  auto listener = Listener::bind(context.get_executor(), ip("127.0.0.1"), 0);
  REQUIRE(listener);
  CHECK(listener->address() == ip("127.0.0.1"));
  REQUIRE(listener->port() != 0);
  CHECK(listener->to_string() == "127.0.0.1:" + std::to_string(listener->port()));
  int clients = 0;
  Supervisor supervisor(context.get_executor());
  supervisor.spawn("listener", listener->run([&](tcp::socket) {
    if (++clients == 2) listener->close();
  }));
  std::array<tcp::socket, 2> peers{tcp::socket(context), tcp::socket(context)};
  for (auto& peer : peers) peer.connect({asio::ip::address_v4::loopback(), listener->port()});
  CHECK(await(context, supervisor.drained(seconds(10))));
  CHECK(clients == 2);
}

TEST_CASE("net: a listener that is canceled ends", "[net]") {
  asio::io_context context;
  auto listener = Listener::bind(context.get_executor(), ip("127.0.0.1"), 0);
  REQUIRE(listener);
  Supervisor supervisor(context.get_executor());
  supervisor.spawn("listener", listener->run([](tcp::socket) {}));
  await(context, supervisor.drained(milliseconds(1)));
  supervisor.cancel_all();
  CHECK(await(context, supervisor.drained(seconds(10))));
}

TEST_CASE("net: an address that can't be had is told with the system's word", "[net]") {
  asio::io_context context;
  const auto first = Listener::bind(context.get_executor(), ip("127.0.0.1"), 0);
  REQUIRE(first);
  const auto second = Listener::bind(context.get_executor(), ip("127.0.0.1"), first->port());
  REQUIRE_FALSE(second);
  CHECK(second.error().fault == Fault::local);
  CHECK(second.error().reply.text == "cannot listen on " + first->to_string() + ": Address already in use");
  const auto foreign = Listener::bind(context.get_executor(), ip("192.0.2.1"), 0);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().reply.text.find("cannot listen on 192.0.2.1:0: ") == 0);
}

TEST_CASE("net: a listening socket that was passed in is taken over", "[net]") {
  asio::io_context context;
  tcp::acceptor passed(context, {asio::ip::address_v4::loopback(), 0});
  const auto port = passed.local_endpoint().port();
  const auto listener = Listener::adopt(context.get_executor(), passed.release());
  REQUIRE(listener);
  CHECK(listener->port() == port);
}

TEST_CASE("net: what is no listening TCP socket is not taken over", "[net]") {
  asio::io_context context;
  const int unconnected = socket(AF_INET, SOCK_STREAM, 0);
  const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  const int local = socket(AF_UNIX, SOCK_STREAM, 0);
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  for (const int descriptor : {unconnected, datagrams, local, pipe_ends[0], -1, 100'000}) {
    CAPTURE(descriptor);
    const auto listener = Listener::adopt(context.get_executor(), descriptor);
    REQUIRE_FALSE(listener);
    CHECK(listener.error().fault == Fault::local);
    CHECK(listener.error().reply.text.find("is no listening TCP socket") != std::string::npos);
  }
  for (const int descriptor : {unconnected, datagrams, local, pipe_ends[0], pipe_ends[1]}) close(descriptor);
}

TEST_CASE("net: a refused connection names host and port, and is temporary", "[net]") {
  asio::io_context context;
  Resolver resolver(context.get_executor());
  const auto free_port = [&] {
    const tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
  }();
  const auto stream =
      await(context, dial(context.get_executor(), resolver, {"127.0.0.1", free_port}, seconds(5)));
  REQUIRE_FALSE(stream);
  CHECK(stream.error().fault == Fault::network);
  CHECK(stream.error().reply.code == 451);
  CHECK(stream.error().reply.enhanced == EnhancedCode{4, 4, 1});
  CHECK(stream.error().reply.text ==
        "connecting to 127.0.0.1 port " + std::to_string(free_port) + ": Connection refused");
}

TEST_CASE("net: the next address of a name is tried where one refuses", "[net]") {
  asio::io_context context;
  Resolver resolver(context.get_executor());
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});  // not on ::1
  const auto port = acceptor.local_endpoint().port();
  const auto stream =
      await(context, dial(context.get_executor(), resolver, {"localhost", port}, seconds(10)));
  REQUIRE(stream);
  CHECK((*stream)->peer() == ip("127.0.0.1"));
}

TEST_CASE("net: a stream reads what is there, and the end as nothing", "[net]") {
  Pair pair;
  CHECK_FALSE(pair.stream->has_input());
  pair.peer_says("hello");
  CHECK(*pair.read(3) == "hel");
  CHECK(pair.stream->has_input());
  CHECK(*pair.read() == "lo");
  CHECK_FALSE(pair.stream->has_input());
  pair.peer.shutdown(tcp::socket::shutdown_send);
  CHECK(pair.stream->has_input());
  CHECK(pair.read()->empty());
  CHECK(pair.stream->peer() == ip("127.0.0.1"));
  CHECK_FALSE(pair.stream->tls());
}

TEST_CASE("net: a peer that is gone is seen without reading", "[net]") {
  Pair pair;
  CHECK_FALSE(pair.stream->has_input());
  pair.peer.set_option(asio::socket_base::linger(true, 0));
  pair.peer.close();
  CHECK(pair.stream->has_input());
  CHECK_FALSE(pair.read());
}

TEST_CASE("net: a read ends at its deadline, and a last word may still be said", "[net]") {
  Pair pair;
  pair.stream->expires_after(milliseconds(5));
  const auto late = pair.read();
  REQUIRE_FALSE(late);
  CHECK(late.error().fault == Fault::timeout);
  pair.stream->expires_after(seconds(5));
  CHECK(await(pair.context, pair.stream->write("421 bye\r\n")));
}

TEST_CASE("net: a write that nobody reads ends at its deadline", "[net]") {
  Pair pair;
  const std::string much(64 << 20, 'x');  // more than any socket buffer
  pair.stream->expires_after(milliseconds(50));
  const auto sent = await(pair.context, pair.stream->write(much));
  REQUIRE_FALSE(sent);
  CHECK(sent.error().fault == Fault::timeout);
}

TEST_CASE("net: how long a peer may leave bytes unacknowledged is 120 s, or what is said", "[net]") {
  asio::io_context context;
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket socket(context);
  socket.connect(acceptor.local_endpoint());
  tune(socket);
  const int handle = socket.native_handle();
  const auto user_timeout = [handle] {
    unsigned value = 0;
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(handle, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size) == 0);
    return value;
  };
  const auto stream = make_tcp_stream(std::move(socket));
  CHECK(user_timeout() == 120'000);
  stream->must_be_taken_within(seconds(5));
  CHECK(user_timeout() == 5'000);
  stream->must_be_taken_within(milliseconds(0));
  CHECK(user_timeout() == 1);
}

TEST_CASE("net: stop_reading ends a read, now and later, and leaves writing alone", "[net]") {
  Pair pair;
  Supervisor supervisor(pair.context.get_executor());
  std::optional<Error> ended;
  std::array<char, 16> buffer{};
  const auto reader = [&]() -> asio::awaitable<void> {
    auto count = co_await pair.stream->read_some(buffer);
    if (!count) ended = count.error();
  };
  supervisor.spawn("reader", reader());
  await(pair.context, supervisor.drained(milliseconds(1)));
  pair.stream->stop_reading();
  REQUIRE(await(pair.context, supervisor.drained(seconds(5))));
  REQUIRE(ended);
  CHECK(ended->fault == Fault::canceled);
  pair.peer_says("too late");
  const auto again = pair.read();
  REQUIRE_FALSE(again);
  CHECK(again.error().fault == Fault::canceled);
  CHECK(await(pair.context, pair.stream->write("421 bye\r\n")));
}

TEST_CASE("net: a peer that resets is a fault of the network", "[net]") {
  Pair pair;
  pair.peer.set_option(asio::socket_base::linger(true, 0));
  pair.peer.close();
  const auto reset = pair.read();
  REQUIRE_FALSE(reset);
  CHECK(reset.error().fault == Fault::network);
  CHECK(reset.error().reply.code == 451);
}

TEST_CASE("net: last words reach a peer whose own were never read", "[net]") {
  Pair pair;
  pair.peer_says("MAIL FROM:<ann@x.test>\r\n");
  REQUIRE(await(pair.context, pair.stream->write("421 bye\r\n")));
  const auto part = [&]() -> asio::awaitable<bool> {
    co_await pair.stream->shutdown();
    co_return true;
  };
  Supervisor supervisor(pair.context.get_executor());
  std::string heard(100, ' ');
  const auto peer = [&]() -> asio::awaitable<void> {
    const auto [fault, count] = co_await pair.peer.async_read_some(asio::buffer(heard), kNoThrow);
    heard.resize(count);
    pair.peer.close();
  };
  supervisor.spawn("peer", peer());
  CHECK(await(pair.context, part()));
  CHECK(await(pair.context, supervisor.drained(seconds(5))));
  CHECK(heard == "421 bye\r\n");
}

TEST_CASE("net: the socket beneath is handed out of a plain stream alone", "[net]") {
  Pair pair;
  CHECK(release_socket(std::move(pair.stream)).is_open());
  CHECK_THROWS_AS(release_socket(nullptr), std::logic_error);
}

TEST_CASE("net: waiting for input ends when there is some, and takes nothing of it", "[net]") {
  Pair pair;
  pair.stream->expires_after(seconds(10));
  asio::steady_timer later(pair.context, milliseconds(30));
  later.async_wait([&](const boost::system::error_code&) { pair.peer_says("NOOP"); });
  REQUIRE(await(pair.context, pair.stream->wait_input()));
  CHECK(pair.read() == "NOOP");
  pair.peer_says("RSET");
  REQUIRE(await(pair.context, pair.stream->wait_input()));
  REQUIRE(await(pair.context, pair.stream->wait_input()));  // it is still there
  CHECK(pair.read(2) == "RS");
  REQUIRE(await(pair.context, pair.stream->wait_input()));
  CHECK(pair.read() == "ET");
  pair.peer.close();
  REQUIRE(await(pair.context, pair.stream->wait_input()));
  CHECK(pair.read() == "");
}

TEST_CASE("net: waiting for input ends at the deadline, and when reading is stopped", "[net]") {
  Pair pair;
  pair.stream->expires_after(milliseconds(30));
  const auto late = await(pair.context, pair.stream->wait_input());
  REQUIRE_FALSE(late);
  CHECK(late.error().fault == Fault::timeout);
  const auto still = await(pair.context, pair.stream->wait_input());
  REQUIRE_FALSE(still);
  CHECK(still.error().fault == Fault::timeout);
  pair.stream->expires_after(seconds(10));
  asio::steady_timer later(pair.context, milliseconds(30));
  later.async_wait([&](const boost::system::error_code&) { pair.stream->stop_reading(); });
  const auto stopped = await(pair.context, pair.stream->wait_input());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().fault == Fault::canceled);
  const auto again = await(pair.context, pair.stream->wait_input());
  REQUIRE_FALSE(again);
  CHECK(again.error().fault == Fault::canceled);
  CHECK(await(pair.context, pair.stream->write("421 so long")));
}

TEST_CASE("net: a task that waits for input ends when it is canceled", "[net]") {
  Pair pair;
  Supervisor supervisor(pair.context.get_executor());
  supervisor.spawn("idle", [](Stream& stream) -> asio::awaitable<void> {
    (void)co_await stream.wait_input();
  }(*pair.stream));
  await(pair.context, supervisor.drained(milliseconds(1)));
  CHECK(supervisor.living() == 1);
  supervisor.cancel_all();
  CHECK(await(pair.context, supervisor.drained(seconds(10))));
}

}  // namespace homeward::net::test
