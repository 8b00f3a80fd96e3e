// What the runner holds. Private to runner*.cpp: runner.cpp chooses and begins attempts, runner_settle.cpp
// settles them and returns what can't be delivered, runner_people.cpp does what people ask for.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proxy/delivery/account_line.hpp"
#include "proxy/delivery/attempt.hpp"
#include "proxy/delivery/reports.hpp"
#include "proxy/delivery/runner.hpp"
#include "proxy/delivery/schedule.hpp"
#include "proxy/delivery/window_limit.hpp"

namespace homeward::delivery {

/// An id that nobody else may begin anything with meanwhile.
class Claim {
 public:
  Claim(std::unordered_map<std::string, Attempt*>& under_way, std::string id)
      : under_way_(under_way), id_(std::move(id)), held_(under_way_.emplace(id_, nullptr).second) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    if (held_) under_way_.erase(id_);
  }
  bool held() const { return held_; }

 private:
  std::unordered_map<std::string, Attempt*>& under_way_;
  std::string id_;
  bool held_;
};

struct Runner::Inside : std::enable_shared_from_this<Runner::Inside> {
  using ConfigPointer = std::shared_ptr<const conf::Config>;

  Inside(spool::Spool& spool_, upstream::Pool& pool_, SenderRepairs& repairs, net::Supervisor& supervisor_,
         ConfigPointer config_, Runner& runner)
      : spool(spool_),
        pool(pool_),
        supervisor(supervisor_),
        config(std::move(config_)),
        services{pool_, spool_, runner, repairs, supervisor_},
        wake(supervisor_.executor()) {}

  // runner.cpp
  net::asio::awaitable<void> loop();
  net::asio::awaitable<void> take_over();
  net::asio::awaitable<void> keep_lesson(std::string account, std::string text);
  std::optional<std::chrono::milliseconds> pump();
  std::optional<std::chrono::milliseconds> pump(const std::string& account);
  std::optional<std::chrono::milliseconds> may_begin(const conf::AccountConfig& account,
                                                     const std::string& name);
  std::shared_ptr<MessageRate> rate_of(const std::string& account);
  net::asio::awaitable<void> attempt(spool::Summary summary, MessageRate::Ticket ticket);
  void hurry_after(const spool::Summary& summary);
  net::asio::awaitable<void> lose_track(spool::Entry entry);
  net::asio::awaitable<void> content_unread(spool::Entry entry, const std::string& cause);
  net::asio::awaitable<void> try_entry(spool::Entry entry, MessageRate::Ticket ticket);
  net::asio::awaitable<const conf::AccountConfig*> route(ConfigPointer held, spool::Entry& entry);
  net::asio::awaitable<void> unhold_all();
  void changed();
  const conf::AccountConfig* account_of(const conf::Config& held, const std::string& name) const;
  spool::Moment now() const { return spool.now(); }
  double dice() { return std::uniform_real_distribution<double>(0, 1)(random); }

  // runner_settle.cpp
  net::asio::awaitable<void> settle(ConfigPointer held, const conf::AccountConfig& account,
                                    spool::Entry entry, AttemptResult result);
  net::Task<spool::Entry> apply_surely(std::string id, spool::Event event,
                                       std::optional<spool::Report> report = std::nullopt);
  net::asio::awaitable<void> lost_answer(const conf::AccountConfig& account, const spool::Entry& entry,
                                         const AttemptResult& result);
  net::asio::awaitable<void> store_settled(ConfigPointer held, const conf::AccountConfig& account,
                                           spool::Entry entry, AttemptResult result);
  net::asio::awaitable<void> wait_for_verdict(spool::Entry entry, std::vector<smtp::Recipient> tried,
                                              net::Pending<Word> verdict, ConfigPointer held,
                                              bool reports_itself);
  net::asio::awaitable<void> tell_delay(ConfigPointer held, const conf::AccountConfig& account,
                                        spool::Entry entry, const std::string& header);
  net::asio::awaitable<void> return_old(ConfigPointer held, const conf::AccountConfig& account);
  net::asio::awaitable<void> store_report(spool::Report report);
  net::asio::awaitable<void> withdraw_delay(std::string about);
  net::asio::awaitable<bool> was_old_news(const spool::Entry& entry);
  net::asio::awaitable<void> drop_delay_report(std::string id);
  net::asio::awaitable<std::string> header_of(std::string id);
  std::optional<spool::Report> allowed(std::optional<spool::Report> report);
  void tell(const spool::Entry& entry, std::string_view event, const std::string& text);
  void put_back(const spool::Entry& entry);

  // runner_people.cpp
  net::Task<void> change(std::string id, spool::Event event);

  spool::Spool& spool;
  upstream::Pool& pool;
  net::Supervisor& supervisor;
  ConfigPointer config;
  Services services;
  net::asio::steady_timer wake;  // an event, and the time of the next attempt
  Schedule schedule;
  std::map<std::string, AccountLine> lines;                   // by account
  std::map<std::string, std::shared_ptr<MessageRate>> rates;  // by account
  std::map<std::string, WindowLimit> reports;                 // by account
  std::unordered_map<std::string, Attempt*> under_way;        // by id; null before and after its connection
  std::unordered_map<std::string, std::string>
      delay_reports;                           // of what: its delay report that may still wait
  std::unordered_set<std::string> delay_told;  // ids
  std::function<void(const spool::Entry&)> on_failed;
  std::mt19937_64 random{std::random_device{}()};
  std::uint64_t hurries = 0;  // how often we came back on line
  std::uint64_t revision = 1;
  bool draining = false;
};

}  // namespace homeward::delivery
