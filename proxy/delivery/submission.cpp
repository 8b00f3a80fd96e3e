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

smtp::ReversePath sender_of(const SubmissionOrder& order, SenderRules learned) {
  const auto& rules = order.account->rules;
  auto sender = mail::rewrite_sender(rules, order.envelope.from);
  const bool own = sender.is_null() ? learned.own_null_sender : learned.own_sender;
  return own ? smtp::ReversePath{rules.address} : sender;
}

}  // namespace

bool is_refusal(const Word& word) {
  if (word.source == Word::Source::ours) return word.reply.is_permanent();
  return word.source == Word::Source::upstream && word.reply.is_permanent() && !word.passes;
}

Submission::Submission(Services& services, SubmissionOrder order, MessageRate::Ticket ticket)
    : services_(services),
      order_(std::move(order)),
      used_(services.repairs.rules(*order_.account)),
      sender_(sender_of(order_, used_)),
      ticket_(std::move(ticket)),
      trace_(received_of(order_)),
      pending_(services.pool.begin(order_.config, *order_.account)),
      server_(order_.account->servers.front().host) {}

awaitable<Word> Submission::rcpt(const smtp::Recipient& to, const smtp::Ahead& ahead) {
  if (failed_) co_return *failed_;
  if (!ahead_.empty()) co_return co_await answer_ahead(to);
  while (true) {
    if (auto refused = co_await ready_lease()) co_return std::move(*refused);
    auto word = co_await fly(to, ahead);
    if (!word || co_await may_fly_again(*word)) continue;
    learn_from(*word, false);
    co_return std::move(*word);
  }
}

/// True where the sender was refused and another is to be tried: nothing of the flight is left then.
awaitable<bool> Submission::may_fly_again(const Word& word) {
  if (!word.lesson || repaired_ || any_accepted_ || !services_.repairs.begin(*order_.account, *word.lesson))
    co_return false;
  repaired_ = true;
  auto& connection = *lease_->connection;
  ahead_.clear();
  unsent_.clear();
  data_ahead_ = false;
  co_await connection.catch_up();
  used_ = services_.repairs.rules(*order_.account);
  sender_ = sender_of(order_, used_);
  mail_accepted_ = false;
  co_return true;
}

/// A sender is known to be taken once a recipient is; a From with the whole message alone.
void Submission::learn_from(const Word& word, bool whole_message) {
  any_accepted_ |= word.is_accepted();
  if (used_ == SenderRules{}) return;
  auto used = used_;
  if (!whole_message) used.own_from = false;
  if (!whole_message && !repaired_) return;
  if (word.is_accepted()) services_.repairs.worked(*order_.account, used);
  if (word.blames_sender && !word.lesson) services_.repairs.failed(*order_.account, used);
}

/// Waits for the lease that was begun at MAIL; nothing where it is there.
awaitable<std::optional<Word>> Submission::ready_lease() {
  if (failed_) co_return failed_;
  if (lease_) co_return std::nullopt;
  auto lease = co_await pending_->get(order_.patience);
  pending_.reset();
  if (!lease) {
    const auto fault = lease.error().fault;
    Word nobody{Word::Source::nobody, Word::About::message, smtp::make_reply(lease.error().reply)};
    nobody.fault = fault;
    co_return fail(std::move(nobody));
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
  if (wanted && *wanted == sent) {
    auto word = co_await answer_to_rcpt();
    learn_from(word, false);
    co_return word;
  }
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
  pending_ = services_.pool.replace(std::move(*lease_));
  lease_.reset();
  return std::nullopt;
}

void Submission::drop() {
  pending_.reset();
  content_.reset();
  ticket_ = {};
  if (!lease_) return;
  services_.pool.give_back(std::move(*lease_));
  lease_.reset();
}

void Submission::interrupt() {
  interrupted_ = true;
  if (pending_) pending_->cancel();
  if (lease_) lease_->connection->close();
}

Word Submission::said(Reply reply, Word::About about) const {
  const auto& account = *order_.account;
  const auto* advice = reply.code < 400 ? nullptr : order_.config->advice->find(reply, account.provider);
  Word word;
  word.about = about;
  word.reply = about == Word::About::sender ? told_of_sender(upstream(), sender_.to_string(), reply, advice)
                                            : told(upstream(), reply, advice);
  if (advice != nullptr) {
    word.passes = advice->temporary && reply.is_permanent();
    word.blames_sender = !advice->repairs.empty();
    word.lesson = lesson_of(advice, sender_, account.rules, used_, content_went_);
  }
  word.said = std::move(reply);
  return word;
}

Word Submission::ours(Reply reply, Word::About about) {
  Word word{Word::Source::ours, about, std::move(reply)};
  word.fault = Fault::client;
  return word;
}

Word Submission::lost(const Error& error) const {
  Word word{Word::Source::lost, Word::About::message, delivery::lost(upstream(), error)};
  word.fault = error.fault;
  return word;
}

Word Submission::unknown(const Error& error) const {
  Word word{Word::Source::unknown, Word::About::message, lost_after_dot(upstream(), error)};
  word.fault = error.fault;
  return word;
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
