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

/// What a client may read has to fit a few reply lines.
constexpr std::size_t kMaxCause = 800;

/// "home (mail.example): cause". Causes that name the server already keep it once.
Error named(const conf::AccountConfig& account, const std::string& host, Error error) {
  error.reply.text = fmt::format("{} ({}): {}", account.name(), host, error.reply.text);
  return error;
}

/// While nothing was handed over yet, all of these are one thing: a server that can't be reached
/// (product.md 3, the first row).
Error while_connecting(Error error) {
  switch (error.fault) {
    case Fault::network:
    case Fault::timeout:
    case Fault::protocol:
    case Fault::refused:
      error.reply.enhanced = {4, 4, 1};
      break;
    case Fault::dns:
    case Fault::tls:
    case Fault::login:
    case Fault::client:
    case Fault::local:
    case Fault::canceled:
      break;
  }
  return error;
}

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
    : services_(std::move(services)), supervisor_(supervisor) {}

PendingLease Pool::begin(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account) {
  auto state = std::make_shared<PendingLease::State>(services_.executor);
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
  if (!slots) slots = std::make_shared<Slots>(services_.executor);
  auto slot = co_await slots->take(account.pool_size, account.reply_timeout, &state.place);
  if (!slot) co_return std::unexpected(named(account, account.servers.front().host, std::move(slot.error())));
  // Its owner may have gone just as it became free.
  if (state.abandoned) co_return std::unexpected(net::canceled_error());
  if (auto refused = attention_.why_not(account.name(), std::chrono::steady_clock::now())) {
    refused->reply.text += " (not tried again for a while: mend the login, then reload)";
    co_return std::unexpected(std::move(*refused));
  }
  auto connection = co_await open_any(target);
  if (!connection) co_return std::unexpected(std::move(connection.error()));
  attention_.worked(account.name());
  co_return Lease{std::move(*connection), std::move(*slot)};
}

/// The servers in order; a refused login ends it at once, as the next server would count it too.
net::Task<std::unique_ptr<Connection>> Pool::open_any(Target target) {
  const auto& account = *target.account;
  auto tls = tls_of(account);
  if (!tls) co_return std::unexpected(named(account, account.servers.front().host, std::move(tls.error())));
  std::optional<Error> failure;
  for (const auto& endpoint : endpoints_of(account.servers)) {
    auto connection = co_await Connection::open(services_, {target.config, target.account, endpoint, *tls});
    if (connection) co_return std::move(*connection);
    auto error = while_connecting(std::move(connection.error()));
    log::warning("upstream.failed", {{"account", account.name()},
                                     {"server", fmt::format("{}:{}", endpoint.host, endpoint.port)},
                                     {"fault", std::string(to_string(error.fault))},
                                     {"cause", error.detail.empty() ? error.reply.text : error.detail}});
    if (error.fault == Fault::canceled) co_return std::unexpected(std::move(error));
    if (error.fault == Fault::login) {
      error = named(account, endpoint.host, std::move(error));
      attention_.refused(account.name(), error, std::chrono::steady_clock::now());
      log::error("account.needs_attention", {{"account", account.name()}, {"cause", error.reply.text}});
      if (tell_) tell_(account.name(), error);
      co_return std::unexpected(std::move(error));
    }
    if (!failure) {
      failure = named(account, endpoint.host, std::move(error));
      continue;
    }
    // Several causes: all are told; a TLS fault is the one that a person has to know of first.
    if (error.fault == Fault::tls) failure->reply.enhanced = error.reply.enhanced;
    if (failure->reply.text.size() < kMaxCause) failure->reply.text += "; " + error.reply.text;
  }
  co_return std::unexpected(std::move(*failure));
}

Result<net::TlsContext> Pool::tls_of(const conf::AccountConfig& account) {
  const auto floor =
      account.tls_min == conf::TlsVersion::tls_1_3 ? net::TlsFloor::tls_1_3 : net::TlsFloor::tls_1_2;
  const auto key =
      fmt::format("{} {}", account.tls_ca ? account.tls_ca->string() : "", static_cast<int>(floor));
  if (const auto found = contexts_.find(key); found != contexts_.end()) return found->second;
  auto context = net::TlsContext::client(floor, account.tls_ca);
  if (context) contexts_.emplace(key, *context);
  return context;
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
  contexts_.clear();
  attention_.clear();
}

}  // namespace homeward::upstream
