#include "proxy/delivery/reports.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "proxy/base/trace_id.hpp"
#include "proxy/mail/dsn.hpp"

namespace homeward::delivery {
namespace {

using Status = spool::Recipient::Status;

mail::ReportedRecipient reported(const ReportSubject& subject, const spool::Recipient& recipient) {
  mail::ReportedRecipient out;
  out.to = recipient.to;
  out.reply = recipient.last;
  if (!recipient.last) out.cause = subject.entry.last_word;
  if (recipient.last && subject.config.advice) out.advice = subject.config.advice->find(*recipient.last);
  return out;
}

mail::ReportFacts facts_of(const ReportSubject& subject, mail::ReportAction action, const std::string& id) {
  const auto& entry = subject.entry;
  mail::ReportFacts facts;
  facts.action = action;
  facts.hostname = subject.config.hostname;
  facts.message_id = fmt::format("{}@{}", id, subject.config.hostname);
  facts.to = subject.account.report_to();
  facts.account = subject.account.name();
  facts.server = subject.server;
  facts.original_id = entry.id;
  facts.sender = entry.from;
  facts.envelope_id = entry.parameters.envelope_id;
  facts.arrived = entry.received.wall;
  facts.last_attempt = entry.last_attempt ? entry.last_attempt->wall : entry.received.wall;
  facts.now = subject.now.wall;
  facts.attempts = entry.attempts;
  facts.possible_copy = entry.possible_copy;
  facts.original_header = subject.header;
  if (action == mail::ReportAction::delayed) facts.retry_until = entry.received.wall + subject.account.expire;
  return facts;
}

spool::Kind kind_of(mail::ReportAction action) {
  switch (action) {
    case mail::ReportAction::failed:
      return spool::Kind::failure_report;
    case mail::ReportAction::delayed:
      return spool::Kind::delay_report;
    case mail::ReportAction::delivered:
    case mail::ReportAction::relayed:
      break;
  }
  return spool::Kind::success_report;
}

spool::Report wrap(const ReportSubject& subject, const mail::ReportFacts& facts, const std::string& id) {
  spool::Report report;
  report.content = mail::write_report(facts);
  auto& entry = report.entry;
  entry.id = id;
  entry.kind = kind_of(facts.action);
  entry.about = subject.entry.id;
  entry.account = subject.account.name();
  spool::Recipient told;
  told.to.path.mailbox = facts.to;
  entry.recipients.push_back(std::move(told));
  entry.octets = report.content.size();
  entry.parameters.size = report.content.size();
  entry.received = subject.now;
  entry.next = subject.now.witnessed;
  return report;
}

std::optional<spool::Report> make(const ReportSubject& subject, mail::ReportAction action,
                                  const std::function<bool(const spool::Recipient&)>& concerned) {
  if (subject.entry.from.is_null() || subject.entry.kind != spool::Kind::message) return std::nullopt;
  const auto id = make_trace_id();
  auto facts = facts_of(subject, action, id);
  for (const auto& recipient : subject.entry.recipients) {
    if (concerned(recipient)) facts.recipients.push_back(reported(subject, recipient));
  }
  if (facts.recipients.empty()) return std::nullopt;
  return wrap(subject, facts, id);
}

}  // namespace

bool wants_failure(const spool::Recipient& recipient) {
  const auto& notify = recipient.to.parameters.notify;
  return !notify || notify->failure;
}

std::optional<spool::Report> failure_report(const ReportSubject& subject) {
  return make(subject, mail::ReportAction::failed, [](const spool::Recipient& recipient) {
    return recipient.status == Status::refused && !recipient.reported && wants_failure(recipient);
  });
}

std::optional<spool::Report> delay_report(const ReportSubject& subject) {
  return make(subject, mail::ReportAction::delayed, [](const spool::Recipient& recipient) {
    const auto& notify = recipient.to.parameters.notify;
    return recipient.status == Status::waiting && (!notify || notify->delay);
  });
}

std::optional<spool::Report> success_report(const ReportSubject& subject) {
  return make(subject, mail::ReportAction::relayed, [](const spool::Recipient& recipient) {
    const auto& notify = recipient.to.parameters.notify;
    return recipient.status == Status::delivered && notify && notify->success;
  });
}

}  // namespace homeward::delivery
