#include "proxy/delivery/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/delivery/dispatch.hpp"
#include "proxy/delivery/runner_inside.hpp"

namespace homeward::delivery {

using net::asio::awaitable;
using std::chrono::milliseconds;

namespace {

/// Where the spool itself fails, so long until the same message is looked at again.
constexpr std::chrono::minutes kAfterSpoolFault{1};
/// A content that can't be read for so long won't be.
constexpr std::chrono::hours kUnreadable{1};
constexpr std::chrono::seconds kAfterClaim{1};
constexpr std::chrono::seconds kTakeOverPause{5};
constexpr std::string_view kPausedKey = "paused/";
constexpr std::string_view kLearnedKey = "learned/";

/// An attempt is under way from its making to its end, however that comes.
class Flight {
 public:
  Flight(std::shared_ptr<void> keeper, AccountLine& line,
         std::unordered_map<std::string, Attempt*>& under_way, std::string id)
      : keeper_(std::move(keeper)), line_(line), under_way_(under_way), id_(std::move(id)) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() {
    line_.end();
    under_way_.erase(id_);
  }

 private:
  std::shared_ptr<void> keeper_;  // of the two below
  AccountLine& line_;
  std::unordered_map<std::string, Attempt*>& under_way_;
  std::string id_;
};

}  // namespace

Runner::Runner(spool::Spool& spool, upstream::Pool& pool, SenderRepairs& repairs, net::Supervisor& supervisor,
               std::shared_ptr<const conf::Config> config)
    : inside_(std::make_shared<Inside>(spool, pool, repairs, supervisor, std::move(config), *this)) {
  const std::weak_ptr<Inside> inside = inside_;
  repairs.keep_by([inside](const std::string& account, const std::string& text) {
    if (const auto self = inside.lock())
      self->supervisor.spawn("runner:learned", self->keep_lesson(account, text));
  });
}

Runner::~Runner() = default;

void Runner::start() {
  inside_->supervisor.spawn("runner", inside_->loop());
}

void Runner::drain() {
  inside_->draining = true;
  inside_->wake.cancel();
}

void Runner::reloaded(std::shared_ptr<const conf::Config> config) {
  inside_->config = std::move(config);
  inside_->supervisor.spawn("runner:unhold", inside_->unhold_all());
  back_on_line("the configuration was read anew");
}

void Runner::back_on_line(std::string_view why) {
  ++inside_->hurries;
  for (auto& [name, line] : inside_->lines) line.forgive();
  if (inside_->schedule.accounts().empty() && inside_->under_way.empty()) return;
  log::info("runner.hurries", {{"cause", std::string(why)}});
  for (const auto& [id, attempt] : inside_->under_way) {
    if (attempt != nullptr) attempt->hurry();
  }
  inside_->schedule.hurry_all(inside_->now().witnessed);
  inside_->changed();
}

std::optional<MessageRate::Ticket> Runner::reserve(const conf::AccountConfig& account) {
  if (!account.rate) return MessageRate::Ticket{};
  const auto now = inside_->now().witnessed;
  const auto due = inside_->schedule.next_due(account.name());
  const auto free = inside_->lines[account.name()].free_at(account, now);
  if (due && *due <= now && free == now) return std::nullopt;  // they came before
  return inside_->rate_of(account.name())->reserve(*account.rate);
}

void Runner::on_failed(std::function<void(const spool::Entry& entry)> tell) {
  inside_->on_failed = std::move(tell);
}

void Runner::added(const spool::Entry& entry) {
  inside_->put_back(entry);
}

std::uint64_t Runner::revision() const {
  return inside_->revision;
}

/// What waits is looked at again, and so is whoever watches.
void Runner::Inside::changed() {
  ++revision;
  wake.cancel();
}

awaitable<void> Runner::Inside::loop() {
  co_await take_over();
  while (!draining) {
    const auto next = pump();
    if (next)
      wake.expires_after(std::max(*next - now().witnessed, milliseconds{1}));
    else
      wake.expires_at(net::asio::steady_timer::time_point::max());
    (void)co_await wake.async_wait(net::kNoThrow);
    if ((co_await net::asio::this_coro::cancellation_state).cancelled() != net::asio::cancellation_type::none)
      co_return;
  }
}

/// What was accepted by earlier runs.
awaitable<void> Runner::Inside::take_over() {
  auto settings = co_await spool.remembered();
  if (!settings) log::error("runner.settings_unread", {{"cause", settings.error().reply.text}});
  if (settings) {
    for (const auto& [key, value] : *settings) {
      if (key.starts_with(kPausedKey)) lines[key.substr(kPausedKey.size())].pause(true);
      if (key.starts_with(kLearnedKey))
        services.repairs.restore(*config, key.substr(kLearnedKey.size()), value);
    }
  }
  auto waiting = co_await spool.summaries();
  while (!waiting) {
    log::error("runner.spool_unread", {{"cause", waiting.error().reply.text}});
    wake.expires_after(kTakeOverPause);
    (void)co_await wake.async_wait(net::kNoThrow);
    if (draining) co_return;
    waiting = co_await spool.summaries();
  }
  for (const auto& summary : *waiting) {
    if (summary.state == spool::State::queued || summary.state == spool::State::deferred ||
        summary.state == spool::State::reply_unknown)
      schedule.put(summary);
  }
  ++revision;
  co_await unhold_all();  // the configuration may have been mended while we were away
}

awaitable<void> Runner::Inside::keep_lesson(std::string account, std::string text) {
  auto kept = co_await spool.remember(std::string(kLearnedKey) + account, std::move(text));
  if (!kept)
    log::warning("runner.lesson_not_kept", {{"account", account}, {"cause", kept.error().reply.text}});
}

/// Begins what may begin; when to look again, if at a time.
std::optional<milliseconds> Runner::Inside::pump() {
  std::optional<milliseconds> earliest;
  for (const auto& name : schedule.accounts()) {
    const auto next = pump(name);
    if (next && (!earliest || *next < *earliest)) earliest = next;
  }
  return earliest;
}

std::optional<milliseconds> Runner::Inside::pump(const std::string& name) {
  static const conf::AccountConfig kGone;  // its mail is tried all the same: another may take it
  const auto* known = account_of(*config, name);
  const auto& account = known != nullptr ? *known : kGone;
  auto& line = lines[name];
  while (true) {
    const auto begin = may_begin(account, name);
    const auto moment = now().witnessed;
    if (!begin || *begin > moment) return begin;
    auto chosen = schedule.take(name, moment);
    if (!chosen) return std::nullopt;
    if (under_way.contains(chosen->id)) {  // somebody is at it: a person, or a report about it
      chosen->next = moment + kAfterClaim;
      schedule.put(*chosen);
      continue;
    }
    auto ticket = account.rate ? rate_of(name)->reserve(*account.rate) : MessageRate::Ticket{};
    if (!ticket) {  // not before those who have reserved
      schedule.put(*chosen);
      return std::nullopt;
    }
    line.begin();
    under_way.emplace(chosen->id, nullptr);
    ++revision;
    supervisor.spawn("attempt:" + chosen->id, attempt(*chosen, std::move(*ticket)));
  }
}

/// When the next attempt of the account may begin; nothing where the end of an attempt, or a person, wakes
/// us.
std::optional<milliseconds> Runner::Inside::may_begin(const conf::AccountConfig& account,
                                                      const std::string& name) {
  const auto due = schedule.next_due(name);
  const auto free = lines[name].free_at(account, now().witnessed);
  if (!due || !free) return std::nullopt;
  auto begin = std::max(*due, *free);
  if (!account.rate) return begin;
  const auto counted = rate_of(name)->free_at(*account.rate);
  if (!counted) return std::nullopt;
  return std::max(begin, *counted);
}

std::shared_ptr<MessageRate> Runner::Inside::rate_of(const std::string& account) {
  auto& rate = rates[account];
  if (!rate) {
    const std::weak_ptr<Inside> inside = weak_from_this();
    rate = std::make_shared<MessageRate>(
        [inside] {
          const auto self = inside.lock();
          return self ? self->now().witnessed : milliseconds{0};
        },
        [inside] {
          if (const auto self = inside.lock()) self->wake.cancel();
        });
  }
  return rate;
}

/// Whatever happens to an attempt, its message is looked at again until it is settled.
awaitable<void> Runner::Inside::attempt(spool::Summary summary, MessageRate::Ticket ticket) {
  std::exception_ptr escaped;
  bool unread = false;
  const auto hurries_before = hurries;
  {
    const Flight flight(shared_from_this(), lines[summary.account], under_way, summary.id);
    try {
      auto entry = co_await spool.load(summary.id);
      if (entry) {
        co_await try_entry(std::move(*entry), std::move(ticket));
      } else {
        unread = entry.error().reply.code != 550;
        log::error("runner.entry_unread", {{"id", summary.id}, {"cause", entry.error().reply.text}});
      }
    } catch (...) {
      escaped = std::current_exception();
    }
  }
  if (unread || escaped) {
    summary.next = now().witnessed + kAfterSpoolFault;
    schedule.put(summary);
  }
  if (hurries != hurries_before) hurry_after(summary);
  changed();
  if (escaped) std::rethrow_exception(escaped);  // the supervisor tells what it was
}

/// What an attempt met belongs to the network of before. One whose answer is unknown keeps its pause: the
/// server may have it.
void Runner::Inside::hurry_after(const spool::Summary& summary) {
  lines[summary.account].forgive();
  const auto* waiting = schedule.find(summary.id);
  if (waiting != nullptr && waiting->state != spool::State::reply_unknown)
    schedule.hurry_one(summary.id, now().witnessed);
}

/// An attempt of ours ended between its last dot and its settling: as after a restart, the answer is unknown.
awaitable<void> Runner::Inside::lose_track(spool::Entry entry) {
  const auto next = now().witnessed + spool::kUnknownPause;
  const std::string word =
      "the attempt ended before the server's answer was written down: a copy is possible";
  auto stored = co_await spool.apply(entry.id, spool::AnswerLost{next, word});
  if (stored) entry = std::move(*stored);
  tell(entry, "message.reply_unknown", word);
  entry.state = spool::State::reply_unknown;
  entry.next = next;
  put_back(entry);
}

/// A content that can't be read: it may pass, but not for ever.
awaitable<void> Runner::Inside::content_unread(spool::Entry entry, const std::string& cause) {
  log::error("runner.content_unread", {{"id", entry.id}, {"cause", cause}});
  if (spool::age(entry, now()) >= kUnreadable) {
    const auto failed =
        co_await spool.apply(entry.id, spool::Failed{false, "its content can't be read: " + cause});
    if (failed) {
      tell(*failed, "message.failed", failed->last_word);
      if (on_failed) on_failed(*failed);
      co_return;
    }
  }
  entry.next = now().witnessed + kAfterSpoolFault;
  put_back(entry);
}

awaitable<void> Runner::Inside::try_entry(spool::Entry entry, MessageRate::Ticket ticket) {
  if (entry.state == spool::State::sending) {
    co_await lose_track(std::move(entry));
    co_return;
  }
  if (!entry.is_waiting() || co_await was_old_news(entry)) co_return;
  const auto held = config;
  const auto* account = co_await route(held, entry);
  if (account == nullptr) co_return;
  auto content = co_await spool.content(entry.id);
  if (!content) {
    co_await content_unread(std::move(entry), content.error().reply.text);
    co_return;
  }
  Attempt attempt(services, held, *account, entry, std::move(ticket));
  under_way[entry.id] = &attempt;
  auto result = co_await attempt.run(std::move(*content));
  under_way[entry.id] = nullptr;
  co_await settle(held, *account, std::move(entry), std::move(result));
}

/// The account by today's configuration; none where no account takes it: then it is held, with the cause.
awaitable<const conf::AccountConfig*> Runner::Inside::route(ConfigPointer held, spool::Entry& entry) {
  std::string cause = fmt::format("there is no account {} any more", entry.account);
  const conf::AccountConfig* chosen = nullptr;
  if (entry.kind == spool::Kind::message) {
    const auto routed = account_for(*held, mail::RouteQuery::of(entry.from, entry.origin));
    if (routed) chosen = *routed;
    if (!routed) cause = routed.error().reply.text;
  } else {
    chosen = account_of(*held, entry.account);
  }
  if (chosen == nullptr) {
    if (co_await spool.apply(entry.id, spool::Held{cause, false})) {
      tell(entry, "message.held", cause);
    } else {
      entry.next = now().witnessed + kAfterSpoolFault;
      put_back(entry);
    }
    co_return nullptr;
  }
  if (chosen->name() != entry.account) {
    auto moved = co_await spool.apply(entry.id, spool::Rerouted{chosen->name()});
    if (moved) entry = std::move(*moved);
    tell(entry, "message.rerouted", "account " + chosen->name());
  }
  co_return chosen;
}

/// What we held for want of an account may have one now.
awaitable<void> Runner::Inside::unhold_all() {
  spool::ListQuery query;
  query.state = spool::State::held;
  while (true) {
    auto page = co_await spool.list(query);
    if (!page) log::error("runner.held_unread", {{"cause", page.error().reply.text}});
    if (!page || page->empty()) co_return;
    query.after = page->back().id;
    for (const auto& entry : *page) {
      if (entry.held_by_person) continue;
      if (auto freed = co_await spool.apply(entry.id, spool::Unheld{})) put_back(*freed);
    }
  }
}

const conf::AccountConfig* Runner::Inside::account_of(const conf::Config& held,
                                                      const std::string& name) const {
  const auto found = std::ranges::find(held.accounts, name, &conf::AccountConfig::name);
  return found == held.accounts.end() ? nullptr : &*found;
}

}  // namespace homeward::delivery
