#include "proxy/delivery/dispatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/delivery/direct.hpp"
#include "proxy/delivery/header_copy.hpp"
#include "proxy/delivery/hybrid.hpp"
#include "proxy/delivery/runner.hpp"
#include "proxy/mail/local_recipients.hpp"
#include "proxy/mail/rewrite.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using smtp::Reply;

Reply too_large(const conf::AccountConfig& account) {
  return smtp::make_reply(552, {5, 3, 4},
                          fmt::format("{}: message too large: this account takes at most {} octets",
                                      account.name(), account.max_message_size.value_or(0)));
}

/// RFC 5321 §4.5.3.1.10: the client sends the rest in another transaction.
Reply too_many_recipients(const conf::AccountConfig& account) {
  return smtp::make_reply(
      452, {4, 5, 3},
      fmt::format("{}: this account sends one message to at most {} recipients: send it to the rest anew",
                  account.name(), account.recipients_per_message.value_or(0)));
}

Reply over_rate(const conf::AccountConfig& account) {
  return smtp::make_reply(
      451, {4, 7, 1},
      fmt::format("{}: this account sends at most {} messages in {} s: try again in a moment", account.name(),
                  account.rate->messages,
                  std::chrono::duration_cast<std::chrono::seconds>(account.rate->per).count()));
}

std::string on_one_line(const Reply& reply) {
  return reply.enhanced
             ? fmt::format("{} {} {}", reply.code, homeward::to_string(*reply.enhanced), reply.text())
             : fmt::format("{} {}", reply.code, reply.text());
}

std::chrono::milliseconds patience_of(const conf::Config& config, const std::string& name) {
  const auto listener = std::ranges::find(config.listeners, name, &conf::Listener::name);
  return listener == config.listeners.end() ? conf::Listener{}.patience : listener->patience;
}

log::Field user_field(const mail::Origin& origin) {
  return origin.user ? log::Field{"user", *origin.user} : log::Field{};
}

log::Field local_user_field(const mail::Origin& origin) {
  return origin.local_user ? log::Field{"local_user", origin.local_user->to_string()} : log::Field{};
}

/// "127.0.0.1 (local user cron)"
std::string sender_in_words(const mail::Origin& origin) {
  auto words = origin.client.to_string();
  if (origin.user) words += fmt::format(" (login {})", text::printable(*origin.user, 60));
  if (origin.local_user) words += fmt::format(" (local user {})", origin.local_user->to_string());
  return words;
}

bool asks_for_success(const smtp::Recipient& recipient) {
  return recipient.parameters.notify && recipient.parameters.notify->success;
}

}  // namespace

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::delivered:
      return "message.delivered";
    case Fate::spooled:
      return "message.spooled";
    case Fate::split:
      return "message.split";
    case Fate::refused:
      break;
  }
  return "message.refused";
}

Result<const conf::AccountConfig*> account_for(const conf::Config& config, const mail::RouteQuery& query) {
  std::vector<const mail::Account*> rules;
  rules.reserve(config.accounts.size());
  for (const auto& account : config.accounts) rules.push_back(&account.rules);
  auto chosen = mail::route(rules, config.default_account, query);
  if (!chosen) return std::unexpected(std::move(chosen.error()));
  return &config.accounts[*chosen];
}

struct Dispatch::Running {
  mail::Envelope envelope;
  const conf::AccountConfig* account = nullptr;  // inside the session's Config
  std::unique_ptr<Transaction> transaction;
  std::optional<Reply> refused;  // of ours, in mid-content
  HeaderCopy header;
  std::uint64_t octets = 0;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

Dispatch::Dispatch(Services& services, std::shared_ptr<const conf::Config> config)
    : services_(services), config_(std::move(config)) {}

Dispatch::~Dispatch() = default;

awaitable<Reply> Dispatch::mail(mail::Envelope envelope) {
  const auto account = account_for(*config_, mail::RouteQuery::of(envelope.from, envelope.origin));
  if (!account) {
    log::info("sender.refused", {{"id", envelope.id},
                                 {"client", envelope.origin.client.to_string()},
                                 local_user_field(envelope.origin),
                                 {"from", envelope.from.to_string()},
                                 {"reply", account.error().reply.text}});
    co_return smtp::make_reply(account.error().reply);
  }
  const auto& chosen = **account;
  if (chosen.max_message_size && envelope.parameters.size.value_or(0) > *chosen.max_message_size) {
    co_return too_large(chosen);
  }
  if (auto refusal = no_room(envelope, chosen)) co_return std::move(*refusal);
  auto transaction = begin(envelope, chosen);
  if (!transaction) co_return over_rate(chosen);
  running_ = std::make_unique<Running>();
  running_->account = &chosen;
  running_->transaction = std::move(transaction);
  running_->envelope = std::move(envelope);
  co_return smtp::make_reply(250, {2, 1, 0}, fmt::format("Sender OK, for account {}", chosen.name()));
}

/// Only what must be stored is refused for want of room; `auto` may still find its server.
std::optional<Reply> Dispatch::no_room(const mail::Envelope& envelope,
                                       const conf::AccountConfig& account) const {
  if (account.delivery != conf::DeliveryMode::spool) return std::nullopt;
  const auto room = services_.spool.has_room(envelope.parameters.size.value_or(0));
  if (room) return std::nullopt;
  return smtp::make_reply(room.error().reply);
}

/// Over the account's `rate`, `auto` is spooled, and `direct` has to wait: none.
std::unique_ptr<Transaction> Dispatch::begin(const mail::Envelope& envelope,
                                             const conf::AccountConfig& account) {
  using conf::DeliveryMode;
  SubmissionOrder order{config_, &account, envelope, std::chrono::system_clock::now(), std::nullopt};
  if (account.delivery == DeliveryMode::spool) return std::make_unique<Hybrid>(services_, std::move(order));
  auto ticket = services_.runner.reserve(account);
  if (account.delivery == DeliveryMode::direct) {
    if (!ticket) return nullptr;
    return std::make_unique<Direct>(services_, std::move(order), std::move(*ticket));
  }
  order.patience = patience_of(*config_, envelope.origin.listener);
  if (!ticket) return std::make_unique<Hybrid>(services_, std::move(order));
  return std::make_unique<Hybrid>(services_, std::move(order), std::move(*ticket));
}

/// Whether so many more recipients are within the account's `recipients_per_message`. Those that one name
/// stands for are taken whole, where they are the first: in another message they would be as many.
bool Dispatch::has_room_for(std::size_t count) const {
  const auto& limit = running_->account->recipients_per_message;
  const auto taken = running_->envelope.to.size();
  return !limit || taken == 0 || taken + count <= *limit;
}

/// What the transaction will be asked for, behind the recipient at hand: as far as each stands for one
/// address, and is within the account's number of recipients.
smtp::Ahead Dispatch::as_asked_for(const smtp::Ahead& ahead) const {
  smtp::Ahead asked;
  const auto& limit = running_->account->recipients_per_message;
  for (const auto& recipient : ahead.recipients) {
    if (limit && running_->envelope.to.size() + asked.recipients.size() + 2 > *limit) return asked;
    auto addresses = mail::qualify(recipient, config_->local_recipients, config_->hostname);
    if (!addresses || addresses->size() != 1) return asked;
    asked.recipients.push_back(std::move(addresses->front()));
  }
  asked.data = ahead.data;
  return asked;
}

/// A name without a domain may stand for several addresses: it is accepted where one of them is.
awaitable<Reply> Dispatch::rcpt(smtp::Recipient to, smtp::Ahead ahead) {
  auto addresses = mail::qualify(to, config_->local_recipients, config_->hostname);
  if (!addresses) co_return smtp::make_reply(addresses.error().reply);
  if (!has_room_for(addresses->size())) co_return too_many_recipients(*running_->account);
  if (addresses->size() != 1) ahead = {};  // what they stand for comes between
  std::optional<Reply> accepted;
  Reply last;
  for (auto& address : *addresses) {
    last = co_await running_->transaction->rcpt(address, as_asked_for(ahead));
    if (last.is_positive()) {
      running_->envelope.to.push_back(std::move(address));
      accepted = last;
      continue;
    }
    log::info("recipient.refused", {{"id", running_->envelope.id},
                                    {"account", running_->account->name()},
                                    {"to", address.path.to_string()},
                                    {"reply", on_one_line(last)}});
  }
  co_return accepted ? std::move(*accepted) : std::move(last);
}

awaitable<Reply> Dispatch::data() {
  co_return co_await running_->transaction->data();
}

awaitable<void> Dispatch::content(std::string_view block) {
  running_->octets += block.size();
  if (running_->refused) co_return;
  const auto& limit = running_->account->max_message_size;
  if (limit && running_->octets > *limit) {
    running_->refused = too_large(*running_->account);
    co_await running_->transaction->abort();
    co_return;
  }
  if (std::ranges::any_of(running_->envelope.to, asks_for_success)) running_->header.feed(block);
  co_await running_->transaction->content(block);
}

awaitable<Reply> Dispatch::commit() {
  auto outcome = running_->refused ? Outcome{std::move(*running_->refused), Fate::refused}
                                   : co_await running_->transaction->commit();
  tell(*running_, outcome);
  report_success(*running_, outcome);
  running_.reset();
  co_return std::move(outcome.reply);
}

awaitable<void> Dispatch::abort() {
  if (running_) co_await running_->transaction->abort();
  running_.reset();
}

/// RFC 3461 §5.2.2: a server that does not know DSN won't say it, so we do.
void Dispatch::report_success(const Running& running, const Outcome& outcome) {
  const auto& envelope = running.envelope;
  spool::Entry entry;
  for (const auto& recipient : outcome.relayed) {
    if (!asks_for_success(recipient)) continue;
    entry.recipients.push_back(
        {.to = recipient, .status = spool::Recipient::Status::delivered, .last = outcome.reply});
  }
  if (entry.recipients.empty() || envelope.from.is_null()) return;
  entry.id = envelope.id;
  entry.origin = envelope.origin;
  entry.from = envelope.from;
  entry.parameters = envelope.parameters;
  entry.received = services_.spool.now();
  services_.runner.report_success(config_, *running.account, std::move(entry), running.header.text());
}

/// One line per message, in the log and in the trace.
void Dispatch::tell(const Running& running, const Outcome& outcome) {
  const auto& envelope = running.envelope;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - running.began);
  log::info(to_string(outcome.fate),
            {{"id", envelope.id},
             {"account", running.account->name()},
             {"client", envelope.origin.client.to_string()},
             {"listener", envelope.origin.listener},
             user_field(envelope.origin),
             local_user_field(envelope.origin),
             {"from", envelope.from.to_string()},
             {"sender", mail::rewrite_sender(running.account->rules, envelope.from).to_string()},
             {"recipients", std::to_string(envelope.to.size())},
             {"octets", std::to_string(running.octets)},
             {"ms", std::to_string(took.count())},
             {"reply", fmt::format("{} {}", outcome.reply.code, outcome.reply.text())}});
  services_.spool.note(
      {envelope.id, std::chrono::system_clock::now(), std::string(to_string(outcome.fate)),
       fmt::format("account {}, from {} by {}, {} recipients, {} octets: {}", running.account->name(),
                   envelope.from.to_string(), sender_in_words(envelope.origin), envelope.to.size(),
                   running.octets, on_one_line(outcome.reply))});
}

}  // namespace homeward::delivery
