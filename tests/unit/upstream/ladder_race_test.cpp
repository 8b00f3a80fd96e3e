// The race itself, over loopback: who wins, who ends, and that nobody stays behind.
#include "proxy/upstream/ladder_race.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <optional>
#include <string>

#include "proxy/net/tcp_stream.hpp"
#include "proxy/net/tls_stream.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_ca.hpp"

namespace homeward::upstream::test {
namespace {

namespace asio = net::asio;
using asio::ip::tcp;
using homeward::test::await;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Reached = Result<std::unique_ptr<Connection>>;

homeward::test::TestCa& ca() {
  static homeward::test::TestCa made;
  return made;
}

const homeward::test::CertificateFiles& files() {
  static const auto issued = ca().issue({});
  return issued;
}

/// What a port does with who comes. `swallows`: nobody gets as far as a connection.
enum class Manner { serves, silent, refuses, swallows };

/// A server's port on loopback. It counts who comes and who goes.
class Port {
 public:
  Port(asio::io_context& context, Manner manner)
      : manner_(manner), acceptor_(context, {asio::ip::address_v4::loopback(), 0}) {
    endpoint = {"127.0.0.1", acceptor_.local_endpoint().port(), Security::implicit_tls};
    if (manner == Manner::swallows) {
      fill_queue(context);
    } else {
      asio::co_spawn(context, accept(), asio::detached);
    }
  }
  Endpoint endpoint;
  int came = 0;
  int left = 0;

 private:
  /// A queue that is full lets nobody in: the kernel drops who comes.
  void fill_queue(asio::io_context& context) {
    acceptor_.listen(0);
    for (int i = 0; i < 3; ++i) {
      auto& socket = fillers_.emplace_back(context);
      socket.open(tcp::v4());
      socket.native_non_blocking(true);  // Asio's own connect() would wait all the same
      auto address = acceptor_.local_endpoint();
      (void)::connect(socket.native_handle(), address.data(), static_cast<socklen_t>(address.size()));
    }
  }

  asio::awaitable<void> accept() {
    while (true) {
      auto [fault, socket] = co_await acceptor_.async_accept(net::kNoThrow);
      if (fault) co_return;
      ++came;
      const auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(net::make_tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream) {
    if (manner_ == Manner::serves) {
      auto context = net::TlsContext::server(files().certificate, files().key);
      auto secured = co_await net::tls_accept(std::move(stream), *context, seconds(10));
      if (secured) {
        (void)co_await (*secured)->write("220 mail.test\r\n");
        co_await answer(**secured, "250 mail.test\r\n");
      }
    } else if (manner_ == Manner::silent) {
      co_await answer(*stream, "");
    } else {
      (void)co_await stream->write("554 5.7.1 not you\r\n");
    }
    ++left;
  }

  /// To every read, until the peer goes.
  static asio::awaitable<void> answer(net::Stream& stream, std::string_view text) {
    std::array<char, 4096> bytes{};
    while (true) {
      const auto count = co_await stream.read_some(bytes);
      if (!count || *count == 0) co_return;
      if (!text.empty()) (void)co_await stream.write(text);
    }
  }

  Manner manner_;
  tcp::acceptor acceptor_;
  std::list<tcp::socket> fillers_;
};

/// A house with ports of these manners and a race over them.
class Track {
 public:
  Track(std::vector<Manner> manners, milliseconds pause) {
    std::vector<Endpoint> endpoints;
    for (const auto manner : manners) {
      ports.emplace_back(context, manner);
      endpoints.push_back(ports.back().endpoint);
    }
    auto config = std::make_shared<conf::Config>();
    config->hostname = "gw.test";
    config->accounts.resize(1);
    config->accounts.front().rules.name = "home";
    auto tls = net::TlsContext::client({.ca_file = ca().file()});
    const auto* account = &config->accounts.front();
    race.emplace(services, OpenRequest{std::move(config), account, {}, *tls}, std::move(endpoints), pause);
  }

  Reached next() { return await(context, race->next()); }
  /// Lets the servers see what has happened.
  void settle() {
    context.restart();
    context.run_for(milliseconds(50));
  }
  std::vector<int> came() const {
    std::vector<int> counts;
    for (const auto& port : ports) counts.push_back(port.came);
    return counts;
  }

  asio::io_context context;
  net::Resolver resolver{context.get_executor()};
  net::Offload offload{1};
  ConnectionServices services{context.get_executor(), resolver, offload, {}};
  std::list<Port> ports;
  std::optional<LadderRace> race;
};

using Counts = std::vector<int>;

}  // namespace

TEST_CASE("upstream: a port that can log in at once is the only one that is begun", "[upstream]") {
  Track track({Manner::serves, Manner::serves, Manner::serves}, hours(1));
  const auto reached = track.next();
  REQUIRE(reached);
  REQUIRE(*reached);
  CHECK((*reached)->endpoint() == track.ports.front().endpoint);
  track.settle();
  CHECK(track.came() == Counts{1, 0, 0});
  CHECK(track.race->failures().empty());
}

TEST_CASE("upstream: where a port is silent the next wins after a pause, and the silent one is let go",
          "[upstream]") {
  Track track({Manner::silent, Manner::silent, Manner::serves}, milliseconds(100));
  const auto begun = std::chrono::steady_clock::now();
  const auto reached = track.next();
  const auto took = std::chrono::steady_clock::now() - begun;
  REQUIRE(reached);
  REQUIRE(*reached);
  CHECK((*reached)->endpoint() == track.ports.back().endpoint);
  CHECK((*reached)->usable());
  CHECK(took >= milliseconds(200));
  CHECK(took < seconds(5));
  track.settle();
  CHECK(track.came() == Counts{1, 1, 1});
  CHECK(track.ports.front().left == 1);
  CHECK(std::next(track.ports.begin())->left == 1);
  CHECK(track.ports.back().left == 0);
  CHECK(track.race->failures().empty());
}

TEST_CASE("upstream: where a port swallows everything the next wins after a pause", "[upstream]") {
  Track track({Manner::swallows, Manner::refuses, Manner::serves}, milliseconds(100));
  const auto reached = track.next();
  REQUIRE(reached);
  REQUIRE(*reached);
  CHECK((*reached)->endpoint() == track.ports.back().endpoint);
  REQUIRE(track.race->failures().size() == 1);  // of the one that refused: the other was let go
  CHECK(track.race->failures().front().endpoint == std::next(track.ports.begin())->endpoint);
}

TEST_CASE("upstream: a port that fails has the next begun at once", "[upstream]") {
  Track track({Manner::refuses, Manner::serves}, hours(1));
  const auto reached = track.next();
  REQUIRE(reached);
  REQUIRE(*reached);
  REQUIRE(track.race->failures().size() == 1);
  CHECK(track.race->failures().front().endpoint == track.ports.front().endpoint);
}

TEST_CASE("upstream: where all ports fail there is no connection, and each says why", "[upstream]") {
  Track track({Manner::refuses, Manner::refuses, Manner::refuses}, hours(1));
  const auto reached = track.next();
  REQUIRE(reached);
  CHECK_FALSE(*reached);
  CHECK(track.race->failures().size() == 3);
  for (const auto& failure : track.race->failures()) CHECK(failure.error.fault == Fault::tls);
}

TEST_CASE("upstream: where the winner fails behind that point, the others have their turn", "[upstream]") {
  Track track({Manner::silent, Manner::serves, Manner::serves}, milliseconds(50));
  auto first = track.next();
  REQUIRE(first);
  REQUIRE(*first);
  const auto winner = (*first)->endpoint();
  first->reset();
  track.race->fail_winner(make_error(Fault::network, 451, {4, 4, 2}, "reset at AUTH"));
  const auto second = track.next();
  REQUIRE(second);
  REQUIRE(*second);
  CHECK((*second)->endpoint() != winner);
  CHECK((*second)->endpoint() != track.ports.front().endpoint);
  CHECK(track.ports.front().came == 2);  // it had its turn again
  REQUIRE(track.race->failures().size() == 1);
  CHECK(track.race->failures().front().endpoint == winner);
}

TEST_CASE("upstream: a race that is canceled ends all its racers at once", "[upstream]") {
  Track track({Manner::silent, Manner::silent, Manner::silent}, milliseconds(20));
  asio::cancellation_signal stop;
  std::optional<Reached> outcome;
  asio::co_spawn(track.context, track.race->next(),
                 asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr&, Reached reached) {
                   outcome.emplace(std::move(reached));
                 }));
  track.context.run_for(milliseconds(200));
  CHECK(track.came() == Counts{1, 1, 1});
  CHECK_FALSE(outcome);
  stop.emit(asio::cancellation_type::terminal);
  track.context.restart();
  track.context.poll();
  REQUIRE(outcome);
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().fault == Fault::canceled);
  track.settle();
  for (const auto& port : track.ports) CHECK(port.left == 1);
}

TEST_CASE("upstream: a race that dies with its event loop touches nothing", "[upstream]") {
  {
    Track track({Manner::silent, Manner::silent}, milliseconds(20));
    asio::co_spawn(track.context, track.race->next(), [](auto, auto) {});
    track.context.run_for(milliseconds(100));
    CHECK(track.came() == Counts{1, 1});
  }
  SUCCEED("no use of what is dead (as the sanitizer would tell)");
}

}  // namespace homeward::upstream::test
