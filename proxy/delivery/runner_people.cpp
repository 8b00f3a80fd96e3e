// What people ask the runner for, by the control interface.
#include <fmt/format.h>

#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/delivery/runner_inside.hpp"

namespace homeward::delivery {
namespace {

Error no_such_account(const std::string& name) {
  return make_error(Fault::client, 550, {5, 1, 0}, fmt::format("there is no account {}", name));
}

}  // namespace

std::string_view to_string(AccountState state) {
  switch (state) {
    case AccountState::paused:
      return "paused";
    case AccountState::needs_attention:
      return "needs-attention";
    case AccountState::needs_sign_in:
      return "needs-sign-in";
    case AccountState::ready:
      break;
  }
  return "ready";
}

/// An entry that is being sent is the attempt's until that is over.
net::Task<void> Runner::Inside::change(std::string id, spool::Event event) {
  const auto keeper = shared_from_this();  // of what the claim is on
  const Claim claim(under_way, id);
  if (!claim.held()) {
    co_return std::unexpected(make_error(Fault::local, 451, {4, 3, 0},
                                         "it is being sent at this moment: try again when that is over"));
  }
  auto changed_entry = co_await spool.apply(id, std::move(event));
  if (!changed_entry) co_return std::unexpected(std::move(changed_entry.error()));
  schedule.remove(id);
  put_back(*changed_entry);
  co_return Result<void>{};
}

net::Task<void> Runner::hold(std::string id) {
  co_return co_await inside_->change(std::move(id), spool::Held{"held by a person", true});
}

net::Task<void> Runner::release(std::string id) {
  co_return co_await inside_->change(std::move(id), spool::Unheld{});
}

net::Task<void> Runner::retry(std::string id) {
  auto done = co_await inside_->change(id, spool::Hurried{});
  if (!done) co_return done;
  if (auto entry = co_await inside_->spool.load(id)) {
    inside_->pool.forgive(entry->account);
    inside_->lines[entry->account].forgive();
    inside_->changed();
  }
  co_return Result<void>{};
}

net::Task<void> Runner::drop(std::string id) {
  co_return co_await inside_->change(std::move(id), spool::Dropped{"dropped by a person"});
}

net::Task<void> Runner::pause(std::string account) {
  if (inside_->account_of(*inside_->config, account) == nullptr)
    co_return std::unexpected(no_such_account(account));
  inside_->lines[account].pause(true);
  inside_->changed();
  co_return co_await inside_->spool.remember("paused/" + account, "1");
}

net::Task<void> Runner::resume(std::string account) {
  if (inside_->account_of(*inside_->config, account) == nullptr)
    co_return std::unexpected(no_such_account(account));
  inside_->lines[account].pause(false);
  inside_->lines[account].forgive();
  inside_->changed();
  co_return co_await inside_->spool.remember("paused/" + account, "");
}

net::Task<void> Runner::retry_account(std::string account) {
  if (inside_->account_of(*inside_->config, account) == nullptr)
    co_return std::unexpected(no_such_account(account));
  inside_->pool.forgive(account);
  inside_->lines[account].forgive();
  inside_->schedule.hurry(account, inside_->now().witnessed);
  inside_->changed();
  co_return Result<void>{};
}

std::vector<AccountStatus> Runner::accounts() const {
  const auto moment = inside_->now();
  const auto wall_of = [&](std::chrono::milliseconds witnessed) {
    return moment.wall + (witnessed - moment.witnessed);
  };
  std::vector<AccountStatus> all;
  for (const auto& account : inside_->config->accounts) {
    const auto& line = inside_->lines[account.name()];
    AccountStatus status;
    status.name = account.name();
    status.address = account.rules.address.to_string();
    status.waiting = inside_->schedule.waiting(account.name());
    status.sending = line.under_way();
    status.last_error = line.last_error();
    status.learned = inside_->services.repairs.in_words(account);
    if (line.last_error_at()) status.last_error_at = line.last_error_at()->wall;
    if (line.last_success()) status.last_success = line.last_success()->wall;
    if (const auto need = inside_->pool.need_of(account)) {
      status.state = AccountState::needs_attention;
      if (status.last_error.empty()) status.last_error = need->reply.text;
    }
    if (line.paused()) status.state = AccountState::paused;
    if (const auto due = inside_->schedule.next_due(account.name()); due && !line.paused())
      status.next_attempt = wall_of(std::max({*due, line.blocked_until(), moment.witnessed}));
    all.push_back(std::move(status));
  }
  return all;
}

void Runner::adopt(std::shared_ptr<const conf::Config> config, const spool::Entry& entry,
                   std::vector<smtp::Recipient> tried, net::Pending<Word> verdict, bool reports_itself) {
  inside_->changed();
  inside_->supervisor.spawn("verdict-for-runner:" + entry.id,
                            inside_->wait_for_verdict(entry, std::move(tried), std::move(verdict),
                                                      std::move(config), reports_itself));
}

void Runner::report_success(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account,
                            spool::Entry entry, std::string header) {
  auto report = success_report(
      {*config, account, entry, std::move(header), account.servers.front().host, inside_->now()});
  report = inside_->allowed(std::move(report));
  if (report) inside_->supervisor.spawn("report:" + entry.id, inside_->store_report(std::move(*report)));
}

}  // namespace homeward::delivery
