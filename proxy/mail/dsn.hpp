// DSN: the text of a delivery status notification, for people first: what happened in plain words, then the
// machine's part, then the header of the message that it is about. RFC 3464, RFC 3462 (multipart/report),
// RFC 3461 §6, RFC 5321 §4.5.5. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/mail/advice.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/reply.hpp"

namespace homeward::mail {

enum class ReportAction : std::uint8_t { failed, delayed, delivered, relayed };

struct ReportedRecipient {
  smtp::Recipient to;
  std::optional<smtp::Reply> reply;  ///< upstream's last word; none: it never came to that
  std::string cause;                 ///< in words, where there is no reply ("no server could be reached …")
  const Advice* advice = nullptr;    ///< from the catalogue, where it knows the reply
};

struct ReportFacts {
  ReportAction action = ReportAction::failed;
  std::string hostname;      ///< ours
  std::string message_id;    ///< of the report itself, without brackets: "id@hostname"
  smtp::Mailbox to;          ///< who is told
  std::string account;       ///< its name
  std::string server;        ///< the host that was tried; may be empty
  std::string original_id;   ///< trace id of the message
  smtp::ReversePath sender;  ///< of the message
  std::string envelope_id;   ///< ENVID in xtext; may be empty
  std::chrono::system_clock::time_point arrived;
  std::chrono::system_clock::time_point last_attempt;
  std::chrono::system_clock::time_point now;
  std::optional<std::chrono::system_clock::time_point> retry_until;  ///< of a delay
  unsigned attempts = 0;
  bool possible_copy = false;  ///< an answer was lost: somebody may have got it after all
  std::vector<ReportedRecipient> recipients;
  std::string
      original_header;  ///< lines ending in CR LF, without the empty line; cut to a bound by write_report
};

/// The whole message, lines ending in CR LF, 7-bit. The header of the original is cut at kMaxReturnedHeader
/// octets, at the end of a line, and 8-bit characters of it are shown by a transfer encoding.
std::string write_report(const ReportFacts& facts);
inline constexpr std::size_t kMaxReturnedHeader = 32UL * 1024;

/// Fields of the header that the report's subject and text name, unfolded: "Subject", "Message-ID". Empty
/// where there is none. Bounded by what is given.
std::string header_field(std::string_view header, std::string_view name);

}  // namespace homeward::mail
