// Pool: the one place that keeps upstream connections. A lease is a connection that is ready for MAIL;
// leasing begins at the client's MAIL and is waited for at its first RCPT. What is given back in step waits,
// warm and logged in, for the account's next transaction. Keeps each account's number of connections, and
// leaves accounts alone whose login was refused. product.md 6.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/net/supervisor.hpp"
#include "proxy/upstream/login_gate.hpp"
#include "proxy/upstream/opener.hpp"
#include "proxy/upstream/slots.hpp"

namespace homeward::upstream {

struct Lease {
  std::unique_ptr<Connection> connection;
  Slots::Slot slot;
  Target target;              ///< for whom, and under which configuration, it was opened
  unsigned generation = 0;    ///< of the network and the configuration that it was opened in
  unsigned transactions = 0;  ///< that it has served before; none: it is new
  std::chrono::steady_clock::time_point last_used = {};  ///< where it has served any

  /// It may have died since it was last used: its first commands tell.
  bool was_used() const { return transactions > 0; }
  /// To be called before the first commands go out.
  void probe_if_rested();
};

/// A lease that is being made. Dropping it abandons the lease: what was opened goes to who comes next.
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
  using TimePoint = std::chrono::steady_clock::time_point;
  /// A connection serves no longer than this: servers, and what is between, tire of old ones.
  static constexpr std::chrono::minutes kLongestLife{5};
  /// Of one that was idle for no longer it need not be asked whether its server has closed it.
  static constexpr std::chrono::seconds kHardlyRested{1};
  /// One that was idle for longer has to show by its next transaction's own commands that it is alive.
  static constexpr std::chrono::seconds kSurelyAlive{5};
  /// So long such a one may leave them unacknowledged.
  static constexpr std::chrono::milliseconds kProbeTime{5000};

  Pool(ConnectionServices services, net::Supervisor& supervisor);
  ~Pool();

  /// Begins to lease a connection of the account, which belongs to the configuration.
  /// Errors, all 4yz, with account and server named in the text: 4.4.1 (no server reached, all busy),
  /// 4.7.5 (TLS), 4.7.0 (login refused or not possible).
  PendingLease begin(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account);
  /// A lease whose connection turned out to be dead: another connection in its place in the queue. The
  /// account's other idle ones are not trusted any more either.
  PendingLease replace(Lease dead);

  /// Ends a lease. A connection that is in step waits for the next transaction; any other is closed.
  void give_back(Lease lease);

  /// A new configuration holds: CA files are read anew, refused logins may be tried again, and what is open
  /// serves no further transaction.
  void reloaded();
  /// The network is another now, or the machine slept: what is open is not trusted any more.
  void network_changed();
  /// We are to stop: nothing is kept from now on.
  void drain();

  std::size_t accounts_in_need() const { return gate_.refused_accounts(); }
  /// For `status`: what is weaker than it was, a sentence each.
  std::vector<std::string> troubles() const { return opener_.troubles(); }
  /// Why the account's login is not tried now; nothing where it is.
  std::optional<Error> need_of(const conf::AccountConfig& account) const { return gate_.why_not(account); }
  /// A person says retry.
  void forgive(const std::string& account) { gate_.forgive(account); }
  /// Called when an account begins to need attention.
  void on_attention(std::function<void(const std::string& account, const Error& cause)> tell) {
    tell_ = std::move(tell);
  }

 private:
  struct Idle {
    Lease lease;  // without its slot
    TimePoint since;
    TimePoint until;
  };
  /// An account's connections. Shared with those that are being made.
  struct Line {
    std::shared_ptr<Slots> slots;
    std::vector<Idle> idle;  // the last one given back is at the end, and goes first
  };
  PendingLease begin_with(Target target, std::optional<Slots::Slot> slot);
  net::asio::awaitable<void> make(std::shared_ptr<PendingLease::State> state, Target target,
                                  std::optional<Slots::Slot> slot);
  net::Task<Lease> lease_unless_canceled(PendingLease::State& state, Target target,
                                         std::optional<Slots::Slot> slot);
  net::Task<Lease> lease(PendingLease::State& state, Target target, std::optional<Slots::Slot> slot);
  std::optional<Lease> take_idle(Line& line, const Target& target);
  static net::asio::awaitable<void> make_room(Line& line, unsigned limit);
  bool may_be_kept(const Lease& lease) const;
  void login_refused(const std::string& account, const Error& error) const;
  Line& line_of(const std::string& account);
  void close_idle();
  void quit_later(Lease lease);
  net::asio::awaitable<void> watch_idle();
  std::optional<TimePoint> end_idle(TimePoint now);
  static net::asio::awaitable<void> quit(Lease lease);
  net::asio::awaitable<void> catch_up(Lease lease);

  std::shared_ptr<Pool*> self_;  // for those who may outlive us, with the event loop
  LoginGate gate_;
  Opener opener_;
  net::Supervisor& supervisor_;
  std::function<void(const std::string&, const Error&)> tell_;
  std::map<std::string, Line> lines_;  // by account name
  net::asio::steady_timer watch_;      // an event, and the time when the next idle one ends
  bool watching_ = false;
  bool draining_ = false;
  unsigned generation_ = 0;
};

}  // namespace homeward::upstream
