// The second half of a submission: its content, whose header is rewritten on its way, and the verdict.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "proxy/base/log.hpp"
#include "proxy/base/text.hpp"
#include "proxy/delivery/submission.hpp"
#include "proxy/mail/header_order.hpp"

namespace homeward::delivery {
namespace {

using net::asio::awaitable;
using smtp::Reply;
using Phase = upstream::Connection::Phase;

mail::HeaderOrder header_order_of(const SubmissionOrder& order, SenderRules learned) {
  const auto& account = *order.account;
  const auto* row = account.provider.empty() ? nullptr : order.config->providers->find(account.provider);
  auto header = mail::header_order(
      account.rules, row,
      {.id = order.envelope.id, .hostname = order.config->hostname, .received = order.received});
  if (learned.own_from) header.rewrite_from = mail::RewriteFrom::always;
  return header;
}

}  // namespace

awaitable<Word> Submission::data() {
  if (failed_) co_return *failed_;
  auto& connection = *lease_->connection;
  const Word go_ahead{Word::Source::upstream, Word::About::message,
                      smtp::make_reply(354, "Go ahead; end with a dot on a line of its own")};
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
  header_.emplace(header_order_of(order_, used_));
  // A write that fails is told by the next step.
  (void)co_await pass(trace_);
  co_return go_ahead;
}

awaitable<std::optional<Word>> Submission::content(std::string_view block) {
  if (failed_) co_return failed_;
  if (header_->is_done()) co_return co_await pass(block);
  rewritten_.clear();
  header_->feed(block, rewritten_);
  if (header_->is_done()) tell_header();
  co_return co_await pass(rewritten_);
}

/// What it may break is not done silently.
void Submission::tell_header() {
  const auto& notes = header_->notes();
  if (!notes.has_changes() && !notes.breaks_signature()) return;
  const auto text = fmt::format("{}", fmt::join(mail::words_of(notes), "; "));
  const auto& id = order_.envelope.id;
  log::info("message.header", {{"id", id}, {"account", order_.account->name()}, {"text", text}});
  services_.spool.note({id, std::chrono::system_clock::now(), "message.header", text});
}

awaitable<std::optional<Word>> Submission::pass(std::string_view block) {
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
  if (!header_->is_done()) {  // a message that is all header
    rewritten_.clear();
    header_->finish(rewritten_);
    tell_header();
    if (auto failed = co_await pass(rewritten_)) co_return failed;
  }
  // An answer that came before the end must not be taken for the verdict on the whole.
  auto refused = co_await content_->settle();
  if (!refused) co_return fail(lost(refused.error()));
  if (*refused) co_return fail(said(std::move(**refused), Word::About::message));
  if (const auto sent = co_await content_->end(); !sent) {
    co_return fail(unknown(sent.error()));
  }
  co_return std::nullopt;
}

awaitable<Word> Submission::verdict() {
  auto& connection = *lease_->connection;
  auto reply = co_await connection.read_reply(order_.account->reply_timeout * 2);
  if (!reply) {
    // 421 is a word on the message too: it was not taken.
    if (reply.error().fault == Fault::refused) co_return fail(lost(reply.error()));
    co_return fail(unknown(reply.error()));
  }
  connection.enter(reply->is_positive() ? Phase::ready : Phase::transaction);
  content_went_ = true;
  if (!reply->is_intermediate()) {
    auto word = said(std::move(*reply), Word::About::message);
    learn_from(word, true);
    co_return word;
  }
  connection.close();
  const auto question =
      make_error(Fault::protocol, 451, {4, 4, 0}, "the last dot was answered with a question");
  co_return fail(unknown(question));
}

}  // namespace homeward::delivery
