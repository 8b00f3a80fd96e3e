#include "proxy/delivery/submission.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "proxy/base/text.hpp"
#include "proxy/mail/received.hpp"
#include "proxy/mail/rewrite.hpp"
#include "proxy/smtp/command_writer.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using smtp::Reply;
using Phase = upstream::Connection::Phase;

constexpr std::string_view kData = "DATA\r\n";

std::string received_of(const SubmissionOrder& order) {
  const auto& origin = order.envelope.origin;
  return mail::received_field({.hostname = order.config->hostname,
                               .client_name = origin.client_name,
                               .client = origin.client,
                               .esmtp = origin.esmtp,
                               .hide_client = order.account->rules.hide_client,
                               .id = order.envelope.id,
                               .when = order.received});
}

Result<std::string> mail_line(const mail::Envelope& envelope, const smtp::ReversePath& sender,
                              std::size_t added, const smtp::Capabilities& capabilities) {
  auto parameters = envelope.parameters;
  if (parameters.size) *parameters.size += added;
  // Old clients send 8-bit characters without saying so; RFC 6152 §3 wants it said, and saying it in vain
  // harms nobody.
  parameters.body = smtp::BodyType::eight_bit_mime;
  return smtp::write_mail(sender, parameters, capabilities);
}

Word ours(Reply reply, Word::About about) {
  return {Word::Source::ours, about, std::move(reply), std::nullopt, Fault::client};
}

}  // namespace

bool is_refusal(const Word& word, const mail::AdviceTable& advice) {
  if (word.source == Word::Source::ours) return word.reply.is_permanent();
  if (word.source != Word::Source::upstream || !word.reply.is_permanent()) return false;
  return !advice.is_temporary(word.said ? *word.said : word.reply);
}

Submission::Submission(upstream::Pool& pool, SubmissionOrder order, MessageRate::Ticket ticket)
    : pool_(pool),
      order_(std::move(order)),
      sender_(mail::rewrite_sender(order_.account->rules, order_.envelope.from)),
      ticket_(std::move(ticket)),
      trace_(received_of(order_)),
      pending_(pool.begin(order_.config, *order_.account)),
      server_(order_.account->servers.front().host) {}

awaitable<Word> Submission::rcpt(const smtp::Recipient& to, const smtp::Ahead& ahead) {
  if (failed_) co_return *failed_;
  if (!ahead_.empty()) co_return co_await answer_ahead(to);
  while (true) {
    if (auto refused = co_await ready_lease()) co_return std::move(*refused);
    if (auto word = co_await fly(to, ahead)) co_return std::move(*word);
  }
}

/// Waits for the lease that was begun at MAIL; nothing where it is there.
awaitable<std::optional<Word>> Submission::ready_lease() {
  if (failed_) co_return failed_;
  if (lease_) co_return std::nullopt;
  auto lease = co_await pending_->get(order_.patience);
  pending_.reset();
  if (!lease) {
    const auto fault = lease.error().fault;
    co_return fail({Word::Source::nobody, Word::About::message, smtp::make_reply(lease.error().reply),
                    std::nullopt, fault});
  }
  lease_ = std::move(*lease);
  server_ = lease_->connection->endpoint().host;
  offers_dsn_ = lease_->connection->capabilities().dsn;
  const auto most = order_.account->reply_timeout;
  lease_->connection->limit_waits(order_.patience ? std::min(*order_.patience, most) : most);
  if (auto refusal = too_large_for_server()) co_return fail(std::move(*refusal));
  co_return std::nullopt;
}

/// MAIL travels with the first RCPT. RSET clears what an earlier transaction left.
std::expected<Submission::Flight, Word> Submission::plan(const smtp::Recipient& to,
                                                         const smtp::Ahead& ahead) const {
  const auto& connection = *lease_->connection;
  const auto& can = connection.capabilities();
  Flight flight;
  if (!mail_accepted_) {
    auto mail = mail_line(order_.envelope, sender_, trace_.size(), can);
    if (!mail) return std::unexpected(ours(smtp::make_reply(mail.error().reply), Word::About::sender));
    flight.reset = connection.phase() == Phase::transaction;
    if (flight.reset) flight.commands.emplace_back("RSET\r\n");
    flight.mail = true;
    flight.commands.push_back(std::move(*mail));
  }
  auto rcpt = smtp::write_rcpt(to, can);
  if (!rcpt) return std::unexpected(ours(smtp::make_reply(rcpt.error().reply), Word::About::recipient));
  flight.commands.push_back(std::move(*rcpt));
  if (!can.pipelining) return flight;
  bool all = true;
  for (const auto& next : ahead.recipients) {
    auto line = smtp::write_rcpt(next, can);
    all = line && flight.ahead.size() < kMostAhead;
    if (!all) break;
    flight.ahead.push_back(*line);
    flight.commands.push_back(std::move(*line));
  }
  flight.data = all && ahead.data && !ContentChannel::goes_in_chunks(can);
  if (flight.data) flight.commands.emplace_back(kData);
  return flight;
}

/// The answer to `to`; nothing where an idle connection turned out to be dead and another is on its way.
awaitable<std::optional<Word>> Submission::fly(const smtp::Recipient& to, const smtp::Ahead& ahead) {
  auto flight = plan(to, ahead);
  if (!flight) co_return std::move(flight.error());
  const bool reset = flight->reset;
  const bool mail = flight->mail;
  sender_refused_.reset();
  if (auto sent = co_await take_off(std::move(*flight)); !sent) co_return begin_again_or_fail(sent.error());
  if (reset) {
    const auto reply = co_await answer();
    if (!reply) co_return begin_again_or_fail(reply.error());
    if (!reply->is_positive()) co_return out_of_step("RSET", *reply);
  }
  if (mail) {
    auto reply = co_await answer();
    if (!reply) co_return begin_again_or_fail(reply.error());
    was_heard_ = true;
    ticket_.answered();
    if (reply->is_intermediate()) co_return out_of_step("MAIL", *reply);
    mail_accepted_ = reply->is_positive();
    if (!mail_accepted_) sender_refused_ = said(std::move(*reply), Word::About::sender);
  }
  co_return co_await answer_to_rcpt();
}

net::Task<void> Submission::take_off(Flight flight) {
  auto& connection = *lease_->connection;
  if (auto heard = co_await hear_early_data(); !heard) co_return heard;
  if (auto unasked = co_await connection.unasked_reply()) co_return std::unexpected(std::move(*unasked));
  if (flight.mail) {
    ticket_.sent();
    lease_->probe_if_rested();
    connection.enter(Phase::transaction);
  }
  if (!connection.capabilities().pipelining) {
    unsent_.assign(flight.commands.begin(), flight.commands.end());
    co_return Result<void>{};
  }
  ahead_ = std::move(flight.ahead);
  data_ahead_ = flight.data;
  co_return co_await connection.send(fmt::format("{}", fmt::join(flight.commands, "")),
                                     static_cast<unsigned>(flight.commands.size()));
}

/// DATA travelled ahead, and nobody was accepted: its refusal belongs to what is over.
net::Task<void> Submission::hear_early_data() {
  if (!std::exchange(data_ahead_, false)) co_return Result<void>{};
  auto& connection = *lease_->connection;
  const auto reply = co_await connection.read_reply();
  if (!reply) co_return std::unexpected(reply.error());
  if (!reply->is_intermediate()) co_return Result<void>{};
  connection.close();  // it waits for a content that will not come
  co_return std::unexpected(
      make_error(Fault::protocol, 451, {4, 4, 0}, "DATA was taken without a recipient"));
}

/// The reply to the next command of the flight.
net::Task<smtp::Reply> Submission::answer() {
  auto& connection = *lease_->connection;
  if (!unsent_.empty()) {
    const auto command = std::move(unsent_.front());
    unsent_.pop_front();
    if (auto sent = co_await connection.send(command, 1); !sent)
      co_return std::unexpected(std::move(sent.error()));
  }
  co_return co_await connection.read_reply();
}

/// A refused MAIL is told as such, and tried again with the next RCPT that does not travel yet: the server
/// may refuse for the recipient's sake.
awaitable<Word> Submission::answer_to_rcpt() {
  if (sender_refused_ && !unsent_.empty()) {  // it need not be said any more
    unsent_.clear();
    lease_->connection->enter(Phase::ready);
    co_return *sender_refused_;
  }
  auto reply = co_await answer();
  if (!reply) co_return fail(lost(reply.error()));
  if (reply->is_intermediate() || (sender_refused_ && reply->is_positive()))
    co_return out_of_step("RCPT", *reply);
  if (!sender_refused_) co_return said(std::move(*reply), Word::About::recipient);
  if (lease_->connection->replies_owed() == 0) lease_->connection->enter(Phase::ready);
  co_return *sender_refused_;
}

awaitable<Word> Submission::answer_ahead(const smtp::Recipient& to) {
  const auto wanted = smtp::write_rcpt(to, lease_->connection->capabilities());
  const auto sent = std::move(ahead_.front());
  ahead_.pop_front();
  if (wanted && *wanted == sent) co_return co_await answer_to_rcpt();
  lease_->connection->close();  // its replies would be taken for somebody else's
  co_return fail(lost(make_error(Fault::local, 451, {4, 3, 0}, "the recipients came in another order")));
}

/// A connection that was idle may have died meanwhile; nothing of this transaction has reached anybody.
std::optional<Word> Submission::begin_again_or_fail(const Error& error) {
  if (!lease_->was_used() || was_heard_ || interrupted_ || error.fault == Fault::timeout) {
    return fail(lost(error));
  }
  unsent_.clear();
  ahead_.clear();
  data_ahead_ = false;
  pending_ = pool_.replace(std::move(*lease_));
  lease_.reset();
  return std::nullopt;
}

awaitable<Word> Submission::data() {
  if (failed_) co_return *failed_;
  auto& connection = *lease_->connection;
  const Word go_ahead{Word::Source::upstream, Word::About::message,
                      smtp::make_reply(354, "Go ahead; end with a dot on a line of its own"), std::nullopt,
                      Fault::refused};
  if (!ahead_.empty()) co_return out_of_step("RCPT", Reply{});
  content_.emplace(connection);
  if (!ContentChannel::goes_in_chunks(connection.capabilities())) {
    if (!data_ahead_) {
      if (auto unasked = co_await connection.unasked_reply()) co_return fail(lost(*unasked));
      if (auto sent = co_await connection.send(kData, 1); !sent) co_return fail(lost(sent.error()));
    }
    auto reply = co_await connection.read_reply();
    if (!reply) co_return fail(lost(reply.error()));
    if (reply->is_positive()) co_return out_of_step("DATA", *reply);
    if (!reply->is_intermediate()) co_return said(std::move(*reply), Word::About::message);
    connection.enter(Phase::content);
  }
  // A write that fails is told by the next step.
  (void)co_await content(trace_);
  co_return go_ahead;
}

awaitable<std::optional<Word>> Submission::content(std::string_view block) {
  if (failed_) co_return failed_;
  if (auto refusal = unfit(block)) {
    lease_->connection->close();  // without a last dot: nothing of it stays there
    co_return fail(std::move(*refusal));
  }
  auto refused = co_await content_->add(block);
  if (!refused) co_return fail(lost(refused.error()));
  if (*refused) co_return fail(said(std::move(**refused), Word::About::message));
  co_return std::nullopt;
}

/// What the account's server can't take, seen only while the content passes.
std::optional<Word> Submission::unfit(std::string_view block) const {
  if (lease_->connection->capabilities().eight_bit_mime || text::is_ascii(block)) return std::nullopt;
  return ours(
      smtp::make_reply(554, {5, 6, 1},
                       fmt::format("{}: the message holds 8-bit characters, which this server does not take "
                                   "(no 8BITMIME): send it encoded (quoted-printable or base64)",
                                   order_.account->name())),
      Word::About::message);
}

awaitable<std::optional<Word>> Submission::last_dot() {
  if (failed_) co_return failed_;
  // An answer that came before the end must not be taken for the verdict on the whole.
  auto refused = co_await content_->settle();
  if (!refused) co_return fail(lost(refused.error()));
  if (*refused) co_return fail(said(std::move(**refused), Word::About::message));
  if (const auto sent = co_await content_->end(); !sent) {
    co_return fail({Word::Source::unknown, Word::About::message, lost_after_dot(upstream(), sent.error()),
                    std::nullopt, sent.error().fault});
  }
  co_return std::nullopt;
}

awaitable<Word> Submission::verdict() {
  auto& connection = *lease_->connection;
  auto reply = co_await connection.read_reply(order_.account->reply_timeout * 2);
  if (!reply) {
    // 421 is a word on the message too: it was not taken.
    if (reply.error().fault == Fault::refused) co_return fail(lost(reply.error()));
    co_return fail({Word::Source::unknown, Word::About::message, lost_after_dot(upstream(), reply.error()),
                    std::nullopt, reply.error().fault});
  }
  connection.enter(reply->is_positive() ? Phase::ready : Phase::transaction);
  if (!reply->is_intermediate()) co_return said(std::move(*reply), Word::About::message);
  connection.close();
  const auto question =
      make_error(Fault::protocol, 451, {4, 4, 0}, "the last dot was answered with a question");
  co_return fail({Word::Source::unknown, Word::About::message, lost_after_dot(upstream(), question),
                  std::nullopt, question.fault});
}

void Submission::drop() {
  pending_.reset();
  content_.reset();
  ticket_ = {};
  if (!lease_) return;
  pool_.give_back(std::move(*lease_));
  lease_.reset();
}

void Submission::interrupt() {
  interrupted_ = true;
  if (pending_) pending_->cancel();
  if (lease_) lease_->connection->close();
}

Word Submission::said(Reply reply, Word::About about) const {
  auto told_reply = about == Word::About::sender ? told_of_sender(upstream(), sender_.to_string(), reply)
                                                 : told(upstream(), reply);
  return {Word::Source::upstream, about, std::move(told_reply), std::move(reply), Fault::refused};
}

Word Submission::lost(const Error& error) const {
  return {Word::Source::lost, Word::About::message, delivery::lost(upstream(), error), std::nullopt,
          error.fault};
}

/// 2yz to DATA, 3yz to anything else: the two sides no longer mean the same.
Word Submission::out_of_step(std::string_view command, const Reply& reply) {
  lease_->connection->close();
  return fail(lost(
      make_error(Fault::protocol, 451, {4, 4, 0}, fmt::format("{} answered with {}", command, reply.code))));
}

Word Submission::fail(Word word) {
  if (!failed_) failed_ = word;
  return word;
}

/// SIZE of the account's server, known only now that we are connected. RFC 1870 §6.1.
std::optional<Word> Submission::too_large_for_server() const {
  const auto limit = lease_->connection->capabilities().size_limit;
  const auto declared = order_.envelope.parameters.size.value_or(0);
  if (!limit || declared + trace_.size() <= *limit || declared == 0) return std::nullopt;
  return ours(
      smtp::make_reply(552, {5, 3, 4},
                       fmt::format("{} ({}): message of {} octets is too large: the server takes at most {}",
                                   order_.account->name(), server(), declared, *limit)),
      Word::About::message);
}

Upstream Submission::upstream() const {
  return {order_.account->name(), server()};
}

}  // namespace homeward::delivery
