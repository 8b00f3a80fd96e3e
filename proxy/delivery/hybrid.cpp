#include "proxy/delivery/hybrid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/delivery/runner.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using smtp::Reply;
using spool::State;

constexpr std::size_t kBlock = 64UL * 1024;

Reply kept(const std::string& id, const conf::AccountConfig& account, const std::string& cause) {
  auto text = fmt::format("Kept as {}, {} sends it on", id, account.name());
  if (!cause.empty()) text += ": " + cause;
  return smtp::make_reply(250, {2, 0, 0}, std::move(text));
}

/// Outlives the client's wait, and with it the session, where patience ends first.
awaitable<void> wait_for_verdict(std::shared_ptr<Submission> submission, net::Pending<Word> verdict) {
  // Whatever comes of it, who waits for it goes on.
  Word word{Word::Source::unknown, Word::About::message,
            smtp::make_reply(451, {4, 3, 0}, "something went wrong here")};
  word.fault = Fault::local;
  std::exception_ptr escaped;
  try {
    word = co_await submission->verdict();
  } catch (...) {
    escaped = std::current_exception();
  }
  submission->drop();
  verdict.set(std::move(word));
  if (escaped) std::rethrow_exception(escaped);
}

}  // namespace

Hybrid::Hybrid(Services& services, SubmissionOrder order)
    : services_(services), order_(std::move(order)), draft_(services.spool.draft()) {}

Hybrid::Hybrid(Services& services, SubmissionOrder order, MessageRate::Ticket ticket)
    : Hybrid(services, std::move(order)) {
  submission_ = std::make_shared<Submission>(services, order_, std::move(ticket));
}

awaitable<Reply> Hybrid::rcpt(smtp::Recipient to, smtp::Ahead ahead) {
  std::optional<Word> word;
  if (submission_) {
    word = co_await submission_->rcpt(to, ahead);
    if (word->is_accepted()) {
      accepted_.push_back({std::move(to), true, std::nullopt});
      co_return std::move(word->reply);
    }
    if (is_refusal(*word)) co_return std::move(word->reply);
  }
  co_return keep(std::move(to), word);
}

/// This recipient goes to the spool; with it all the others, where `word` is no verdict on it alone.
Reply Hybrid::keep(smtp::Recipient to, const std::optional<Word>& word) {
  if (auto full = no_room(word)) return std::move(*full);
  std::optional<Reply> last;
  if (word) {
    last = word->reply;
    if (word->source != Word::Source::upstream || word->about == Word::About::sender) turn(*word);
  }
  accepted_.push_back({std::move(to), false, std::move(last)});
  return smtp::make_reply(250, {2, 1, 5},
                          word ? fmt::format("Recipient OK, kept here for a while: {}", word->reply.text())
                               : std::string("Recipient OK, kept here for a while"));
}

/// What a client is told where the spool can't take its message: upstream's word, else that there is no room.
std::optional<Reply> Hybrid::no_room(const std::optional<Word>& word) const {
  auto room = services_.spool.has_room(order_.envelope.parameters.size.value_or(0));
  if (room) return std::nullopt;
  log::warning("spool.no_room", {{"id", order_.envelope.id}, {"cause", room.error().reply.text}});
  if (word && word->reply.is_transient()) return word->reply;
  return smtp::make_reply(room.error().reply);
}

/// From live to the spool: upstream's part of the transaction is dropped, what it accepted waits.
void Hybrid::turn(const Word& word) {
  cause_ = word.reply.text();
  log::info("transaction.turned",
            {{"id", order_.envelope.id}, {"account", order_.account->name()}, {"cause", cause_}});
  drop();
  for (auto& recipient : accepted_) recipient.live = false;
}

void Hybrid::drop() {
  if (submission_) submission_->drop();
  submission_.reset();
}

bool Hybrid::has(bool live) const {
  return std::ranges::find(accepted_, live, &Accepted::live) != accepted_.end();
}

awaitable<Reply> Hybrid::data() {
  if (submission_ && !has(true)) drop();  // nobody there to send it to
  if (submission_) {
    const auto word = co_await submission_->data();
    if (word.is_accepted() || is_refusal(word)) co_return word.reply;
    if (auto full = no_room(word)) co_return std::move(*full);
    turn(word);
  }
  co_return smtp::make_reply(354, "Go ahead; end with a dot on a line of its own");
}

awaitable<void> Hybrid::content(std::string_view block) {
  octets_ += block.size();
  if (failed_) co_return;
  if (!draft_failed_) {
    if (auto taken = co_await draft_.append(block); !taken) draft_failed_ = std::move(taken.error());
  }
  if (submission_) {
    if (const auto word = co_await submission_->content(block)) {
      if (draft_failed_ || is_refusal(*word)) {
        failed_ = word->reply;
      } else {
        turn(*word);
      }
    }
  }
  // Who waits for the spool can't be promised anything without it.
  if (draft_failed_ && !failed_ && has(false)) failed_ = smtp::make_reply(draft_failed_->reply);
  if (failed_) drop();
}

awaitable<Outcome> Hybrid::commit() {
  if (failed_) co_return Outcome{*failed_, Fate::refused, {}};
  co_return submission_ ? co_await commit_live() : co_await spool_all(State::queued, cause_);
}

awaitable<void> Hybrid::abort() {
  drop();
  co_return;
}

awaitable<Outcome> Hybrid::commit_live() {
  if (has(false)) {
    if (auto failed = co_await store_waiting()) co_return std::move(*failed);
  }
  auto word = co_await last_word();
  if (word && co_await may_send_again(*word)) word = co_await last_word();
  co_return word ? co_await settle(*word) : co_await hand_over();
}

/// Nothing where patience ended before it came.
awaitable<std::optional<Word>> Hybrid::last_word() {
  auto word = co_await submission_->last_dot();
  if (!word) word = co_await await_verdict();
  co_return word;
}

/// The whole message was refused for its sender or From, and another may be taken: true where all of it is
/// there once more, but for the last dot.
awaitable<bool> Hybrid::may_send_again(const Word& refusal) {
  if (!refusal.lesson || draft_failed_ || !services_.repairs.begin(*order_.account, *refusal.lesson))
    co_return false;
  auto again = std::make_shared<Submission>(services_, order_, MessageRate::Ticket{});
  const bool is_there = co_await offer_again(*again);
  if (is_there)
    submission_ = std::move(again);
  else
    again->drop();
  co_return is_there;
}

awaitable<bool> Hybrid::offer_again(Submission& again) {
  for (const auto& recipient : accepted_) {
    if (recipient.live && !(co_await again.rcpt(recipient.to, {})).is_accepted()) co_return false;
  }
  if (!(co_await again.data()).is_accepted()) co_return false;
  std::uint64_t sent = 0;
  while (sent < draft_.size()) {
    const auto block = co_await draft_.read(sent, kBlock);
    if (!block || block->empty() || co_await again.content(*block)) co_return false;
    sent += block->size();
  }
  co_return true;
}

/// Who waits is on stable storage, pending, before upstream may say yes for the others.
awaitable<std::optional<Outcome>> Hybrid::store_waiting() {
  auto done = co_await store(State::pending, "waits for the verdict on the other recipients");
  if (done) co_return std::nullopt;
  drop();  // without a last dot
  co_return not_stored(done.error());
}

awaitable<std::optional<Word>> Hybrid::await_verdict() {
  verdict_.emplace(services_.supervisor.executor());
  services_.supervisor.spawn("verdict:" + order_.envelope.id, wait_for_verdict(submission_, *verdict_));
  co_return co_await verdict_->get(order_.patience);
}

awaitable<Outcome> Hybrid::settle(const Word& word) {
  if (word.is_accepted()) co_return co_await delivered(word);
  const bool final = word.source == Word::Source::ours || word.source == Word::Source::upstream;
  if (draft_failed_ || (final && word.reply.is_permanent())) co_return co_await refused(word);
  for (auto& recipient : accepted_) {
    if (!recipient.last) recipient.last = word.reply;
  }
  co_return co_await spool_all(word.source == Word::Source::unknown ? State::reply_unknown : State::deferred,
                               word.reply.text());
}

awaitable<Outcome> Hybrid::delivered(const Word& word) {
  Outcome outcome{word.reply, Fate::delivered, {}};
  for (const auto& recipient : accepted_) {
    if (recipient.live && !submission_->offers_dsn()) outcome.relayed.push_back(recipient.to);
  }
  if (!stored_) co_return outcome;
  auto released = co_await services_.spool.apply(
      order_.envelope.id, spool::Released{recipients(spool::Recipient::Status::delivered)});
  if (!released) {
    // The others are safe with upstream, but these are not with us: the client must come again.
    co_return Outcome{
        smtp::make_reply(451, {4, 3, 0},
                         fmt::format("Some recipients have it already, the others could not be kept: {}",
                                     released.error().reply.text)),
        Fate::refused, std::move(outcome.relayed)};
  }
  services_.runner.added(*released);
  outcome.fate = Fate::split;
  co_return outcome;
}

awaitable<Outcome> Hybrid::refused(const Word& word) {
  if (stored_) {
    // Pending entries end at a restart too: a failure here loses nothing and keeps nothing.
    (void)co_await services_.spool.apply(order_.envelope.id, spool::Dropped{word.reply.text()});
  }
  co_return Outcome{word.reply, Fate::refused, {}};
}

/// The client can't wait any longer: the message is ours now, and its verdict the runner's.
awaitable<Outcome> Hybrid::hand_over() {
  if (draft_failed_) {
    // Nothing to stand in with: the wait goes on.
    const auto word = co_await verdict_->get();
    co_return word ? co_await settle(*word) : not_stored(*draft_failed_);
  }
  std::vector<smtp::Recipient> tried;
  for (const auto& recipient : accepted_) {
    if (recipient.live) tried.push_back(recipient.to);
  }
  const auto cause = fmt::format("{} has not answered yet", submission_->server());
  auto done = co_await store(State::sending, cause);
  if (!done) {
    // It can't be ours: the verdict, whenever it comes, is the client's.
    const auto word = co_await verdict_->get();
    co_return word ? co_await settle(*word) : not_stored(done.error());
  }
  const bool reports_itself = submission_->offers_dsn();
  submission_.reset();  // its connection is the waiting task's now
  services_.runner.adopt(order_.config, entry(State::sending), std::move(tried), *verdict_, reports_itself);
  co_return Outcome{kept(order_.envelope.id, *order_.account, cause), Fate::spooled, {}};
}

awaitable<Outcome> Hybrid::spool_all(State state, std::string cause) {
  for (auto& recipient : accepted_) recipient.live = false;
  drop();
  auto done = co_await store(state, cause);
  if (!done) co_return not_stored(done.error());
  services_.runner.added(entry(state));
  co_return Outcome{kept(order_.envelope.id, *order_.account, cause), Fate::spooled, {}};
}

/// Stores it in `state`, or brings what is stored as pending there.
net::Task<void> Hybrid::store(State state, std::string cause) {
  cause_ = std::move(cause);
  if (stored_) co_return co_await advance(state);
  auto done = co_await services_.spool.store(entry(state), std::move(draft_));
  stored_ = done.has_value();
  if (!done) draft_failed_ = done.error();  // the draft is gone
  co_return done;
}

net::Task<void> Hybrid::advance(State state) {
  const auto& id = order_.envelope.id;
  const auto wanted = entry(state);
  spool::Event event = spool::Released{recipients()};
  if (state == State::sending) event = spool::DotDue{};
  if (state == State::reply_unknown) event = spool::AnswerLost{wanted.next, cause_};
  auto done = co_await services_.spool.apply(id, std::move(event));
  if (done && state == State::deferred) {
    // It is ours already: where its time can't be written, it is tried sooner.
    const auto timed = co_await services_.spool.apply(id, spool::Settled{recipients(), wanted.next, cause_});
    if (!timed) log::warning("spool.time_unwritten", {{"id", id}, {"cause", timed.error().reply.text}});
  }
  if (!done) co_return std::unexpected(std::move(done.error()));
  co_return Result<void>{};
}

spool::Entry Hybrid::entry(State state) const {
  const auto now = services_.spool.now();
  spool::Entry entry;
  entry.id = order_.envelope.id;
  entry.account = order_.account->name();
  entry.state = state;
  entry.origin = order_.envelope.origin;
  entry.from = order_.envelope.from;
  entry.parameters = order_.envelope.parameters;
  entry.recipients = recipients();
  entry.octets = octets_;
  entry.received = now;
  entry.next = now.witnessed;
  entry.last_word = cause_;
  if (state == State::deferred) entry.next += order_.account->retry;
  if (state == State::reply_unknown) {
    entry.next += spool::kUnknownPause;
    entry.possible_copy = true;
  }
  // Of one that is being sent, the settling counts the attempt.
  if (state == State::deferred || state == State::reply_unknown) {
    entry.attempts = 1;
    entry.last_attempt = now;
  }
  return entry;
}

/// As the spool keeps them: who is live counts as delivered once upstream has said yes.
std::vector<spool::Recipient> Hybrid::recipients(spool::Recipient::Status live) const {
  std::vector<spool::Recipient> all;
  all.reserve(accepted_.size());
  for (const auto& recipient : accepted_) {
    all.push_back({.to = recipient.to,
                   .status = recipient.live ? live : spool::Recipient::Status::waiting,
                   .last = recipient.last});
  }
  return all;
}

Outcome Hybrid::not_stored(const Error& error) const {
  log::error("spool.store_failed",
             {{"id", order_.envelope.id}, {"cause", error.reply.text}, {"detail", error.detail}});
  return {smtp::make_reply(error.reply), Fate::refused, {}};
}

}  // namespace homeward::delivery
