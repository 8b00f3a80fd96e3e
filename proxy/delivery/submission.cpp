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

Submission::Submission(upstream::Pool& pool, SubmissionOrder order)
    : pool_(pool),
      order_(std::move(order)),
      sender_(mail::rewrite_sender(order_.account->rules, order_.envelope.from)),
      trace_(received_of(order_)),
      pending_(pool.begin(order_.config, *order_.account)),
      server_(order_.account->servers.front().host) {}

awaitable<Word> Submission::rcpt(const smtp::Recipient& to) {
  if (auto refused = co_await ready_lease()) co_return std::move(*refused);
  co_return mail_accepted_ ? co_await next_rcpt(to) : co_await first_rcpt(to);
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
  if (order_.patience) {
    lease_->connection->limit_waits(std::min(*order_.patience, order_.account->reply_timeout));
  }
  if (auto refusal = too_large_for_server()) co_return fail(std::move(*refusal));
  co_return std::nullopt;
}

/// MAIL travels with the first RCPT, in one flight where the server has PIPELINING. A refused MAIL is told
/// as such, and tried again with the next RCPT: the server may refuse for the recipient's sake.
awaitable<Word> Submission::first_rcpt(const smtp::Recipient& to) {
  auto& connection = *lease_->connection;
  const auto mail = mail_line(order_.envelope, sender_, trace_.size(), connection.capabilities());
  const auto rcpt = smtp::write_rcpt(to, connection.capabilities());
  if (!mail) co_return ours(smtp::make_reply(mail.error().reply), Word::About::sender);
  if (!rcpt) co_return ours(smtp::make_reply(rcpt.error().reply), Word::About::recipient);
  const bool pipelining = connection.capabilities().pipelining;
  auto replies =
      pipelining ? co_await connection.exchange(*mail + *rcpt, 2) : co_await connection.exchange(*mail, 1);
  if (!replies) co_return fail(lost(replies.error()));
  for (const auto& reply : *replies) {
    if (reply.is_intermediate()) co_return out_of_step("MAIL or RCPT", reply);
  }
  if (!replies->front().is_positive()) co_return said(std::move(replies->front()), Word::About::sender);
  mail_accepted_ = true;
  if (!pipelining) co_return co_await next_rcpt(to);
  co_return said(std::move(replies->back()), Word::About::recipient);
}

awaitable<Word> Submission::next_rcpt(const smtp::Recipient& to) {
  auto& connection = *lease_->connection;
  const auto rcpt = smtp::write_rcpt(to, connection.capabilities());
  if (!rcpt) co_return ours(smtp::make_reply(rcpt.error().reply), Word::About::recipient);
  auto replies = co_await connection.exchange(*rcpt, 1);
  if (!replies) co_return fail(lost(replies.error()));
  if (replies->front().is_intermediate()) co_return out_of_step("RCPT", replies->front());
  co_return said(std::move(replies->front()), Word::About::recipient);
}

awaitable<Word> Submission::data() {
  if (failed_) co_return *failed_;
  auto replies = co_await lease_->connection->exchange("DATA\r\n", 1);
  if (!replies) co_return fail(lost(replies.error()));
  auto& reply = replies->front();
  if (reply.is_positive()) co_return out_of_step("DATA", reply);
  if (!reply.is_intermediate()) co_return said(std::move(reply), Word::About::message);
  in_content_ = true;
  // A write that fails is told by the next step.
  (void)co_await content(trace_);
  co_return Word{Word::Source::upstream, Word::About::message,
                 smtp::make_reply(354, "Go ahead; end with a dot on a line of its own"), std::move(reply),
                 Fault::refused};
}

awaitable<std::optional<Word>> Submission::content(std::string_view block) {
  if (failed_) co_return failed_;
  if (auto refusal = unfit(block)) {
    lease_->connection->close();  // without a last dot: nothing of it stays there
    co_return fail(std::move(*refusal));
  }
  std::string stuffed;
  encoder_.encode(block, stuffed);
  if (auto sent = co_await lease_->connection->write(stuffed); !sent) co_return fail(lost(sent.error()));
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
  auto& connection = *lease_->connection;
  // An answer that came before the last dot must not be taken for the verdict on the whole.
  if (const auto unasked = co_await connection.unasked_reply()) co_return fail(lost(*unasked));
  std::string end;
  encoder_.finish(end);
  if (const auto sent = co_await connection.write(end); !sent) {
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
  in_content_ = false;
  if (!reply->is_intermediate()) co_return said(std::move(*reply), Word::About::message);
  connection.close();
  const auto question =
      make_error(Fault::protocol, 451, {4, 4, 0}, "the last dot was answered with a question");
  co_return fail({Word::Source::unknown, Word::About::message, lost_after_dot(upstream(), question),
                  std::nullopt, question.fault});
}

void Submission::drop() {
  pending_.reset();
  if (!lease_) return;
  if (in_content_) lease_->connection->close();
  pool_.give_back(std::move(*lease_));
  lease_.reset();
}

void Submission::interrupt() {
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
