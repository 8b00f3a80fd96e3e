// Commands to an upstream server, written from values; a second look for line breaks and controls stands
// here, behind whatever parsed them (safety.md 2.8). RFC 5321 §4.1.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"
#include "proxy/smtp/capabilities.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::smtp {

/// "EHLO name CR LF"; an address as name is written as a literal.
Result<std::string> write_ehlo(std::string_view hostname);
/// MAIL with the parameters that this server offers. Errors: 501 5.1.7 where the path, 5.5.4 where a
/// parameter can't be written.
Result<std::string> write_mail(const ReversePath& from, const MailParameters& parameters,
                               const Capabilities& capabilities);
/// RCPT with the parameters that this server offers. Errors: 501 5.1.3, 5.5.4.
Result<std::string> write_rcpt(const Recipient& to, const Capabilities& capabilities);

}  // namespace homeward::smtp
