// Parameters of MAIL and RCPT: parsed into values, written anew, never copied. RFC 5321 §4.1.2,
// RFC 1870 (SIZE), RFC 6152 (BODY), RFC 3461 (RET, ENVID, NOTIFY, ORCPT), RFC 4954 §5 (AUTH, read and
// dropped).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::smtp {

enum class BodyType : std::uint8_t { seven_bit, eight_bit_mime };

/// What a report should hold of the message. RFC 3461 §4.3.
enum class ReturnContent : std::uint8_t { full, headers };

inline constexpr std::size_t kMaxEnvelopeId = 100;         ///< characters of xtext, RFC 3461 §4.4
inline constexpr std::size_t kMaxOriginalRecipient = 500;  ///< characters of xtext, RFC 3461 §4.2

struct MailParameters {
  std::optional<std::uint64_t> size;  ///< octets, as the client declared them
  std::optional<BodyType> body;
  bool auth_given = false;  ///< AUTH= was there; its value is never passed on
  std::optional<ReturnContent> ret;
  std::string envelope_id;  ///< ENVID, still in xtext; empty: none

  bool operator==(const MailParameters&) const = default;
};

/// Of which events a client wants to hear. RFC 3461 §4.1; NEVER is all of them false.
struct Notify {
  bool success = false;
  bool failure = false;
  bool delay = false;
  bool operator==(const Notify&) const = default;
};

struct RcptParameters {
  std::optional<Notify> notify;
  std::string original_recipient;  ///< ORCPT as written, checked: "rfc822;ann@x.example" in xtext

  bool operator==(const RcptParameters&) const = default;
};

/// One recipient of an envelope, with what was asked for it.
struct Recipient {
  ForwardPath path;
  RcptParameters parameters;

  bool operator==(const Recipient&) const = default;
};

/// Errors: 555 5.5.4 for an unknown parameter, 501 5.5.4 for a bad or repeated one.
Result<MailParameters> parse_mail_parameters(std::string_view text);
/// The same for RCPT.
Result<RcptParameters> parse_rcpt_parameters(std::string_view text);

/// "NEVER", "SUCCESS,FAILURE": as it is written. RFC 3461 §4.1.
std::string to_string(const Notify& notify);

}  // namespace homeward::smtp
