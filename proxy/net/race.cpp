#include "proxy/net/race.hpp"

#include <list>
#include <utility>

#include "proxy/net/tcp_stream.hpp"

namespace homeward::net {

using Socket = asio::ip::tcp::socket;

struct Race::State {
  asio::any_io_executor executor;
  std::shared_ptr<Wakeup> wakeup;
  std::uint16_t port = 0;
  std::list<Socket> running;
  std::vector<boost::system::error_code> failures;
  std::optional<Socket> winner;

  void finish(std::list<Socket>::iterator attempt, const boost::system::error_code& fault) {
    if (fault)
      failures.push_back(fault);
    else if (!winner)
      winner.emplace(std::move(*attempt));
    running.erase(attempt);
    wakeup->wake();
  }
};

Race::Race(asio::any_io_executor executor, std::shared_ptr<Wakeup> wakeup, std::uint16_t port)
    : state_(std::make_shared<State>()) {
  state_->executor = std::move(executor);
  state_->wakeup = std::move(wakeup);
  state_->port = port;
}

/// Closing makes each handler come, find its attempt and end it.
Race::~Race() {
  for (auto& socket : state_->running) {
    boost::system::error_code ignored;
    socket.close(ignored);
  }
}

void Race::start(const IpAddress& address) {
  const auto attempt = state_->running.emplace(state_->running.end(), state_->executor);
  attempt->async_connect(
      {to_asio(address), state_->port},
      [state = state_, attempt](const boost::system::error_code& fault) { state->finish(attempt, fault); });
}

std::vector<boost::system::error_code> Race::take_failures() {
  return std::exchange(state_->failures, {});
}

std::optional<Socket> Race::take_winner() {
  return std::exchange(state_->winner, std::nullopt);
}

}  // namespace homeward::net
