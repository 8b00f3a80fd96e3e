#include "proxy/delivery/account_line.hpp"

#include <algorithm>

#include "proxy/spool/retry.hpp"

namespace homeward::delivery {

unsigned AccountLine::limit(const conf::AccountConfig& account) const {
  return failing() ? 1 : std::max(1U, account.pool_size - 1);
}

std::optional<AccountLine::Time> AccountLine::free_at(const conf::AccountConfig& account, Time now) const {
  if (paused_ || under_way_ >= limit(account)) return std::nullopt;
  return std::max(now, blocked_until_);
}

void AccountLine::failed(const conf::AccountConfig& account, const std::string& cause,
                         const spool::Moment& now, double dice) {
  ++failures_;
  blocked_until_ = now.witnessed + spool::retry_wait({account.retry, account.retry_max}, failures_, dice);
  last_error_ = cause;
  last_error_at_ = now;
}

void AccountLine::worked(const spool::Moment& now) {
  failures_ = 0;
  blocked_until_ = {};
  last_error_.clear();
  last_error_at_.reset();
  last_success_ = now;
}

}  // namespace homeward::delivery
