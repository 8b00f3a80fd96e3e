// Parameters of MAIL and RCPT: parsed into values, written anew, never copied. RFC 5321 §4.1.2,
// RFC 1870 (SIZE), RFC 6152 (BODY), RFC 4954 §5 (AUTH, read and dropped).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/result.hpp"

namespace homeward::smtp {

enum class BodyType : std::uint8_t { seven_bit, eight_bit_mime };

struct MailParameters {
  std::optional<std::uint64_t> size;  ///< octets, as the client declared them
  std::optional<BodyType> body;
  bool auth_given = false;  ///< AUTH= was there; its value is never passed on

  bool operator==(const MailParameters&) const = default;
};

/// Errors: 555 5.5.4 for an unknown parameter, 501 5.5.4 for a bad or repeated one.
Result<MailParameters> parse_mail_parameters(std::string_view text);
/// RCPT knows none yet: anything is 555 5.5.4.
Result<void> parse_rcpt_parameters(std::string_view text);

}  // namespace homeward::smtp
