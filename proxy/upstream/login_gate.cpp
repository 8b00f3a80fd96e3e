#include "proxy/upstream/login_gate.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/net/faults.hpp"
#include "proxy/upstream/same_way.hpp"

namespace homeward::upstream {

using Clock = std::chrono::steady_clock;

struct LoginGate::Login {
  Login(const net::asio::any_io_executor& executor, Target target_, std::string key_)
      : target(std::move(target_)), key(std::move(key_)), over(executor, Clock::time_point::max()) {}
  Target target;
  std::string key;               // for attention
  net::asio::steady_timer over;  // an event: canceled when the one who tries is done
  unsigned waiting = 0;
  bool is_tried = false;
  bool is_known_to_work = false;
};

LoginGate::Pass::Pass(LoginGate& gate, std::shared_ptr<Login> login, bool is_first)
    : gate_(&gate), login_(std::move(login)), is_first_(is_first) {}

LoginGate::Pass::~Pass() {
  if (!login_ || !is_first_) return;
  login_->is_tried = false;
  if (login_->waiting > 0) login_->over.cancel();
}

void LoginGate::Pass::worked() {
  login_->is_known_to_work = true;
  gate_->attention_.worked(login_->key);
}

void LoginGate::Pass::refused(const Error& error) {
  login_->is_known_to_work = false;
  if (gate_->find(*login_->target.account) != login_) return;  // of settings that hold no more
  gate_->attention_.refused(login_->key, error, Clock::now());
  if (gate_->tell_) gate_->tell_(login_->target.account->name(), error);
}

net::Task<LoginGate::Pass> LoginGate::enter(Target target) {
  auto login = find(*target.account);
  if (!login) {
    const auto key = fmt::format("{} {}", target.account->name(), ++made_);
    login = logins_.emplace_back(std::make_shared<Login>(executor_, std::move(target), key));
  }
  while (true) {
    if (auto refused = attention_.why_not(login->key, Clock::now()))
      co_return std::unexpected(std::move(*refused));
    if (login->is_known_to_work) co_return Pass(*this, login, false);
    if (!std::exchange(login->is_tried, true)) co_return Pass(*this, login, true);
    ++login->waiting;
    (void)co_await login->over.async_wait(net::kNoThrow);
    --login->waiting;
    if ((co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none)
      co_return std::unexpected(net::canceled_error());
  }
}

std::optional<Error> LoginGate::why_not(const conf::AccountConfig& account) const {
  const auto login = find(account);
  return login ? attention_.why_not(login->key, Clock::now()) : std::nullopt;
}

void LoginGate::forgive(const std::string& account) {
  for (const auto& login : logins_) {
    if (login->target.account->name() == account) attention_.worked(login->key);
  }
}

/// Who tries or waits goes on with what he has; nobody else meets it.
void LoginGate::clear() {
  attention_.clear();
  logins_.clear();
}

std::shared_ptr<LoginGate::Login> LoginGate::find(const conf::AccountConfig& account) const {
  for (const auto& login : logins_) {
    const auto& known = *login->target.account;
    if (known.name() == account.name() && goes_the_same_way(known, account)) return login;
  }
  return nullptr;
}

}  // namespace homeward::upstream
