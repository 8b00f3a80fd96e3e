#include "proxy/frontend/client_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "proxy/base/log.hpp"
#include "proxy/base/trace_id.hpp"
#include "proxy/smtp/look_ahead.hpp"

namespace homeward::frontend {
namespace {

using net::asio::awaitable;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kCommandRead = 1000;  // what malloc has at hand
constexpr std::size_t kGroupRead = 4 * 1024;
constexpr std::size_t kFirstContentRead = 16 * 1024;  // most messages are smaller
constexpr std::size_t kContentRead = 64 * 1024;
constexpr Milliseconds kLastWords{5000};
/// So many recipients are looked at before their turn; each look reads them anew.
constexpr std::size_t kMostAhead = 64;
/// A refused message is read on to its end, so that we stay in step, but not for ever.
constexpr std::uint64_t kMaxOverrun = 64ULL << 20U;
/// Content slower than this, over data_timeout, is not a slow line but somebody holding us (safety.md 2.9).
constexpr std::uint64_t kLeastOctetsPerSecond = 1024;

smtp::ServerSettings settings_of(const SessionFacts& facts) {
  return {facts.config->hostname, facts.config->max_message_size, facts.config->max_recipients,
          facts.tolerate};
}

std::string names_of(smtp::QuirkSet quirks) {
  std::string names;
  for (const auto& [quirk, name] : smtp::kQuirkNames) {
    if (!quirks.has(quirk)) continue;
    if (!names.empty()) names += ',';
    names += name;
  }
  return names;
}

}  // namespace

ClientSession::ClientSession(SessionFacts facts, std::unique_ptr<net::Stream> stream,
                             std::unique_ptr<delivery::Delivery> delivery)
    : facts_(std::move(facts)),
      stream_(std::move(stream)),
      delivery_(std::move(delivery)),
      dialog_(settings_of(facts_)) {}

/// The idle wait stands here, so that an idle client costs no further frames: all others come and go.
awaitable<void> ClientSession::run() {
  tell_opened();
  bool going_on = co_await greet();
  while (going_on && co_await obey_lines()) {
    begin_wait(left_for_command());
    const auto waited = co_await stream_->wait_input();
    going_on = co_await read_command(end_wait(waited ? nullptr : &waited.error()));
  }
  co_await finish();
}

awaitable<void> ClientSession::finish() {
  co_await delivery_->abort();
  co_await remember_unread();
  co_await stream_->shutdown();
  tell_closed();
}

void ClientSession::tell_opened() const {
  const bool known = owner_ && owner_->user;
  log::debug("session.opened", {{"client", facts_.client.to_string()},
                                {"listener", facts_.listener},
                                known ? log::Field{"local_user", owner_->user->to_string()} : log::Field{}});
}

void ClientSession::tell_closed() const {
  log::debug("session.closed", {{"client", facts_.client.to_string()},
                                {"name", dialog_.client_name()},
                                {"quirks", names_of(dialog_.quirks_seen())}});
}

void ClientSession::drain() {
  draining_ = true;
  if (waiting_ && must_end()) stream_->stop_reading();
}

void ClientSession::stop_now() {
  stopping_ = true;
  if (waiting_) stream_->stop_reading();
}

awaitable<void> ClientSession::apologise() {
  output_ = smtp::to_wire(smtp::make_reply(421, {4, 3, 0}, "Something went wrong here, try again later"));
  co_await flush();
  co_await stream_->shutdown();
}

/// A function of its own, so that the action does not stay in the frame of run().
awaitable<bool> ClientSession::greet() {
  return obey(dialog_.start());
}

/// Does what the whole lines at hand ask for, and answers. False where the session ends.
awaitable<bool> ClientSession::obey_lines() {
  while (const auto line = next_line()) {
    if (!co_await obey(dialog_.on(*line))) co_return false;
  }
  if (!co_await flush()) co_return false;
  if (must_end()) {
    co_await say_why_we_end();
    co_return false;
  }
  release_memory();
  co_return true;
}

/// The loop around the dialog: action out, event in, until that is the next command.
awaitable<bool> ClientSession::obey(smtp::Action action) {
  while (true) {
    const auto* say = std::get_if<smtp::Say>(&action);
    if (say == nullptr) {
      action = dialog_.on(co_await take_step(action));
      continue;
    }
    if (say->reset) co_await delivery_->abort();
    output_ += smtp::to_wire(say->reply);
    if (say->next == smtp::Next::read_line) {
      expect_command();
      co_return true;
    }
    if (say->next == smtp::Next::close) {
      co_await flush();
      co_return false;
    }
    auto done = co_await read_content();
    if (!done) co_return false;
    action = dialog_.on(*done);
  }
}

awaitable<smtp::StepDone> ClientSession::take_step(const smtp::Action& action) {
  if (const auto* step = std::get_if<smtp::MailStep>(&action)) {
    auto envelope = envelope_of(step->mail);
    if (facts_.unread != nullptr) fingerprint_ = std::make_unique<Fingerprint>(envelope);
    auto reply = co_await delivery_->mail(std::move(envelope));
    last_step_ = Clock::now();
    co_return smtp::StepDone{std::move(reply)};
  }
  if (const auto* step = std::get_if<smtp::RcptStep>(&action)) {
    auto ahead =
        smtp::look_ahead(input_.unread(), facts_.tolerate, std::min(dialog_.recipients_left(), kMostAhead));
    auto reply = co_await delivery_->rcpt(step->to, std::move(ahead));
    if (reply.is_positive() && fingerprint_) fingerprint_->recipient(step->to);
    last_step_ = Clock::now();
    co_return smtp::StepDone{std::move(reply)};
  }
  co_return smtp::StepDone{co_await delivery_->data()};
}

/// The next command has one deadline for the whole of it, so that bytes that drip don't prolong it. Nor do,
/// in a transaction, commands that take it no further: it holds a connection upstream.
void ClientSession::expect_command() {
  due_ = (dialog_.in_transaction() ? last_step_ : Clock::now()) + facts_.config->command_timeout;
}

Milliseconds ClientSession::left_for_command() const {
  return std::chrono::duration_cast<Milliseconds>(due_ - Clock::now());
}

/// The next whole line at hand. Its view stays good until more is read.
std::optional<smtp::LineEvent> ClientSession::next_line() {
  while (const auto line = smtp::split_line(input_.unread(), smtp::kMaxCommandLine)) {
    const bool whole = input_.unread()[line->consumed - 1] == '\n';
    input_.take(line->consumed);
    if (std::exchange(dropping_line_, line->too_long && !whole)) continue;
    return smtp::LineEvent{line->line, line->end, line->too_long, !input_.unread().empty()};
  }
  return std::nullopt;
}

/// More of a command, after the wait for it. False where the session ends.
awaitable<bool> ClientSession::read_command(bool readable) {
  if (readable && co_await fill(left_for_command(), kCommandRead)) {
    // Of a large pipelined group as much as there is, so that it travels on together. Its end is for later.
    if (input_.unread().size() >= kCommandRead && stream_->has_input())
      (void)co_await fill(left_for_command(), kGroupRead);
    co_return true;
  }
  co_await say_why_we_end();
  co_return false;
}

/// Reads the content to its true end and gives the final reply.
awaitable<std::optional<smtp::ContentDone>> ClientSession::read_content() {
  ContentIntake intake(
      {facts_.config->hostname, facts_.config->max_message_size,
       facts_.tolerate.has(smtp::Quirk::bare_lf) ? smtp::BareLf::mend : smtp::BareLf::refuse});
  if (!co_await flush()) co_return std::nullopt;
  if (!co_await take_content(intake)) {
    co_await say_why_we_end();
    co_return std::nullopt;
  }
  if (intake.mended_bare_lf())
    log::debug("session.mended", {{"client", facts_.client.to_string()}, {"quirk", "bare-lf"}});
  if (!intake.refusal()) co_return smtp::ContentDone{co_await hand_over()};
  co_await delivery_->abort();
  log::info("message.refused", {{"client", facts_.client.to_string()}, {"reply", intake.refusal()->text}});
  co_return smtp::ContentDone{smtp::make_reply(*intake.refusal())};
}

/// The verdict on a whole, good message. One whose 250 its client could not read before gets that again.
awaitable<smtp::Reply> ClientSession::hand_over() {
  const auto fingerprint = fingerprint_ ? fingerprint_->finish() : std::nullopt;
  if (fingerprint) {
    if (auto answered = facts_.unread->take(*fingerprint, Clock::now())) {
      co_await delivery_->abort();
      log::info("message.repeated",
                {{"client", facts_.client.to_string()}, {"reply", answered->reply.text()}});
      unconfirmed_ = std::make_unique<UnreadAnswers::Answer>(*answered);
      co_return std::move(answered->reply);
    }
  }
  auto reply = co_await delivery_->commit();
  if (fingerprint && reply.is_positive()) {
    unconfirmed_ = std::make_unique<UnreadAnswers::Answer>(*fingerprint, reply, Clock::now());
  }
  co_return reply;
}

/// A session that ends before its client can have read the last 250.
awaitable<void> ClientSession::remember_unread() {
  if (!unconfirmed_ || (!broken_ && co_await stream_->was_taken())) co_return;
  log::debug("session.answer_unread", {{"client", facts_.client.to_string()}});
  facts_.unread->add(std::move(*unconfirmed_));
}

/// False where the client went, was too slow, or went on and on, before the end.
awaitable<bool> ClientSession::take_content(ContentIntake& intake) {
  Milliseconds waited{0};
  std::uint64_t octets = 0;
  auto size = kFirstContentRead;
  while (true) {
    const auto step = intake.feed(input_.unread());
    input_.take(step.consumed);
    octets += step.consumed;
    if (!intake.content().empty()) {
      if (fingerprint_) fingerprint_->content(intake.content());
      co_await delivery_->content(intake.content());
    }
    if (step.ended) co_return true;
    if (intake.refusal() && octets > facts_.config->max_message_size + kMaxOverrun) {
      output_ += smtp::to_wire(smtp::make_reply(*intake.refusal()));
      co_await flush();
      co_return false;
    }
    const auto earned = std::chrono::seconds(octets / kLeastOctetsPerSecond);
    const auto left = std::min(facts_.config->data_timeout, facts_.config->data_timeout + earned - waited);
    const auto before = Clock::now();
    if (!co_await fill(left, size)) co_return false;
    if (input_.unread().size() >= size) size = kContentRead;  // there is more of it than one read takes
    waited += std::chrono::duration_cast<Milliseconds>(Clock::now() - before);
  }
}

/// Reads more of the client into input_. False where it can't go on.
awaitable<bool> ClientSession::fill(Milliseconds timeout, std::size_t size) {
  if (stopping_) co_return false;
  const auto room = input_.room(size);
  begin_wait(timeout);
  const auto count = co_await stream_->read_some(room);
  if (!end_wait(count ? nullptr : &count.error()) || *count == 0) co_return false;
  input_.put(*count);
  unconfirmed_.reset();  // who goes on has read what was said before
  co_return true;
}

void ClientSession::begin_wait(Milliseconds timeout) {
  stream_->expires_after(std::max(timeout, Milliseconds{1}));
  waiting_ = true;
}

/// True where the wait was not in vain.
bool ClientSession::end_wait(const Error* fault) {
  waiting_ = false;
  stream_->expires_never();
  timed_out_ = fault != nullptr && fault->fault == Fault::timeout;
  broken_ = broken_ || (fault != nullptr && fault->fault == Fault::network);
  return fault == nullptr;
}

/// What a client that may be idle for long needs no more.
void ClientSession::release_memory() {
  input_.release();
  std::string().swap(output_);
  if (!dialog_.in_transaction()) fingerprint_.reset();
}

awaitable<bool> ClientSession::flush() {
  if (output_.empty()) co_return true;
  stream_->expires_after(must_end() || timed_out_ ? kLastWords : facts_.config->command_timeout);
  const auto sent = co_await stream_->write(output_);
  stream_->expires_never();
  output_.clear();
  broken_ = broken_ || !sent;
  co_return sent.has_value();
}

/// 421 where the end is our doing; a client that went hears nothing.
awaitable<void> ClientSession::say_why_we_end() {
  if (!must_end() && !timed_out_) co_return;
  output_ += smtp::to_wire(
      must_end()
          ? smtp::make_reply(421, {4, 3, 2}, facts_.config->hostname + " is shutting down, try again later")
          : smtp::make_reply(421, {4, 4, 2}, "Waited too long for you, closing"));
  co_await flush();
}

mail::Envelope ClientSession::envelope_of(const smtp::Mail& mail) const {
  mail::Envelope envelope;
  envelope.id = make_trace_id();
  auto& origin = envelope.origin;
  origin.client = facts_.client;
  origin.client_name = dialog_.client_name();
  origin.listener = facts_.listener;
  origin.esmtp = dialog_.is_esmtp();
  if (owner_) {
    origin.local_user = owner_->user;
    origin.local_user_trouble = owner_->trouble;
  }
  envelope.from = mail.from;
  envelope.parameters = mail.parameters;
  return envelope;
}

}  // namespace homeward::frontend
