// Pool: the one place that opens upstream connections. A lease is a connection that is ready for MAIL;
// leasing begins at the client's MAIL and is waited for at its first RCPT. Keeps each account's number of
// connections, and leaves accounts alone whose login was refused.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "proxy/net/supervisor.hpp"
#include "proxy/upstream/attention.hpp"
#include "proxy/upstream/opener.hpp"
#include "proxy/upstream/slots.hpp"

namespace homeward::upstream {

struct Lease {
  std::unique_ptr<Connection> connection;
  Slots::Slot slot;
};

/// A lease that is being made. Dropping it abandons the lease: what was opened is closed again.
class PendingLease {
 public:
  PendingLease(PendingLease&&) noexcept = default;
  PendingLease& operator=(PendingLease&&) noexcept = default;
  ~PendingLease();

  /// Waits for it; once, and no longer than `patience` where one is given. Errors: what Pool::begin says;
  /// timeout 451 4.4.1 where patience ran out.
  net::Task<Lease> get(std::optional<std::chrono::milliseconds> patience = std::nullopt);
  /// Ends the making, and gives its slot back, at once: who waits for it hears `canceled`.
  void cancel();

 private:
  friend class Pool;
  struct State;
  explicit PendingLease(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared with the task that makes it
};

class Pool {
 public:
  Pool(ConnectionServices services, net::Supervisor& supervisor);

  /// Begins to lease a connection of `account`, which belongs to `config`.
  /// Errors, all 4yz, with account and server named in the text: 4.4.1 (no server reached, all busy),
  /// 4.7.5 (TLS), 4.7.0 (login refused or not possible).
  PendingLease begin(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account);

  /// Ends a lease in the background: QUIT where the connection is in step.
  void give_back(Lease lease);

  /// A new configuration holds: CA files are read anew, refused logins may be tried again.
  void reloaded();
  std::size_t accounts_in_need() const { return attention_.count(); }
  /// Why the account's login is not tried now; nothing where it is.
  std::optional<Error> need_of(const std::string& account) const;
  /// A person says retry.
  void forgive(const std::string& account) { attention_.worked(account); }
  /// Called when an account begins to need attention.
  void on_attention(std::function<void(const std::string& account, const Error& cause)> tell) {
    tell_ = std::move(tell);
  }

 private:
  net::asio::awaitable<void> make(std::shared_ptr<PendingLease::State> state, Target target);
  net::Task<Lease> lease_unless_canceled(PendingLease::State& state, Target target);
  net::Task<Lease> lease(PendingLease::State& state, Target target);
  void login_refused(const std::string& account, const Error& error);
  static net::asio::awaitable<void> quit(Lease lease);

  Opener opener_;
  net::Supervisor& supervisor_;
  Attention attention_;
  std::function<void(const std::string&, const Error&)> tell_;
  std::map<std::string, std::shared_ptr<Slots>> slots_;  // by account name
};

}  // namespace homeward::upstream
