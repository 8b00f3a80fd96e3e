#include "proxy/upstream/pool.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "proxy/base/log.hpp"
#include "proxy/net/faults.hpp"
#include "proxy/upstream/same_way.hpp"

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
  State(std::weak_ptr<Pool*> owner, const net::asio::any_io_executor& executor)
      : pool(std::move(owner)),
        ready(executor, net::asio::steady_timer::time_point::max()),
        abandoning(executor, net::asio::steady_timer::time_point::max()) {}
  std::weak_ptr<Pool*> pool;  // who leases may go after the pool, with the event loop
  std::optional<Result<Lease>> result;
  net::asio::steady_timer ready;       // an event: canceled when `result` is there
  net::asio::steady_timer abandoning;  // an event: canceled when it is to end at once
  bool abandoned = false;
  Slots::Place place;

  void abandon() {
    abandoned = true;
    place.leave();
    auto made = std::exchange(result, std::nullopt);
    const auto owner = pool.lock();
    if (owner && made && *made) (*owner)->give_back(std::move(**made));
  }
};

PendingLease::~PendingLease() {
  if (state_) state_->abandon();
}

void PendingLease::cancel() {
  if (!state_) return;
  state_->abandon();
  state_->result.emplace(std::unexpected(net::canceled_error()));
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
    : self_(std::make_shared<Pool*>(this)),
      gate_(services.executor),
      opener_(std::move(services), gate_),
      supervisor_(supervisor),
      watch_(opener_.executor()) {
  gate_.on_refused([this](const std::string& account, const Error& error) { login_refused(account, error); });
}

Pool::~Pool() = default;

void Lease::probe_if_rested() {
  if (was_used() && std::chrono::steady_clock::now() - last_used > Pool::kSurelyAlive)
    connection->must_answer_within(Pool::kProbeTime);
}

PendingLease Pool::begin(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account) {
  return begin_with({std::move(config), &account}, std::nullopt);
}

PendingLease Pool::replace(Lease dead) {
  const auto name = dead.target.account->name();
  log::info("upstream.died_idle", {{"account", name}, {"server", dead.connection->endpoint().host}});
  dead.connection->close();
  line_of(name).idle.clear();  // closed, as they go
  return begin_with(std::move(dead.target), std::move(dead.slot));
}

PendingLease Pool::begin_with(Target target, std::optional<Slots::Slot> slot) {
  auto state = std::make_shared<PendingLease::State>(self_, opener_.executor());
  auto& line = line_of(target.account->name());
  // A warm one costs nothing: no task, no turn of the loop.
  if (!slot) slot = line.slots->take_now(target.account->pool_size);
  if (slot) {
    if (auto warm = take_idle(line, target)) {
      warm->slot = std::move(*slot);
      state->result.emplace(std::move(*warm));
      return PendingLease(std::move(state));
    }
  }
  const auto name = target.account->name();
  supervisor_.spawn("lease:" + name, make(state, std::move(target), std::move(slot)));
  return PendingLease(std::move(state));
}

net::asio::awaitable<void> Pool::make(std::shared_ptr<PendingLease::State> state, Target target,
                                      std::optional<Slots::Slot> slot) {
  std::exception_ptr escaped;
  try {
    auto result = co_await lease_unless_canceled(*state, std::move(target), std::move(slot));
    if (!state->abandoned) {
      state->result.emplace(std::move(result));
    } else if (result) {
      give_back(std::move(*result));
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
net::Task<Lease> Pool::lease_unless_canceled(PendingLease::State& state, Target target,
                                             std::optional<Slots::Slot> slot) {
  using namespace net::asio::experimental::awaitable_operators;
  if (state.abandoned) co_return std::unexpected(net::canceled_error());
  auto first = co_await (caught(lease(state, std::move(target), std::move(slot))) ||
                         state.abandoning.async_wait(net::kNoThrow));
  auto* made = std::get_if<0>(&first);
  if (made == nullptr) co_return std::unexpected(net::canceled_error());
  if (made->escaped) std::rethrow_exception(made->escaped);
  co_return std::move(*made->lease);
}

net::Task<Lease> Pool::lease(PendingLease::State& state, Target target, std::optional<Slots::Slot> slot) {
  const auto& account = *target.account;
  auto& line = line_of(account.name());
  if (!slot) {
    auto taken = co_await line.slots->take(account.pool_size, account.reply_timeout, &state.place);
    if (!taken)
      co_return std::unexpected(named(account, account.servers.front().host, std::move(taken.error())));
    slot = std::move(*taken);
  }
  // Its owner may have gone just as it became free.
  if (state.abandoned) co_return std::unexpected(net::canceled_error());
  if (auto warm = take_idle(line, target)) {
    warm->slot = std::move(*slot);
    co_return std::move(*warm);
  }
  if (auto refused = gate_.why_not(account)) {
    refused->reply.text += " (not tried again for a while: mend the login, then reload)";
    co_return std::unexpected(std::move(*refused));
  }
  co_await make_room(line, account.pool_size);
  const auto generation = generation_;
  auto connection = co_await opener_.open(target);
  if (!connection) co_return std::unexpected(std::move(connection.error()));
  co_return Lease{std::move(*connection), std::move(*slot), std::move(target), generation};
}

/// The warmest idle connection that is good for `target`. Whoever holds a slot may take one.
std::optional<Lease> Pool::take_idle(Line& line, const Target& target) {
  const auto now = std::chrono::steady_clock::now();
  for (auto idle = line.idle.end(); idle != line.idle.begin();) {
    --idle;
    const auto rested = now - idle->since;
    // The server has said good-bye, or is out of step. Of one that rested shortly the next commands tell.
    if (rested > kHardlyRested && !idle->lease.connection->is_quiet()) {
      idle = line.idle.erase(idle);
      continue;
    }
    if (!may_be_kept(idle->lease) || !goes_the_same_way(*idle->lease.target.account, *target.account))
      continue;
    auto lease = std::move(idle->lease);
    line.idle.erase(idle);
    return lease;
  }
  return std::nullopt;
}

/// Where the account's connections are all there and none is good for us, one ends before ours begins: it
/// counts at the server until its QUIT is answered.
net::asio::awaitable<void> Pool::make_room(Line& line, unsigned limit) {
  while (!line.idle.empty() && line.slots->in_use() + line.idle.size() > limit) {
    auto oldest = std::move(line.idle.front().lease);
    line.idle.erase(line.idle.begin());
    co_await oldest.connection->quit();
  }
}

bool Pool::may_be_kept(const Lease& lease) const {
  return !draining_ && lease.generation == generation_ && lease.connection->is_between_transactions() &&
         lease.connection->age() < kLongestLife &&
         lease.target.account->pool_idle > std::chrono::milliseconds{0};
}

void Pool::give_back(Lease lease) {
  if (!lease.connection || !lease.connection->usable()) return;
  if (lease.connection->can_catch_up()) {
    supervisor_.spawn("catch-up", catch_up(std::move(lease)));
    return;
  }
  if (!may_be_kept(lease)) {
    if (!lease.connection->is_between_transactions()) lease.connection->close();
    quit_later(std::move(lease));
    return;
  }
  // It is among the idle ones before its slot is free: who waits for the slot finds it there.
  const auto slot = std::move(lease.slot);
  ++lease.transactions;
  const auto now = std::chrono::steady_clock::now();
  lease.last_used = now;
  const auto until = now + lease.target.account->pool_idle;
  line_of(lease.target.account->name()).idle.push_back({std::move(lease), now, until});
  if (watching_ && watch_.expiry() > until) watch_.cancel();  // it is the first to end now
  if (watching_) return;
  watching_ = true;
  supervisor_.spawn("pool.idle", watch_idle());
}

/// Commands that travelled ahead are still being answered.
net::asio::awaitable<void> Pool::catch_up(Lease lease) {
  co_await lease.connection->catch_up();
  give_back(std::move(lease));
}

/// Lives while anything is idle.
net::asio::awaitable<void> Pool::watch_idle() {
  const std::shared_ptr<void> watched(nullptr, [self = std::weak_ptr(self_)](void*) {
    if (const auto pool = self.lock()) (*pool)->watching_ = false;
  });
  while (const auto next = end_idle(std::chrono::steady_clock::now())) {
    watch_.expires_at(*next);
    (void)co_await watch_.async_wait(net::kNoThrow);
    if ((co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none)
      co_return;
  }
}

/// Ends those whose time is over; when the next one's is, where there is one.
std::optional<Pool::TimePoint> Pool::end_idle(TimePoint now) {
  std::optional<TimePoint> next;
  for (auto& [name, line] : lines_) {
    std::vector<Idle> kept;
    for (auto& idle : line.idle) {
      if (idle.until <= now) {
        quit_later(std::move(idle.lease));
        continue;
      }
      next = next ? std::min(*next, idle.until) : idle.until;
      kept.push_back(std::move(idle));
    }
    line.idle = std::move(kept);
  }
  return next;
}

/// What says QUIT still counts among the account's connections.
void Pool::quit_later(Lease lease) {
  if (!lease.connection->usable()) return;
  const auto& account = *lease.target.account;
  auto slot = line_of(account.name()).slots->take_now(account.pool_size);
  if (slot && !lease.slot.is_held()) lease.slot = std::move(*slot);
  supervisor_.spawn("quit", quit(std::move(lease)));
}

net::asio::awaitable<void> Pool::quit(Lease lease) {
  co_await lease.connection->quit();
}

void Pool::close_idle() {
  for (auto& [name, line] : lines_) {
    for (auto& idle : line.idle) quit_later(std::move(idle.lease));
    line.idle.clear();
  }
  watch_.cancel();
}

void Pool::reloaded() {
  ++generation_;
  close_idle();
  opener_.reloaded();
  gate_.clear();
}

void Pool::network_changed() {
  ++generation_;
  for (auto& [name, line] : lines_) line.idle.clear();  // closed: nobody may be there to say QUIT to
  watch_.cancel();
}

void Pool::drain() {
  draining_ = true;
  close_idle();
}

Pool::Line& Pool::line_of(const std::string& account) {
  auto& line = lines_[account];
  if (!line.slots) line.slots = std::make_shared<Slots>(opener_.executor());
  return line;
}

void Pool::login_refused(const std::string& account, const Error& error) const {
  log::error("account.needs_attention", {{"account", account}, {"cause", error.reply.text}});
  if (tell_) tell_(account, error);
}

}  // namespace homeward::upstream
