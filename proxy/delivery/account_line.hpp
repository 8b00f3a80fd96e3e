// AccountLine: how an account fares with the runner: paused or not, failing or not, how many attempts are
// under way, when the next may begin. Pure; times are the spool's witnessed time. product.md 6.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "conf/config.hpp"
#include "proxy/spool/entry.hpp"

namespace homeward::delivery {

class AccountLine {
 public:
  using Time = std::chrono::milliseconds;

  /// How many attempts may run side by side: one while the account fails, so that its return is not a
  /// stampede; else all connections but one, which is the clients'.
  unsigned limit(const conf::AccountConfig& account) const;
  /// When the next attempt may begin, as far as the account goes; nothing while it is paused or busy.
  std::optional<Time> free_at(const conf::AccountConfig& account, Time now) const;
  void begin() { ++under_way_; }
  void end() { --under_way_; }

  /// No server could be had: all of the account's mail waits.
  void failed(const conf::AccountConfig& account, const std::string& cause, const spool::Moment& now,
              double dice);
  /// A server gave its word, whatever it was.
  void worked(const spool::Moment& now);
  /// Tried at once: network up, a person says retry, new configuration.
  void forgive() { blocked_until_ = {}; }
  void pause(bool paused) { paused_ = paused; }

  bool paused() const { return paused_; }
  bool failing() const { return failures_ > 0; }
  unsigned under_way() const { return under_way_; }
  Time blocked_until() const { return blocked_until_; }
  const std::string& last_error() const { return last_error_; }
  const std::optional<spool::Moment>& last_error_at() const { return last_error_at_; }
  const std::optional<spool::Moment>& last_success() const { return last_success_; }

 private:
  bool paused_ = false;
  unsigned under_way_ = 0;
  unsigned failures_ = 0;  // in a row
  Time blocked_until_{0};
  std::string last_error_;
  std::optional<spool::Moment> last_error_at_;
  std::optional<spool::Moment> last_success_;
};

}  // namespace homeward::delivery
