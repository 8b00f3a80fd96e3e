// Puts the report together: header, words for people, the machine's part (RFC 3464), the original's header
// (RFC 3462 §2). Whatever others wrote is made plain and folded here: no line is theirs to begin.
#include "proxy/mail/dsn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "proxy/base/text.hpp"
#include "proxy/mail/date.hpp"
#include "proxy/mail/report_words.hpp"
#include "proxy/mail/safe_text.hpp"
#include "proxy/smtp/xtext.hpp"

namespace homeward::mail {
namespace {

constexpr std::size_t kMaxName = 320;         // of a host or address
constexpr std::size_t kMaxDiagnostic = 2048;  // RFC 3464 sets no bound
constexpr std::size_t kMaxMessageId = 250;

/// A word without blanks.
std::string token(std::string_view text, std::size_t limit = kMaxName) {
  auto out = plain(text, limit);
  std::ranges::replace(out, ' ', '?');
  return out;
}

std::string_view action_name(ReportAction action) {
  switch (action) {
    case ReportAction::failed:
      return "failed";
    case ReportAction::delayed:
      return "delayed";
    case ReportAction::delivered:
      return "delivered";
    case ReportAction::relayed:
      return "relayed";
  }
  return {};
}

std::uint8_t status_class(ReportAction action) {
  switch (action) {
    case ReportAction::failed:
      return 5;
    case ReportAction::delayed:
      return 4;
    case ReportAction::delivered:
    case ReportAction::relayed:
      return 2;
  }
  return 5;
}

/// The class says what became of it (RFC 3464 §2.3.4), whatever the last reply's was; 5.4.7 is "delivery time
/// expired" (RFC 3463 §3.5).
EnhancedCode status_of(ReportAction action, const ReportedRecipient& recipient) {
  const auto wanted = status_class(action);
  const auto& reply = recipient.reply;
  if (action == ReportAction::failed && (!reply || reply->is_transient())) return {5, 4, 7};
  if (action == ReportAction::delayed && !reply) return {4, 4, 1};
  if (!reply || !reply->enhanced) return {wanted, 0, 0};
  if (wanted == 2 && reply->enhanced->status != 2) return {2, 0, 0};
  return {wanted, reply->enhanced->subject, reply->enhanced->detail};
}

/// "550 5.1.1 User unknown", all its lines.
std::string diagnostic(const smtp::Reply& reply) {
  auto out = std::to_string(reply.code);
  if (reply.enhanced) out += ' ' + to_string(*reply.enhanced);
  for (const auto& line : reply.lines) {
    if (out.size() >= kMaxDiagnostic) break;
    out += ' ' + plain(line, kMaxDiagnostic);
  }
  out.resize(std::min(out.size(), kMaxDiagnostic));
  return out;
}

// original-recipient-field = "Original-Recipient" ":" address-type ";" generic-address, out of its xtext.
// RFC 3461 §6.3 (d), RFC 3464 §2.3.1
std::string original_recipient(std::string_view orcpt) {
  const auto semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return {};
  const auto address = smtp::decode_xtext(orcpt.substr(semicolon + 1));
  if (!address || address->empty()) return {};
  return field("Original-Recipient", fmt::format("{}; {}", token(orcpt.substr(0, semicolon)),
                                                 plain(*address, smtp::kMaxOriginalRecipient)));
}

std::string final_recipient(const smtp::ForwardPath& path) {
  return field("Final-Recipient",
               "rfc822; " + plain(path.mailbox ? path.mailbox->to_string() : path.unqualified, kMaxName));
}

// per-message-fields. RFC 3464 §2.2
std::string message_fields(const ReportFacts& facts) {
  std::string out;
  if (!facts.envelope_id.empty()) {
    if (const auto id = smtp::decode_xtext(facts.envelope_id))
      out += field("Original-Envelope-Id", plain(*id, smtp::kMaxEnvelopeId));
  }
  out += field("Reporting-MTA", "dns; " + token(facts.hostname));
  return out + field("Arrival-Date", date_text(facts.arrived));
}

// per-recipient-fields. RFC 3464 §2.3
std::string recipient_fields(const ReportFacts& facts, const ReportedRecipient& recipient) {
  auto out = original_recipient(recipient.to.parameters.original_recipient);
  out += final_recipient(recipient.to.path);
  out += field("Action", action_name(facts.action));
  out += field("Status", to_string(status_of(facts.action, recipient)));
  if (!facts.server.empty()) out += field("Remote-MTA", "dns; " + token(facts.server));
  if (recipient.reply) out += field("Diagnostic-Code", "smtp; " + diagnostic(*recipient.reply));
  if (facts.attempts > 0) out += field("Last-Attempt-Date", date_text(facts.last_attempt));
  if (facts.action == ReportAction::delayed && facts.retry_until)
    out += field("Will-Retry-Until", date_text(*facts.retry_until));
  return out;
}

std::string status_part(const ReportFacts& facts) {
  auto out = message_fields(facts);
  for (const auto& recipient : facts.recipients) out += "\r\n" + recipient_fields(facts, recipient);
  return out;
}

/// At most kMaxReturnedHeader octets, up to the end of a line, and of the header.
std::string_view returned_header(std::string_view header) {
  if (header.starts_with("\r\n")) return {};  // a message without a header
  if (const auto end = header.find("\r\n\r\n"); end != std::string_view::npos)
    header = header.substr(0, end + 2);
  if (header.size() > kMaxReturnedHeader) header = header.substr(0, kMaxReturnedHeader);
  const auto end = header.rfind("\r\n");
  return header.substr(0, end == std::string_view::npos ? 0 : end + 2);
}

/// Whether it may stand in a message as it is: 7 bits, no controls, no line too long.
bool is_clean(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const auto line = lines.substr(0, end);
    const auto is_bad = [](char c) { return (c < ' ' && c != '\t') || c > '~'; };
    if (line.size() > kMaxLine || std::ranges::any_of(line, is_bad)) return false;
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
  return true;
}

struct Part {
  std::string type;
  std::string encoding;
  std::string body;
};

std::array<Part, 3> parts_of(const ReportFacts& facts) {
  const auto header = returned_header(facts.original_header);
  const bool clean = is_clean(header);
  return {{{"text/plain; charset=us-ascii", "7bit", report_words(facts)},
           {"message/delivery-status", "7bit", status_part(facts)},
           {"text/rfc822-headers", clean ? "7bit" : "quoted-printable",
            clean ? std::string(header) : quoted_printable(header)}}};
}

/// None of the parts holds it. RFC 2046 §5.1.1
std::string boundary_for(const ReportFacts& facts, const std::array<Part, 3>& parts) {
  std::string seed;
  for (const char c : facts.message_id.substr(0, 40))
    if ((c >= '0' && c <= '9') || (text::to_lower(c) >= 'a' && text::to_lower(c) <= 'z')) seed += c;
  for (unsigned i = 0;; ++i) {
    auto boundary = fmt::format("=_{}.{}", seed, i);
    if (std::ranges::none_of(parts,
                             [&](const Part& part) { return part.body.find(boundary) != std::string::npos; }))
      return boundary;
  }
}

/// The original's Message-ID where it is one word in brackets: threads the report with it. RFC 3834 §3.1.5
std::string thread_fields(std::string_view header) {
  const auto id = header_field(header, "Message-ID");
  const auto is_word = [](char c) { return c > ' ' && c <= '~'; };
  if (id.size() < 3 || id.size() > kMaxMessageId || !id.starts_with('<') || !id.ends_with('>') ||
      !std::ranges::all_of(id, is_word))
    return {};
  return field("In-Reply-To", id) + field("References", id);
}

std::string report_header(const ReportFacts& facts, std::string_view boundary) {
  const auto address = plain(facts.to.to_string(), kMaxName);
  auto out = field("Date", date_text(facts.now));
  out += field("From", fmt::format("\"Mail delivery (homeward)\" <{}>", address));
  out += field("To", fmt::format("<{}>", address));
  out += field("Subject", report_subject(facts));
  out += field("Message-ID", fmt::format("<{}>", token(facts.message_id)));
  out += thread_fields(facts.original_header);
  out += field("Auto-Submitted", "auto-replied");  // RFC 3834 §5: nobody answers it by machine
  out += field("MIME-Version", "1.0");
  return out + field("Content-Type",
                     fmt::format("multipart/report; report-type=delivery-status; boundary=\"{}\"", boundary));
}

}  // namespace

std::string write_report(const ReportFacts& facts) {
  const auto parts = parts_of(facts);
  const auto boundary = boundary_for(facts, parts);
  auto out = report_header(facts, boundary) + "\r\n";
  for (const auto& part : parts) {
    out += fmt::format("--{}\r\n", boundary);
    out += field("Content-Type", part.type) + field("Content-Transfer-Encoding", part.encoding);
    out += "\r\n" + part.body + "\r\n";
  }
  return out + fmt::format("--{}--\r\n", boundary);
}

// RFC 5322 §2.2.3: unfolding takes the line ends out. §4.5: old writers put blanks before the colon.
std::string header_field(std::string_view header, std::string_view name) {
  bool inside = false;
  std::string value;
  while (!header.empty()) {
    const auto end = std::min(header.find("\r\n"), header.size());
    const auto line = header.substr(0, end);
    header.remove_prefix(std::min(end + 2, header.size()));
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (inside && !folded) break;
    if (inside) {
      value += line;
    } else if (const auto colon = line.find(':');
               !folded && colon != std::string_view::npos &&
               text::equals_ignoring_case(text::trim(line.substr(0, colon)), name)) {
      value = line.substr(colon + 1);
      inside = true;
    }
  }
  return std::string(text::trim(value));
}

}  // namespace homeward::mail
