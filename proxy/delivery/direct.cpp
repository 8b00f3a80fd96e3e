#include "proxy/delivery/direct.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/mail/received.hpp"
#include "proxy/mail/rewrite.hpp"
#include "proxy/mail/route.hpp"
#include "proxy/smtp/command_writer.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using smtp::Reply;

std::vector<const mail::Account*> rules_of(const conf::Config& config) {
  std::vector<const mail::Account*> rules;
  rules.reserve(config.accounts.size());
  for (const auto& account : config.accounts) rules.push_back(&account.rules);
  return rules;
}

std::string received_of(const mail::Envelope& envelope, const conf::Config& config,
                        const mail::Account& account) {
  return mail::received_field({.hostname = config.hostname,
                               .client_name = envelope.origin.client_name,
                               .client = envelope.origin.client,
                               .esmtp = envelope.origin.esmtp,
                               .hide_client = account.hide_client,
                               .id = envelope.id,
                               .when = std::chrono::system_clock::now()});
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

Reply too_large(const conf::AccountConfig& account, std::uint64_t limit) {
  return smtp::make_reply(
      552, {5, 3, 4},
      fmt::format("{}: message too large: this account takes at most {} octets", account.name(), limit));
}

}  // namespace

Direct::Direct(upstream::Pool& pool, std::shared_ptr<const conf::Config> config)
    : pool_(pool), config_(std::move(config)) {}

awaitable<Reply> Direct::mail(mail::Envelope envelope) {
  const auto rules = rules_of(*config_);
  const auto chosen = mail::route(rules, config_->default_account,
                                  {envelope.from, envelope.origin.client, envelope.origin.listener});
  if (!chosen) {
    log::info("sender.refused", {{"id", envelope.id},
                                 {"client", envelope.origin.client.to_string()},
                                 {"from", envelope.from.to_string()},
                                 {"reply", chosen.error().reply.text}});
    co_return smtp::make_reply(chosen.error().reply);
  }
  const auto& account = config_->accounts[*chosen];
  if (account.max_message_size && envelope.parameters.size.value_or(0) > *account.max_message_size) {
    co_return too_large(account, *account.max_message_size);
  }
  auto& transaction = transaction_.emplace();
  transaction.account = &account;
  transaction.sender = mail::rewrite_sender(account.rules, envelope.from);
  transaction.trace = received_of(envelope, *config_, account.rules);
  transaction.envelope = std::move(envelope);
  transaction.began = std::chrono::steady_clock::now();
  transaction.pending = pool_.begin(config_, account);
  co_return smtp::make_reply(250, {2, 1, 0}, fmt::format("Sender OK, for account {}", account.name()));
}

awaitable<Reply> Direct::rcpt(smtp::Recipient to) {
  auto& transaction = *transaction_;
  if (!to.path.mailbox) {
    co_return smtp::make_reply(
        550, {5, 1, 3},
        fmt::format("Recipient {} has no domain: write a full address, as in name@example.org",
                    to.path.to_string()));
  }
  if (transaction.failed) co_return *transaction.failed;
  auto reply = co_await ask_upstream(transaction, to);
  if (reply.is_positive()) {
    transaction.envelope.to.push_back(std::move(to));
  } else {
    log::info("recipient.refused", {{"id", transaction.envelope.id},
                                    {"account", transaction.account->name()},
                                    {"to", to.path.to_string()},
                                    {"reply", fmt::format("{} {}", reply.code, reply.text())}});
  }
  co_return reply;
}

awaitable<Reply> Direct::ask_upstream(Transaction& transaction, const smtp::Recipient& to) {
  if (auto refused = co_await ready_lease(transaction)) co_return std::move(*refused);
  co_return transaction.mail_accepted ? co_await next_rcpt(transaction, to)
                                      : co_await first_rcpt(transaction, to);
}

/// Waits for the lease that was begun at MAIL; nothing where it is there.
awaitable<std::optional<Reply>> Direct::ready_lease(Transaction& transaction) {
  if (transaction.lease) co_return std::nullopt;
  auto lease = co_await transaction.pending->get();
  transaction.pending.reset();
  if (!lease) co_return fail(transaction, smtp::make_reply(lease.error().reply));
  transaction.lease = std::move(*lease);
  if (auto refusal = too_large_for_server(transaction)) co_return fail(transaction, std::move(*refusal));
  co_return std::nullopt;
}

/// MAIL travels with the first RCPT, in one flight where the server has PIPELINING. A refused MAIL is told
/// as such, and tried again with the next RCPT: the server may refuse for the recipient's sake.
awaitable<Reply> Direct::first_rcpt(Transaction& transaction, const smtp::Recipient& to) {
  auto& connection = *transaction.lease->connection;
  const auto mail = mail_line(transaction.envelope, transaction.sender, transaction.trace.size(),
                              connection.capabilities());
  const auto rcpt = smtp::write_rcpt(to, transaction.lease->connection->capabilities());
  if (!mail) co_return smtp::make_reply(mail.error().reply);
  if (!rcpt) co_return smtp::make_reply(rcpt.error().reply);
  const bool pipelining = connection.capabilities().pipelining;
  auto replies =
      pipelining ? co_await connection.exchange(*mail + *rcpt, 2) : co_await connection.exchange(*mail, 1);
  if (!replies) co_return fail(transaction, lost(upstream_of(transaction), replies.error()));
  for (const auto& reply : *replies) {
    if (reply.is_intermediate()) co_return out_of_step(transaction, "MAIL or RCPT", reply);
  }
  if (!replies->front().is_positive()) {
    co_return told_of_sender(upstream_of(transaction), transaction.sender.to_string(), replies->front());
  }
  transaction.mail_accepted = true;
  if (!pipelining) co_return co_await next_rcpt(transaction, to);
  co_return told(upstream_of(transaction), replies->back());
}

awaitable<Reply> Direct::next_rcpt(Transaction& transaction, const smtp::Recipient& to) {
  const auto rcpt = smtp::write_rcpt(to, transaction.lease->connection->capabilities());
  if (!rcpt) co_return smtp::make_reply(rcpt.error().reply);
  auto replies = co_await transaction.lease->connection->exchange(*rcpt, 1);
  if (!replies) co_return fail(transaction, lost(upstream_of(transaction), replies.error()));
  if (replies->front().is_intermediate()) co_return out_of_step(transaction, "RCPT", replies->front());
  co_return told(upstream_of(transaction), replies->front());
}

awaitable<Reply> Direct::data() {
  auto& transaction = *transaction_;
  if (transaction.failed) co_return *transaction.failed;
  auto replies = co_await transaction.lease->connection->exchange("DATA\r\n", 1);
  if (!replies) co_return fail(transaction, lost(upstream_of(transaction), replies.error()));
  auto& reply = replies->front();
  if (reply.is_positive()) co_return out_of_step(transaction, "DATA", reply);
  if (!reply.is_intermediate()) co_return told(upstream_of(transaction), reply);
  in_content_ = true;
  co_await send_content(transaction, transaction.trace);
  co_return smtp::make_reply(354, "Go ahead; end with a dot on a line of its own");
}

awaitable<void> Direct::content(std::string_view block) {
  auto& transaction = *transaction_;
  transaction.octets += block.size();
  if (transaction.failed) co_return;
  if (auto refusal = unfit(transaction, block)) {
    transaction.lease->connection->close();  // without a last dot: nothing of it stays there
    fail(transaction, std::move(*refusal));
    co_return;
  }
  co_await send_content(transaction, block);
}

/// What the account's server can't take, seen only while the content passes.
std::optional<Reply> Direct::unfit(const Transaction& transaction, std::string_view block) const {
  const auto& account = *transaction.account;
  if (account.max_message_size && transaction.octets > *account.max_message_size) {
    return too_large(account, *account.max_message_size);
  }
  if (!transaction.lease->connection->capabilities().eight_bit_mime && !text::is_ascii(block)) {
    return smtp::make_reply(
        554, {5, 6, 1},
        fmt::format("{}: the message holds 8-bit characters, which this server does not take (no "
                    "8BITMIME): send it encoded (quoted-printable or base64)",
                    account.name()));
  }
  return std::nullopt;
}

awaitable<void> Direct::send_content(Transaction& transaction, std::string_view block) {
  std::string stuffed;
  transaction.encoder.encode(block, stuffed);
  if (auto sent = co_await transaction.lease->connection->write(stuffed); !sent) {
    fail(transaction, lost(upstream_of(transaction), sent.error()));
  }
}

awaitable<Reply> Direct::commit() {
  auto& transaction = *transaction_;
  auto verdict = transaction.failed ? *transaction.failed : co_await end_content(transaction);
  finish(verdict);
  co_return verdict;
}

/// The last dot, and upstream's word on it.
awaitable<Reply> Direct::end_content(Transaction& transaction) {
  auto& connection = *transaction.lease->connection;
  // An answer that came before the last dot must not be taken for the verdict on the whole.
  if (const auto unasked = co_await connection.unasked_reply())
    co_return lost(upstream_of(transaction), *unasked);
  std::string end;
  transaction.encoder.finish(end);
  if (const auto sent = co_await connection.write(end); !sent) {
    co_return lost_after_dot(upstream_of(transaction), sent.error());
  }
  const auto reply = co_await connection.read_reply(connection.reply_timeout() * 2);
  if (!reply) {
    // 421 is a word on the message too: it was not taken.
    const bool said_no = reply.error().fault == Fault::refused;
    co_return said_no ? lost(upstream_of(transaction), reply.error())
                      : lost_after_dot(upstream_of(transaction), reply.error());
  }
  if (!reply->is_intermediate()) co_return told(upstream_of(transaction), *reply);
  connection.close();
  co_return lost_after_dot(upstream_of(transaction), make_error(Fault::protocol, 451, {4, 4, 0},
                                                                "the last dot was answered with a question"));
}

awaitable<void> Direct::abort() {
  if (transaction_) drop_upstream(*transaction_);
  transaction_.reset();
  in_content_ = false;
  co_return;
}

Reply Direct::fail(Transaction& transaction, Reply reply) {
  if (!transaction.failed) transaction.failed = reply;
  return reply;
}

/// 2yz to DATA, 3yz to anything else: the two sides no longer mean the same.
Reply Direct::out_of_step(Transaction& transaction, std::string_view command, const Reply& reply) {
  transaction.lease->connection->close();
  const auto error =
      make_error(Fault::protocol, 451, {4, 4, 0}, fmt::format("{} answered with {}", command, reply.code));
  return fail(transaction, lost(upstream_of(transaction), error));
}

/// SIZE of the account's server, known only now that we are connected. RFC 1870 §6.1.
std::optional<Reply> Direct::too_large_for_server(const Transaction& transaction) const {
  const auto limit = transaction.lease->connection->capabilities().size_limit;
  const auto declared = transaction.envelope.parameters.size.value_or(0);
  if (!limit || declared + transaction.trace.size() <= *limit || declared == 0) return std::nullopt;
  return smtp::make_reply(
      552, {5, 3, 4},
      fmt::format("{} ({}): message of {} octets is too large: the server takes at most {}",
                  transaction.account->name(), transaction.lease->connection->endpoint().host, declared,
                  *limit));
}

Upstream Direct::upstream_of(const Transaction& transaction) const {
  return {transaction.account->name(), transaction.lease->connection->endpoint().host};
}

/// One line per message, and the end of the transaction.
void Direct::finish(const Reply& verdict) {
  auto& transaction = *transaction_;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                          transaction.began);
  log::info(verdict.is_positive() ? "message.delivered" : "message.refused",
            {{"id", transaction.envelope.id},
             {"account", transaction.account->name()},
             {"client", transaction.envelope.origin.client.to_string()},
             {"listener", transaction.envelope.origin.listener},
             {"from", transaction.envelope.from.to_string()},
             {"sender", transaction.sender.to_string()},
             {"recipients", std::to_string(transaction.envelope.to.size())},
             {"octets", std::to_string(transaction.octets)},
             {"ms", std::to_string(took.count())},
             {"reply", fmt::format("{} {}", verdict.code, verdict.text())}});
  pool_.give_back(std::move(*transaction.lease));
  transaction_.reset();
  in_content_ = false;
}

/// In mid-content the only way to take a message back is to close without a last dot.
void Direct::drop_upstream(Transaction& transaction) {
  transaction.pending.reset();
  if (!transaction.lease) return;
  if (in_content_) transaction.lease->connection->close();
  pool_.give_back(std::move(*transaction.lease));
  transaction.lease.reset();
}

}  // namespace homeward::delivery
