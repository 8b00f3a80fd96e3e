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
using smtp::Event;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kCommandRead = 4 * 1024;
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

awaitable<void> ClientSession::run() {
  log::debug("session.opened", {{"client", facts_.client.to_string()}, {"listener", facts_.listener}});
  co_await converse();
  co_await delivery_->abort();
  co_await remember_unread();
  co_await stream_->shutdown();
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

/// The loop around the dialog: action out, event in.
awaitable<void> ClientSession::converse() {
  smtp::Action action = dialog_.start();
  while (auto event = co_await carry_out(std::move(action))) action = dialog_.on(*event);
}

awaitable<std::optional<Event>> ClientSession::carry_out(smtp::Action action) {
  if (const auto* reply = std::get_if<smtp::Say>(&action)) co_return co_await say(*reply);
  if (const auto* step = std::get_if<smtp::MailStep>(&action)) {
    auto envelope = envelope_of(step->mail);
    fingerprint_.begin(envelope);
    auto reply = co_await delivery_->mail(std::move(envelope));
    last_step_ = Clock::now();
    co_return smtp::StepDone{std::move(reply)};
  }
  if (const auto* step = std::get_if<smtp::RcptStep>(&action)) {
    auto ahead = smtp::look_ahead(std::string_view(input_).substr(taken_), facts_.tolerate,
                                  std::min(dialog_.recipients_left(), kMostAhead));
    auto reply = co_await delivery_->rcpt(step->to, std::move(ahead));
    if (reply.is_positive()) fingerprint_.recipient(step->to);
    last_step_ = Clock::now();
    co_return smtp::StepDone{std::move(reply)};
  }
  co_return smtp::StepDone{co_await delivery_->data()};
}

awaitable<std::optional<Event>> ClientSession::say(const smtp::Say& say) {
  if (say.reset) co_await delivery_->abort();
  output_ += smtp::to_wire(say.reply);
  switch (say.next) {
    case smtp::Next::read_line:
      co_return co_await read_line();
    case smtp::Next::read_content:
      co_return co_await read_content();
    case smtp::Next::close:
      break;
  }
  co_await flush();
  co_return std::nullopt;
}

/// The next command; the whole of it has one deadline, so that bytes that drip don't prolong it. Nor do, in a
/// transaction, commands that take it no further: it holds a connection upstream.
awaitable<std::optional<Event>> ClientSession::read_line() {
  const auto due = (dialog_.in_transaction() ? last_step_ : Clock::now()) + facts_.config->command_timeout;
  while (true) {
    const auto line = smtp::split_line(std::string_view(input_).substr(taken_), smtp::kMaxCommandLine);
    if (line) {
      // The view stays good: input_ is not touched before the dialog has seen the line.
      taken_ += line->consumed;
      const bool was_dropping = std::exchange(dropping_line_, line->too_long && input_[taken_ - 1] != '\n');
      if (was_dropping) continue;
      co_return smtp::LineEvent{line->line, line->end, line->too_long, unread() > 0};
    }
    if (!co_await flush()) co_return std::nullopt;
    const auto left = std::chrono::duration_cast<Milliseconds>(due - Clock::now());
    if (must_end() || !co_await fill(left, kCommandRead)) {
      co_await say_why_we_end();
      co_return std::nullopt;
    }
  }
}

/// Reads the content to its true end and gives the final reply.
awaitable<std::optional<Event>> ClientSession::read_content() {
  ContentIntake intake(
      {facts_.config->hostname, facts_.config->max_message_size,
       facts_.tolerate.has(smtp::Quirk::bare_lf) ? smtp::BareLf::mend : smtp::BareLf::refuse});
  if (!co_await flush()) co_return std::nullopt;
  if (!co_await take_content(intake)) {
    co_await say_why_we_end();
    co_return std::nullopt;
  }
  if (input_.capacity() > kContentRead) input_ = input_.substr(taken_), taken_ = 0;
  if (intake.mended_bare_lf())
    log::debug("session.mended", {{"client", facts_.client.to_string()}, {"quirk", "bare-lf"}});
  if (!intake.refusal()) co_return smtp::ContentDone{co_await hand_over()};
  co_await delivery_->abort();
  log::info("message.refused", {{"client", facts_.client.to_string()}, {"reply", intake.refusal()->text}});
  co_return smtp::ContentDone{smtp::make_reply(*intake.refusal())};
}

/// The verdict on a whole, good message. One whose 250 its client could not read before gets that again.
awaitable<smtp::Reply> ClientSession::hand_over() {
  const auto fingerprint = facts_.unread != nullptr ? fingerprint_.finish() : std::nullopt;
  if (fingerprint) {
    if (auto answered = facts_.unread->take(*fingerprint, Clock::now())) {
      co_await delivery_->abort();
      log::info("message.repeated",
                {{"client", facts_.client.to_string()}, {"reply", answered->reply.text()}});
      unconfirmed_ = *answered;
      co_return std::move(answered->reply);
    }
  }
  auto reply = co_await delivery_->commit();
  if (fingerprint && reply.is_positive()) unconfirmed_ = {*fingerprint, reply, Clock::now()};
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
  while (true) {
    const auto step = intake.feed(std::string_view(input_).substr(taken_));
    taken_ += step.consumed;
    octets += step.consumed;
    if (!intake.content().empty()) {
      fingerprint_.content(intake.content());
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
    if (!co_await fill(left, kContentRead)) co_return false;
    waited += std::chrono::duration_cast<Milliseconds>(Clock::now() - before);
  }
}

/// Reads more of the client into input_. False where it can't go on.
awaitable<bool> ClientSession::fill(Milliseconds timeout, std::size_t size) {
  input_.erase(0, taken_);
  taken_ = 0;
  const auto have = input_.size();
  input_.resize(have + size);
  stream_->expires_after(std::max(timeout, Milliseconds{1}));
  waiting_ = true;
  auto count = co_await stream_->read_some(std::span(input_.data() + have, size));
  waiting_ = false;
  stream_->expires_never();
  input_.resize(have + (count ? *count : 0));
  timed_out_ = !count && count.error().fault == Fault::timeout;
  broken_ = broken_ || (!count && count.error().fault == Fault::network);
  if (count && *count > 0) unconfirmed_.reset();  // who goes on has read what was said before
  co_return count && *count > 0;
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
  envelope.origin = {facts_.client, dialog_.client_name(), facts_.listener, dialog_.is_esmtp()};
  envelope.from = mail.from;
  envelope.parameters = mail.parameters;
  return envelope;
}

}  // namespace homeward::frontend
