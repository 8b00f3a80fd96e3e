#include "tests/bench/upstream/delay_line.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace bench {
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostUnderway = 16 << 20;  // octets in one direction

/// One direction. What is under way lies in `chunks`; an empty one is the end of the stream.
struct Direction {
  struct Chunk {
    Clock::time_point due;
    std::string octets;
  };
  explicit Direction(const asio::any_io_executor& executor) : came(executor), left(executor) {
    came.expires_at(Clock::time_point::max());
    left.expires_at(Clock::time_point::max());
  }
  std::deque<Chunk> chunks;
  std::size_t underway = 0;
  bool broken = false;  // nobody takes it any more
  asio::steady_timer came, left;
};

struct Link {
  Link(tcp::socket from, std::chrono::milliseconds rtt)
      : round_trip(rtt),
        client(std::move(from)),
        server(client.get_executor()),
        up(client.get_executor()),
        down(client.get_executor()) {}
  std::chrono::milliseconds round_trip;
  Clock::time_point begun = Clock::now();
  tcp::socket client, server;
  Direction up, down;
};
using LinkRef = std::shared_ptr<Link>;  // its four coroutines share it

asio::awaitable<void> take_in(LinkRef link, tcp::socket& from, Direction& way, Clock::time_point earliest) {
  std::array<char, 65536> buffer;
  while (!way.broken) {
    if (way.underway > kMostUnderway) {
      co_await way.left.async_wait(kNoThrow);
      continue;
    }
    const auto [fault, size] = co_await from.async_read_some(asio::buffer(buffer), kNoThrow);
    const auto due = std::max(Clock::now(), earliest) + link->round_trip / 2;
    way.chunks.push_back({due, std::string(buffer.data(), fault ? 0 : size)});
    way.underway += fault ? 0 : size;
    way.came.cancel();
    if (fault) co_return;
  }
}

asio::awaitable<void> give_out(LinkRef link, tcp::socket& to, Direction& way) {
  asio::steady_timer timer(to.get_executor());
  while (true) {
    if (way.chunks.empty()) {
      co_await way.came.async_wait(kNoThrow);
      continue;
    }
    const auto chunk = std::move(way.chunks.front());
    way.chunks.pop_front();
    timer.expires_at(chunk.due);
    co_await timer.async_wait(kNoThrow);
    if (chunk.octets.empty()) break;
    const auto [fault, size] = co_await asio::async_write(to, asio::buffer(chunk.octets), kNoThrow);
    if (fault) break;
    way.underway -= size;
    way.left.cancel();
  }
  way.broken = true;
  way.left.cancel();
  boost::system::error_code ignored;  // it may have gone already
  to.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> open_and_carry(LinkRef link, tcp::endpoint server) {
  asio::steady_timer timer(link->client.get_executor(), link->begun + link->round_trip * 3 / 2);
  co_await timer.async_wait(kNoThrow);
  const auto [fault] = co_await link->server.async_connect(server, kNoThrow);
  if (fault) {
    link->client.close();
    co_return;
  }
  link->server.set_option(tcp::no_delay(true));
  const auto executor = link->client.get_executor();
  asio::co_spawn(executor, take_in(link, link->server, link->down, link->begun), asio::detached);
  asio::co_spawn(executor, give_out(link, link->server, link->up), asio::detached);
  co_await give_out(link, link->client, link->down);
}

}  // namespace

asio::awaitable<void> carry_delayed(tcp::socket client, tcp::endpoint server,
                                    std::chrono::milliseconds round_trip) {
  const auto executor = client.get_executor();
  client.set_option(tcp::no_delay(true));
  const auto link = std::make_shared<Link>(std::move(client), round_trip);
  asio::co_spawn(executor, open_and_carry(link, server), asio::detached);
  co_await take_in(link, link->client, link->up, link->begun + round_trip);
}

}  // namespace bench
