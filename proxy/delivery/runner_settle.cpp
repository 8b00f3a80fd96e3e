// How attempts are settled: what is delivered goes, what waits gets its time, what can't be delivered is
// returned by a report in the same transaction.
#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/delivery/runner_inside.hpp"
#include "proxy/spool/retry.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using std::chrono::milliseconds;
using Status = spool::Recipient::Status;
using End = AttemptResult::End;

constexpr milliseconds kFirstPause{1000};
constexpr milliseconds kLongestPause{60'000};

std::size_t count(const std::vector<spool::Recipient>& recipients, Status status) {
  return static_cast<std::size_t>(std::ranges::count(recipients, status, &spool::Recipient::status));
}

std::string in_words(milliseconds time) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(time).count();
  if (hours >= 48) return fmt::format("{} days", hours / 24);
  if (hours >= 2) return fmt::format("{} hours", hours);
  return fmt::format("{} minutes", std::chrono::duration_cast<std::chrono::minutes>(time).count());
}

/// The entry with what became of those alone who waited before: who was reported on is not again.
spool::Entry only_waiting(const spool::Entry& before, const std::vector<spool::Recipient>& after) {
  auto news = before;
  news.recipients.clear();
  for (std::size_t i = 0; i < before.recipients.size() && i < after.size(); ++i) {
    if (before.recipients[i].status == Status::waiting) news.recipients.push_back(after[i]);
  }
  return news;
}

/// Who still waits has waited long enough.
void give_up(spool::Entry& entry, const std::string& word, milliseconds expire) {
  for (auto& recipient : entry.recipients) {
    if (recipient.status == Status::waiting) recipient.status = Status::refused;
  }
  entry.last_word = fmt::format("not delivered within {}: {}", in_words(expire), word);
}

}  // namespace

awaitable<void> Runner::Inside::settle(ConfigPointer held, const conf::AccountConfig& account,
                                       spool::Entry entry, AttemptResult result) {
  auto& line = lines[account.name()];
  if (result.end == End::hurried) {
    entry.next = now().witnessed;
    put_back(entry);
    co_return;
  }
  if (result.end == End::unknown) {
    line.worked(now());
    co_await lost_answer(account, entry, result);
    co_return;
  }
  const bool nobody = result.end == End::nobody;
  if (nobody) {
    line.failed(account, result.word, now(), dice());
  } else if (result.end == End::settled) {
    line.worked(now());
  }
  co_await store_settled(held, account, std::move(entry), std::move(result));
  if (nobody) co_await return_old(held, account);
}

/// What came of an attempt is written down, however long the storage fails: until then nobody may try again.
net::Task<spool::Entry> Runner::Inside::apply_surely(std::string id, spool::Event event,
                                                     std::optional<spool::Report> report) {
  net::asio::steady_timer pause(supervisor.executor());
  for (auto wait = kFirstPause;; wait = std::min(wait * 2, kLongestPause)) {
    auto stored = co_await spool.apply(id, event, report);
    const bool storage_failed = !stored && stored.error().reply.code == 452;
    if (!storage_failed) co_return stored;
    log::error("runner.not_settled", {{"id", id}, {"cause", stored.error().reply.text}});
    pause.expires_after(wait);
    if (const auto [stopped] = co_await pause.async_wait(net::kNoThrow); stopped) co_return stored;
  }
}

awaitable<void> Runner::Inside::lost_answer(const conf::AccountConfig& account, const spool::Entry& entry,
                                            const AttemptResult& result) {
  const auto next = now().witnessed + spool::kUnknownPause;
  tell(entry, "message.reply_unknown",
       fmt::format("account {}: {}; tried again in 30 minutes, a second copy is possible", account.name(),
                   result.word));
  auto stored = co_await apply_surely(entry.id, spool::AnswerLost{next, result.word});
  // Without the mark on disk a restart finds "sending" and takes it for the same.
  if (!stored) log::error("runner.not_settled", {{"id", entry.id}, {"cause", stored.error().reply.text}});
  auto waiting = stored ? *stored : entry;
  waiting.state = spool::State::reply_unknown;
  waiting.next = next;
  put_back(waiting);
}

awaitable<void> Runner::Inside::store_settled(ConfigPointer held, const conf::AccountConfig& account,
                                              spool::Entry entry, AttemptResult result) {
  const auto moment = now();
  const auto before = count(entry.recipients, Status::delivered);
  auto news = only_waiting(entry, result.recipients);
  entry.recipients = std::move(result.recipients);
  entry.last_word = result.word;
  entry.last_attempt = moment;
  ++entry.attempts;
  const bool expired =
      count(entry.recipients, Status::waiting) > 0 && spool::age(entry, moment) >= account.expire;
  if (expired) give_up(entry, result.word, account.expire);
  const ReportSubject subject{*held, account, entry, result.header, result.server, moment};
  auto report = allowed(failure_report(subject));
  news.attempts = entry.attempts;
  auto success = result.reports_itself
                     ? std::nullopt
                     : success_report({*held, account, news, result.header, result.server, moment});
  for (auto& recipient : entry.recipients) {
    if (recipient.status == Status::refused && (report || !wants_failure(recipient)))
      recipient.reported = true;
  }
  const auto wait = spool::retry_wait({account.retry, account.retry_max}, entry.attempts, dice());
  const auto next = std::max(moment.witnessed + (result.again_at_once ? milliseconds{0} : wait),
                             lines[account.name()].blocked_until());
  auto stored =
      co_await apply_surely(entry.id, spool::Settled{entry.recipients, next, entry.last_word}, report);
  if (!stored) {
    // We are being stopped, or the entry is no longer what the attempt took it for: the next look tells.
    log::error("runner.not_settled", {{"id", entry.id}, {"cause", stored.error().reply.text}});
    entry.state = spool::State::deferred;
    entry.next = next;
    put_back(entry);
    co_return;
  }
  const auto delivered = count(entry.recipients, Status::delivered) - before;
  const auto refused = count(entry.recipients, Status::refused);
  const auto left = count(entry.recipients, Status::waiting);
  tell(*stored,
       left > 0                                ? "message.deferred"
       : stored->state == spool::State::failed ? "message.failed"
       : delivered > 0                         ? "message.delivered"
                                               : "message.returned",
       fmt::format("account {}, attempt {}: {} delivered, {} refused, {} wait{}{}", account.name(),
                   stored->attempts, delivered, refused, left, entry.last_word.empty() ? "" : ": ",
                   entry.last_word));
  if (report) put_back(report->entry);
  if (success && delivered > 0) co_await store_report(std::move(*success));
  if (stored->state == spool::State::failed && on_failed) on_failed(*stored);
  if (left == 0) {
    co_await withdraw_delay(entry.id);
    co_return;
  }
  put_back(*stored);
  co_await tell_delay(held, account, std::move(*stored), result.header);
}

/// The verdict of a message whose client went on without it.
awaitable<void> Runner::Inside::wait_for_verdict(spool::Entry entry, std::vector<smtp::Recipient> tried,
                                                 net::Pending<Word> verdict, ConfigPointer held,
                                                 bool reports_itself) {
  const auto* account = account_of(*held, entry.account);
  auto word = co_await verdict.get();
  if (account == nullptr || !word) co_return;  // we are being stopped: a restart finds "sending"
  AttemptResult result;
  result.recipients = entry.recipients;
  result.word = word->reply.text();
  result.reports_itself = reports_itself;
  if (word->source == Word::Source::unknown) result.end = End::unknown;
  result.again_at_once = word->lesson && services.repairs.begin(*account, *word->lesson);
  for (auto& recipient : result.recipients) {
    if (std::ranges::find(tried, recipient.to) == tried.end()) continue;
    if (word->source != Word::Source::unknown && word->source != Word::Source::lost && !result.again_at_once)
      judge(recipient, *word);
  }
  result.header = co_await header_of(entry.id);
  co_await settle(held, *account, std::move(entry), std::move(result));
  changed();
}

/// Once, after kDelayReport: who sent it should know that it still waits.
awaitable<void> Runner::Inside::tell_delay(ConfigPointer held, const conf::AccountConfig& account,
                                           spool::Entry entry, const std::string& header) {
  const auto moment = now();
  if (entry.delay_told || spool::age(entry, moment) < spool::kDelayReport) co_return;
  delay_told.insert(entry.id);
  auto report = allowed(delay_report({*held, account, entry, header, account.servers.front().host, moment}));
  const auto stored = co_await spool.apply(entry.id, spool::DelayTold{}, report);
  if (!stored) {
    log::error("runner.delay_not_told", {{"id", entry.id}, {"cause", stored.error().reply.text}});
    co_return;
  }
  if (!report) co_return;
  delay_reports[entry.id] = report->entry.id;
  tell(entry, "message.delay_told", "report " + report->entry.id);
  put_back(report->entry);
}

/// No server could be had: what is old enough need not be tried one by one.
awaitable<void> Runner::Inside::return_old(ConfigPointer held, const conf::AccountConfig& account) {
  const auto moment = now();
  const auto first = std::min<milliseconds>(spool::kDelayReport, account.expire);
  for (const auto& id : schedule.older_than(account.name(), moment.witnessed - first)) {
    const Claim claim(under_way, id);
    if (!claim.held()) continue;
    const auto entry = co_await spool.load(id);
    if (!entry || !entry->is_waiting()) continue;
    const bool expired = spool::age(*entry, moment) >= account.expire;
    if (!expired && delay_told.contains(id)) continue;
    const auto header = co_await header_of(id);
    if (!expired) {
      co_await tell_delay(held, account, *entry, header);
      continue;
    }
    AttemptResult result;
    result.recipients = entry->recipients;
    result.word = lines[account.name()].last_error();
    result.header = header;
    result.server = account.servers.front().host;
    schedule.remove(id);
    co_await store_settled(held, account, *entry, std::move(result));
  }
}

awaitable<void> Runner::Inside::store_report(spool::Report report) {
  auto draft = spool.draft();
  auto stored = co_await draft.append(report.content);
  if (stored) stored = co_await spool.store(report.entry, std::move(draft));
  if (!stored) {
    log::error("runner.report_not_stored",
               {{"id", report.entry.about}, {"cause", stored.error().reply.text}});
    co_return;
  }
  put_back(report.entry);
}

/// "Still waiting" is no news once the message is gone.
awaitable<void> Runner::Inside::withdraw_delay(std::string about) {
  delay_told.erase(about);
  const auto found = delay_reports.find(about);
  if (found == delay_reports.end()) co_return;
  const auto report = std::exchange(found->second, {});
  delay_reports.erase(found);
  if (!under_way.contains(report)) co_await drop_delay_report(report);
}

/// True for a delay report whose message went by another way than withdraw_delay() sees: while the report was
/// being tried, before a restart, or as a person dropped it. Then the report goes too.
awaitable<bool> Runner::Inside::was_old_news(const spool::Entry& entry) {
  if (entry.kind != spool::Kind::delay_report) co_return false;
  const auto message = co_await spool.load(entry.about);
  const bool gone = message ? message->state == spool::State::done : message.error().reply.is_permanent();
  if (gone) co_await drop_delay_report(entry.id);
  co_return gone;
}

awaitable<void> Runner::Inside::drop_delay_report(std::string id) {
  schedule.remove(id);
  const auto done = co_await spool.apply(id, spool::Dropped{"the message it speaks of waits no more"});
  if (!done) log::debug("runner.delay_not_withdrawn", {{"id", id}, {"cause", done.error().reply.text}});
}

awaitable<std::string> Runner::Inside::header_of(std::string id) {
  HeaderCopy header;
  try {
    auto content = co_await spool.content(id);
    if (!content) co_return std::string{};
    if (auto beginning = co_await (*content)->read(0, mail::kMaxReturnedHeader)) header.feed(*beginning);
  } catch (const std::system_error& error) {  // no thread to be had: what it is for is worth more
    log::warning("runner.header_unread", {{"id", id}, {"cause", error.what()}});
  }
  co_return header.text();
}

/// Within the cap of an hour.
std::optional<spool::Report> Runner::Inside::allowed(std::optional<spool::Report> report) {
  if (!report) return std::nullopt;
  const auto& account = report->entry.account;
  if (reports[account].take(now().witnessed, kReportsPerHour, std::chrono::hours{1})) return report;
  log::warning("report.capped", {{"account", account}, {"about", report->entry.about}});
  return std::nullopt;
}

void Runner::Inside::tell(const spool::Entry& entry, std::string_view event, const std::string& text) {
  log::info(event,
            {{"id", entry.id}, {"account", entry.account}, {"from", entry.from.to_string()}, {"text", text}});
  spool.note({entry.id, std::chrono::system_clock::now(), std::string(event), text});
}

/// It waits; what is being answered or held is not put into the schedule.
void Runner::Inside::put_back(const spool::Entry& entry) {
  if (entry.is_waiting()) schedule.put(spool::summary_of(entry));
  changed();
}

}  // namespace homeward::delivery
