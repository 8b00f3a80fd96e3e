#include "proxy/upstream/ladder_race.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <list>
#include <utility>
#include <variant>

#include "proxy/base/log.hpp"
#include "proxy/net/faults.hpp"

namespace homeward::upstream {
namespace {

using Clock = std::chrono::steady_clock;

/// What a racer gave, or what escaped from it: Asio throws at the next co_await of one that was canceled.
Result<std::unique_ptr<Connection>> outcome(const std::exception_ptr& escaped,
                                            Result<std::unique_ptr<Connection>> result) {
  if (!escaped) return result;
  try {
    std::rethrow_exception(escaped);
  } catch (const boost::system::system_error& error) {
    if (error.code() == net::asio::error::operation_aborted) return std::unexpected(net::canceled_error());
    log::error("upstream.racer", {{"cause", error.what()}});
  } catch (const std::exception& exception) {
    log::error("upstream.racer", {{"cause", exception.what()}});
  }
  return std::unexpected(
      make_error(Fault::local, 451, {4, 3, 0}, "something went wrong here while connecting (see the log)"));
}

}  // namespace

struct LadderRace::State {
  struct Racer {
    explicit Racer(std::size_t which) : port(which) {}
    std::size_t port;
    net::asio::cancellation_signal stop;
  };
  struct Arrival {
    std::size_t port;
    Result<std::unique_ptr<Connection>> result;
  };
  explicit State(const net::asio::any_io_executor& executor) : changed(executor, Clock::time_point::max()) {}

  std::list<Racer> racers;  // that are under way
  std::vector<Arrival> arrivals;
  net::asio::steady_timer changed;  // an event: canceled when somebody arrives; ends with the pause
};

LadderRace::LadderRace(ConnectionServices& services, OpenRequest common, std::vector<Endpoint> ports,
                       std::chrono::milliseconds pause)
    : services_(services),
      common_(std::move(common)),
      ports_(std::move(ports)),
      pause_(pause),
      ladder_(ports_.size()),
      state_(std::make_shared<State>(services.executor)) {}

/// While it runs, a cancellation is asked for and throws nowhere, so that the racers can be waited for behind
/// it.
net::Task<std::unique_ptr<Connection>> LadderRace::next() {
  const bool threw = co_await net::asio::this_coro::throw_if_cancelled();
  co_await net::asio::this_coro::throw_if_cancelled(false);
  is_over_ = false;
  if (!std::exchange(has_begun_, true)) carry_out(ladder_.begin());
  if (std::exchange(winner_failed_, false)) carry_out(ladder_.on_failed(winner_));
  bool canceled = false;
  while (!canceled && !is_over_) {
    if (state_->arrivals.empty()) (void)co_await state_->changed.async_wait(net::kNoThrow);
    canceled =
        (co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none;
    if (!canceled) take_events();
  }
  stop_racers();
  while (!state_->racers.empty()) {
    state_->changed.expires_at(Clock::time_point::max());
    (void)co_await state_->changed.async_wait(net::kNoThrow);
  }
  state_->arrivals.clear();
  co_await net::asio::this_coro::throw_if_cancelled(threw);
  if (canceled) co_return std::unexpected(net::canceled_error());
  co_return std::move(won_);
}

/// One that is stopped may end, and go from the list, at once.
void LadderRace::stop_racers() {
  for (auto racer = state_->racers.begin(); racer != state_->racers.end();) {
    auto& stop = racer->stop;
    ++racer;
    stop.emit(net::asio::cancellation_type::terminal);
  }
}

void LadderRace::fail_winner(Error error) {
  winner_failed_ = true;
  note_failure(winner_, std::move(error));
}

void LadderRace::take_events() {
  for (auto& [port, result] : std::exchange(state_->arrivals, {})) {
    if (!result) {
      note_failure(port, std::move(result.error()));
      carry_out(ladder_.on_failed(port));
      continue;
    }
    won_ = std::move(*result);
    carry_out(ladder_.on_reached(port));
    if (is_over_) return;
  }
  if (Clock::now() >= pause_end_) {
    pause_end_ = Clock::time_point::max();
    carry_out(ladder_.on_pause());
  }
  state_->changed.expires_at(pause_end_);
}

void LadderRace::note_failure(std::size_t port, Error error) {
  const auto& endpoint = ports_[port];
  log::warning("upstream.failed", {{"account", common_.account->name()},
                                   {"server", fmt::format("{}:{}", endpoint.host, endpoint.port)},
                                   {"fault", std::string(to_string(error.fault))},
                                   {"cause", error.detail.empty() ? error.reply.text : error.detail}});
  failures_.push_back({endpoint, std::move(error)});
}

void LadderRace::carry_out(const LadderActions& actions) {
  for (const auto& action : actions) {
    if (const auto* begin = std::get_if<BeginPort>(&action)) {
      begin_port(begin->port);
    } else if (std::holds_alternative<AwaitPause>(action)) {
      pause_end_ = Clock::now() + pause_;
    } else {
      if (const auto* won = std::get_if<PortWon>(&action)) winner_ = won->port;
      is_over_ = true;
    }
  }
  state_->changed.expires_at(pause_end_);
}

void LadderRace::begin_port(std::size_t port) {
  auto request = common_;
  request.endpoint = ports_[port];
  const auto racer = state_->racers.emplace(state_->racers.end(), port);
  net::asio::co_spawn(
      services_.executor, Connection::reach(services_, std::move(request)),
      net::asio::bind_cancellation_slot(
          racer->stop.slot(), [state = state_, racer](const std::exception_ptr& escaped,
                                                      Result<std::unique_ptr<Connection>> result) {
            state->arrivals.push_back({racer->port, outcome(escaped, std::move(result))});
            state->racers.erase(racer);
            state->changed.cancel();
          }));
}

}  // namespace homeward::upstream
