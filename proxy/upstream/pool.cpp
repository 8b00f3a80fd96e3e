#include "proxy/upstream/pool.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "proxy/base/log.hpp"
#include "proxy/net/faults.hpp"

namespace homeward::upstream {
namespace {

/// What came of a lease, or what escaped from its making.
struct Made {
  std::optional<Result<Lease>> lease;
  std::exception_ptr escaped;
};

/// Of two that are awaited side by side, one that throws would wait for the other.
net::asio::awaitable<Made> caught(net::Task<Lease> lease) {
  Made made;
  try {
    made.lease.emplace(co_await std::move(lease));
  } catch (...) {
    made.escaped = std::current_exception();
  }
  co_return made;
}

}  // namespace

struct PendingLease::State {
  explicit State(const net::asio::any_io_executor& executor)
      : ready(executor, net::asio::steady_timer::time_point::max()),
        abandoning(executor, net::asio::steady_timer::time_point::max()) {}
  std::optional<Result<Lease>> result;
  net::asio::steady_timer ready;       // an event: canceled when `result` is there
  net::asio::steady_timer abandoning;  // an event: canceled when it is to end at once
  bool abandoned = false;
  Slots::Place place;

  void abandon() {
    abandoned = true;
    place.leave();
  }
};

PendingLease::~PendingLease() {
  if (state_) state_->abandon();
}

void PendingLease::cancel() {
  if (!state_ || state_->result) return;
  state_->result.emplace(std::unexpected(net::canceled_error()));
  state_->abandon();
  state_->abandoning.cancel();
  state_->ready.cancel();
}

net::Task<Lease> PendingLease::get(std::optional<std::chrono::milliseconds> patience) {
  const auto state = state_;
  if (!state->result) {
    if (patience) state->ready.expires_after(*patience);
    const auto [woken] = co_await state->ready.async_wait(net::kNoThrow);
    if (!state->result && !woken) {
      co_return std::unexpected(make_error(Fault::timeout, 451, {4, 4, 1}, "no server was ready in time"));
    }
  }
  if (!state->result) co_return std::unexpected(net::canceled_error());
  co_return std::move(*std::exchange(state->result, std::nullopt));
}

Pool::Pool(ConnectionServices services, net::Supervisor& supervisor)
    : opener_(std::move(services)), supervisor_(supervisor) {}

PendingLease Pool::begin(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account) {
  auto state = std::make_shared<PendingLease::State>(opener_.executor());
  supervisor_.spawn("lease:" + account.name(), make(state, {std::move(config), &account}));
  return PendingLease(std::move(state));
}

net::asio::awaitable<void> Pool::make(std::shared_ptr<PendingLease::State> state, Target target) {
  std::exception_ptr escaped;
  try {
    auto result = co_await lease_unless_canceled(*state, std::move(target));
    if (!state->abandoned) {
      state->result.emplace(std::move(result));
    } else if (result) {
      co_await quit(std::move(*result));
    }
  } catch (...) {
    escaped = std::current_exception();
  }
  // Whatever came of it, who waits for it goes on.
  if (escaped && !state->result) {
    state->result.emplace(std::unexpected(make_error(
        Fault::local, 451, {4, 3, 0}, "something went wrong here while connecting (see the log)")));
  }
  state->ready.cancel();
  if (escaped) std::rethrow_exception(escaped);  // the supervisor tells what it was
}

/// What is being connected keeps its slot to its end, even where its owner goes: who begins transactions and
/// drops them opens no more than the account has. It ends at once only where the network is another now.
net::Task<Lease> Pool::lease_unless_canceled(PendingLease::State& state, Target target) {
  using namespace net::asio::experimental::awaitable_operators;
  if (state.abandoned) co_return std::unexpected(net::canceled_error());
  auto first =
      co_await (caught(lease(state, std::move(target))) || state.abandoning.async_wait(net::kNoThrow));
  auto* made = std::get_if<0>(&first);
  if (made == nullptr) co_return std::unexpected(net::canceled_error());
  if (made->escaped) std::rethrow_exception(made->escaped);
  co_return std::move(*made->lease);
}

net::Task<Lease> Pool::lease(PendingLease::State& state, Target target) {
  const auto& account = *target.account;
  auto& slots = slots_[account.name()];
  if (!slots) slots = std::make_shared<Slots>(opener_.executor());
  auto slot = co_await slots->take(account.pool_size, account.reply_timeout, &state.place);
  if (!slot) co_return std::unexpected(named(account, account.servers.front().host, std::move(slot.error())));
  // Its owner may have gone just as it became free.
  if (state.abandoned) co_return std::unexpected(net::canceled_error());
  if (auto refused = attention_.why_not(account.name(), std::chrono::steady_clock::now())) {
    refused->reply.text += " (not tried again for a while: mend the login, then reload)";
    co_return std::unexpected(std::move(*refused));
  }
  auto connection = co_await opener_.open(target);
  if (!connection) {
    if (connection.error().fault == Fault::login) login_refused(account.name(), connection.error());
    co_return std::unexpected(std::move(connection.error()));
  }
  attention_.worked(account.name());
  co_return Lease{std::move(*connection), std::move(*slot)};
}

void Pool::login_refused(const std::string& account, const Error& error) {
  attention_.refused(account, error, std::chrono::steady_clock::now());
  log::error("account.needs_attention", {{"account", account}, {"cause", error.reply.text}});
  if (tell_) tell_(account, error);
}

void Pool::give_back(Lease lease) {
  if (!lease.connection || !lease.connection->usable()) return;
  supervisor_.spawn("quit", quit(std::move(lease)));
}

net::asio::awaitable<void> Pool::quit(Lease lease) {
  co_await lease.connection->quit();
}

std::optional<Error> Pool::need_of(const std::string& account) const {
  return attention_.why_not(account, std::chrono::steady_clock::now());
}

void Pool::reloaded() {
  opener_.reloaded();
  attention_.clear();
}

}  // namespace homeward::upstream
