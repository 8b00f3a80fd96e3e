#include "proxy/delivery/attempt.hpp"

#include <utility>

#include "proxy/net/deadline.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using Status = spool::Recipient::Status;
using End = AttemptResult::End;

constexpr std::size_t kBlock = 64UL * 1024;

SubmissionOrder order_of(std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account,
                         const spool::Entry& entry) {
  mail::Envelope envelope;
  envelope.id = entry.id;
  envelope.origin = entry.origin;
  envelope.from = entry.from;
  envelope.parameters = entry.parameters;
  envelope.parameters.size = entry.octets;
  return {std::move(config), &account, std::move(envelope), entry.received.wall, std::nullopt};
}

}  // namespace

void judge(spool::Recipient& recipient, const Word& word) {
  recipient.last = word.said ? *word.said : word.reply;
  if (word.is_accepted()) {
    recipient.status = Status::delivered;
  } else if (is_refusal(word)) {
    recipient.status = Status::refused;
  }
}

Attempt::Attempt(Services& services, std::shared_ptr<const conf::Config> config,
                 const conf::AccountConfig& account, spool::Entry entry, MessageRate::Ticket ticket)
    : services_(services),
      config_(config),
      entry_(std::move(entry)),
      submission_(services, order_of(std::move(config), account, entry_), std::move(ticket)) {
  result_.recipients = entry_.recipients;
}

awaitable<AttemptResult> Attempt::run(std::unique_ptr<spool::StoredContent> content) {
  net::Watchdog limit(services_.supervisor.executor(), [this] { submission_.interrupt(); });
  limit.arm(kLimit);
  // The header is needed for a report even where no recipient is accepted.
  if (auto beginning = co_await content->read(0, mail::kMaxReturnedHeader)) header_.feed(*beginning);
  if (co_await offer_recipients() && co_await send_content(*content)) co_await finish();
  submission_.drop();
  result_.server = submission_.server();
  result_.reports_itself = submission_.offers_dsn();
  result_.header = header_.text();
  co_return std::move(result_);
}

void Attempt::hurry() {
  if (!submission_.is_connecting()) return;
  hurried_ = true;
  submission_.interrupt();
}

/// True where somebody is to get the content.
awaitable<bool> Attempt::offer_recipients() {
  for (std::size_t i = 0; i < result_.recipients.size(); ++i) {
    auto& recipient = result_.recipients[i];
    if (recipient.status != Status::waiting) continue;
    const auto word = co_await submission_.rcpt(recipient.to, behind(i));
    if (word.is_accepted()) {
      tried_.push_back(i);
      continue;
    }
    if (word.source == Word::Source::nobody)
      end_with(hurried_ ? End::hurried : End::nobody, word.reply.text());
    if (word.source == Word::Source::lost) end_with(End::settled, word.reply.text());
    if (word.source == Word::Source::nobody || word.source == Word::Source::lost) co_return false;
    judge(recipient, word);
  }
  co_return !tried_.empty();
}

/// Who is asked for after this one, and then DATA: they are known, so they may travel together.
smtp::Ahead Attempt::behind(std::size_t index) const {
  smtp::Ahead ahead{{}, true};
  for (auto i = index + 1; i < result_.recipients.size(); ++i) {
    if (result_.recipients[i].status == Status::waiting) ahead.recipients.push_back(result_.recipients[i].to);
  }
  return ahead;
}

/// True where the last dot may go.
awaitable<bool> Attempt::send_content(spool::StoredContent& content) {
  const auto asked = co_await submission_.data();
  if (!asked.is_accepted()) {
    judge_tried(asked);
    co_return false;
  }
  std::uint64_t sent = 0;
  while (sent < content.size()) {
    const auto block = co_await content.read(sent, kBlock);
    if (!block || block->empty()) {
      end_with(End::local, block ? "its content is shorter than it was" : block.error().reply.text);
      co_return false;
    }
    if (const auto failed = co_await submission_.content(*block)) {
      judge_tried(*failed);
      co_return false;
    }
    sent += block->size();
  }
  co_return true;
}

/// The mark "the last dot is on its way" is on stable storage before the dot is (safety.md 5).
awaitable<void> Attempt::finish() {
  if (auto marked = co_await services_.spool.apply(entry_.id, spool::DotDue{}); !marked) {
    end_with(End::local, marked.error().reply.text);
    co_return;
  }
  auto word = co_await submission_.last_dot();
  if (!word) word = co_await submission_.verdict();
  judge_tried(*word);
}

void Attempt::judge(spool::Recipient& recipient, const Word& word) {
  delivery::judge(recipient, word);
  if (recipient.status == Status::waiting) result_.word = word.reply.text();
}

/// The word holds for all recipients whose content it is about.
void Attempt::judge_tried(const Word& word) {
  if (word.source == Word::Source::unknown) {
    end_with(End::unknown, word.reply.text());
    return;
  }
  if (word.source == Word::Source::lost) {
    result_.word = word.reply.text();
    return;
  }
  if (word.lesson && services_.repairs.begin(*submission_.order().account, *word.lesson)) {
    result_.again_at_once = true;
    result_.word = word.reply.text();
    return;
  }
  for (const auto index : tried_) judge(result_.recipients[index], word);
}

void Attempt::end_with(End end, std::string word) {
  result_.end = end;
  result_.word = std::move(word);
}

}  // namespace homeward::delivery
