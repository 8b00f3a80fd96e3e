// Runner: sends what is spooled, and is the only one who changes an entry after its commit. Chooses what is
// due in fair order (schedule.hpp), leases a connection, submits, settles; returns what can't be delivered
// by a DSN. One per process. product.md 3, 7.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "proxy/delivery/submission.hpp"
#include "proxy/net/pending.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/spool/spool.hpp"
#include "proxy/upstream/pool.hpp"

namespace homeward::delivery {

/// The state of an account, as people see it. product.md 6.
enum class AccountState : std::uint8_t { ready, paused, needs_attention, needs_sign_in };
std::string_view to_string(AccountState state);  ///< "needs-attention"

struct AccountStatus {
  std::string name;
  std::string address;
  AccountState state = AccountState::ready;
  std::uint64_t waiting = 0;  ///< messages in the spool
  unsigned sending = 0;       ///< attempts of the runner under way
  std::string last_error;     ///< in words; empty: none since the last success
  std::optional<std::chrono::system_clock::time_point> last_error_at;
  std::vector<std::string> learned;  ///< what its provider's refusals have taught, in words
  std::optional<std::chrono::system_clock::time_point> last_success;
  std::optional<std::chrono::system_clock::time_point> next_attempt;
};

class Runner {
 public:
  Runner(spool::Spool& spool, upstream::Pool& pool, SenderRepairs& repairs, net::Supervisor& supervisor,
         std::shared_ptr<const conf::Config> config);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  /// Reads what waits, and begins. Once.
  void start();
  /// No new attempt; those under way go on (the supervisor drains them).
  void drain();
  void reloaded(std::shared_ptr<const conf::Config> config);
  /// Network up, resumed from sleep: everything is tried at once, in order and not all at the same time.
  void back_on_line(std::string_view why);

  /// A place in the account's `rate` for a message of a session; nothing where it has to wait: also behind
  /// what waits in the spool already.
  std::optional<MessageRate::Ticket> reserve(const conf::AccountConfig& account);
  /// Called when a message failed for good and nobody could be told by mail.
  void on_failed(std::function<void(const spool::Entry& entry)> tell);

  /// A session stored this entry.
  void added(const spool::Entry& entry);

  /// The same for an entry in `sending` whose client could not wait: `verdict` is still to come for `tried`.
  void adopt(std::shared_ptr<const conf::Config> config, const spool::Entry& entry,
             std::vector<smtp::Recipient> tried, net::Pending<Word> verdict, bool reports_itself);
  /// Reports success to a sender who asked for it, of recipients that upstream won't report on.
  void report_success(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account,
                      spool::Entry entry, std::string header);

  // For people, by the control interface. Errors: 550 5.1.0 no such message; 451 4.3.0 busy sending, or its
  // state does not allow it (the text says which); 550 5.1.0 no such account.
  net::Task<void> hold(std::string id);
  net::Task<void> release(std::string id);
  net::Task<void> retry(std::string id);
  net::Task<void> drop(std::string id);
  net::Task<void> pause(std::string account);
  net::Task<void> resume(std::string account);
  net::Task<void> retry_account(std::string account);
  std::vector<AccountStatus> accounts() const;
  /// Grows with everything that a status would show: who watches asks again when it has changed.
  std::uint64_t revision() const;

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;  // shared with attempts, which may outlive us in a loop that is destroyed
};

}  // namespace homeward::delivery
