#include "proxy/mail/report_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "proxy/base/text.hpp"
#include "proxy/mail/address.hpp"
#include "proxy/mail/date.hpp"
#include "proxy/mail/safe_text.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMaxSubject = 160;
constexpr std::size_t kMaxAddress = 320;
constexpr std::size_t kMaxRecipients = 50;    // told of one by one; the machine's part has them all
constexpr std::size_t kMaxReplyLines = 20;    // of one reply
constexpr std::size_t kMaxReplyOctets = 500;  // of one line

std::string address_of(const ReportedRecipient& recipient) {
  return plain(recipient.to.path.to_string(), kMaxAddress);
}

/// Cut at a blank, so that no encoded-word is cut in two.
std::string shortened(std::string_view subject) {
  if (subject.size() <= kMaxSubject) return std::string(subject);
  const auto blank = subject.substr(0, kMaxSubject).rfind(' ');
  // Without any blank there is no telling where it may be cut.
  return blank == std::string_view::npos ? std::string{} : fmt::format("{} ...", subject.substr(0, blank));
}

/// Of raw 8-bit text: a cut between two characters.
std::string_view first_characters(std::string_view text) {
  if (text.size() <= kMaxSubject) return text;
  auto length = kMaxSubject;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) --length;
  return text.substr(0, length);
}

/// Fit for a header field; empty where there is none.
std::string original_subject(const ReportFacts& facts) {
  const auto subject = header_field(facts.original_header, "Subject");
  if (!text::is_ascii(subject)) return write_display_name(first_characters(subject));
  return shortened(plain(subject, subject.size()));
}

std::string_view verdict(ReportAction action) {
  switch (action) {
    case ReportAction::failed:
      return "Not delivered";
    case ReportAction::delayed:
      return "Still waiting";
    case ReportAction::delivered:
      return "Delivered";
    case ReportAction::relayed:
      return "Handed on";
  }
  return {};
}

std::string introduction(const ReportFacts& facts) {
  const auto host = plain(facts.hostname, kMaxAddress);
  switch (facts.action) {
    case ReportAction::failed:
      return fmt::format(
          "homeward on {} could not deliver your message to the recipients below, and has given it up for "
          "them.",
          host);
    case ReportAction::delayed:
      return fmt::format(
          "homeward on {} could not deliver your message to the recipients below yet. It goes on trying{}; "
          "you need not send it again.",
          host, facts.retry_until ? " until " + date_text(*facts.retry_until) : "");
    case ReportAction::delivered:
      return fmt::format("Your message was delivered to the recipients below, as homeward on {} was told.",
                         host);
    case ReportAction::relayed:
      return fmt::format(
          "Your message was taken by the provider's server for the recipients below. That server sends no "
          "reports of its own, so homeward on {} tells it; whether they read it can't be said.",
          host);
  }
  return {};
}

std::string_view whose_fault(Cause cause) {
  switch (cause) {
    case Cause::you:
      return "yours, by the look of it: the address, the sender or the message";
    case Cause::provider:
      return "a mail server's: the provider's or the recipient's";
    case Cause::network:
      return "the network's";
    case Cause::homeward:
      return "homeward's own settings";
  }
  return {};
}

std::string line_of(std::string_view label, std::string_view words) {
  return wrapped(fmt::format("{}: {}", label, words), "    ");
}

/// What is known of one that has no row in the catalogue.
std::string unknown_words(const ReportFacts& facts, const ReportedRecipient& recipient) {
  if (!recipient.reply) {
    return recipient.cause.empty() ? "No server could be reached" : plain(recipient.cause, kMaxReplyOctets);
  }
  if (recipient.reply->is_transient() || facts.action == ReportAction::delayed) {
    return "The server would not take it for now";
  }
  return "The server refused it, in its own words below";
}

std::string reply_words(const ReportFacts& facts, const smtp::Reply& reply) {
  const auto server = facts.server.empty() ? "The server" : plain(facts.server, kMaxAddress);
  auto out = wrapped(fmt::format("{} said:", server), "    ");
  for (std::size_t i = 0; i < std::min(reply.lines.size(), kMaxReplyLines); ++i) {
    const auto enhanced = reply.enhanced ? to_string(*reply.enhanced) + " " : std::string{};
    out += wrapped(fmt::format("{} {}{}", reply.code, enhanced, plain(reply.lines[i], kMaxReplyOctets)),
                   "      ");
  }
  return out;
}

bool is_trouble(ReportAction action) {
  return action == ReportAction::failed || action == ReportAction::delayed;
}

std::string recipient_words(const ReportFacts& facts, const ReportedRecipient& recipient) {
  auto out = wrapped(address_of(recipient), "  ");
  if (!is_trouble(facts.action)) return out;
  const auto* advice = recipient.advice;
  const bool passes = !recipient.reply || recipient.reply->is_transient() || (advice && advice->temporary);
  out += line_of("What happened",
                 advice ? plain(advice->sentence, kMaxReplyOctets) : unknown_words(facts, recipient));
  if (facts.action == ReportAction::failed && passes) {
    out += line_of("Given up", "the time for trying is over");
  }
  if (advice != nullptr) {
    out += line_of("Whose fault", whose_fault(advice->cause));
    // "Nothing: it is tried again" holds no longer.
    out += line_of("What to do", facts.action == ReportAction::failed && advice->temporary
                                     ? "Send it again later; if that fails too, ask the provider's support"
                                     : plain(advice->cure, kMaxReplyOctets));
  }
  if (recipient.reply) out += reply_words(facts, *recipient.reply);
  return out + "\r\n";
}

std::string about_message(const ReportFacts& facts) {
  std::string out = wrapped("The message:", "");
  const auto add = [&](std::string_view label, std::string_view words) {
    if (!words.empty()) out += wrapped(fmt::format("{}: {}", label, words), "  ");
  };
  const auto subject = original_subject(facts);
  if (subject.find("=?") == std::string::npos) add("Subject", subject);
  add("Sender", plain(facts.sender.to_string(), kMaxAddress));
  add("Taken at", date_text(facts.arrived));
  if (facts.attempts > 0) {
    add("Tried", fmt::format("{} time{}, last at {}", facts.attempts, facts.attempts == 1 ? "" : "s",
                             date_text(facts.last_attempt)));
  }
  add("Account", plain(facts.account, kMaxAddress));
  add("Server", plain(facts.server, kMaxAddress));
  add("Trace id", plain(facts.original_id, kMaxAddress));
  return out + "\r\n";
}

std::string ending(const ReportFacts& facts) {
  std::string out;
  if (facts.possible_copy && is_trouble(facts.action)) {
    out += wrapped(
        "The answer to one attempt was lost on the way, so a copy may have arrived all the same: ask before "
        "you send it again.",
        "");
  }
  if (facts.action == ReportAction::failed) {
    out += wrapped(
        "The header of the message is attached; its text is not. To send it again, take it from your "
        "own mail program or device.",
        "");
  }
  return out;
}

}  // namespace

std::string report_subject(const ReportFacts& facts) {
  const auto original = original_subject(facts);
  if (!original.empty()) return fmt::format("{}: {}", verdict(facts.action), original);
  const auto& recipients = facts.recipients;
  return fmt::format("{}: message to {}{}", verdict(facts.action),
                     recipients.empty() ? "nobody" : address_of(recipients.front()),
                     recipients.size() > 1 ? " and others" : "");
}

std::string report_words(const ReportFacts& facts) {
  auto out = wrapped(introduction(facts), "") + "\r\n";
  const auto shown = std::min(facts.recipients.size(), kMaxRecipients);
  for (std::size_t i = 0; i < shown; ++i) out += recipient_words(facts, facts.recipients[i]);
  if (shown < facts.recipients.size()) {
    out += wrapped(fmt::format("and {} more, who stand in the second part of this report.",
                               facts.recipients.size() - shown),
                   "  ") +
           "\r\n";
  }
  if (!is_trouble(facts.action)) out += "\r\n";
  return out + about_message(facts) + ending(facts);
}

}  // namespace homeward::mail
