// What a server offers in its EHLO answer. RFC 5321 §4.1.1.1; both "AUTH X Y" and the old "AUTH=X Y" count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/smtp/reply.hpp"

namespace homeward::smtp {

struct Capabilities {
  bool esmtp = false;  ///< EHLO was answered with 250
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool enhanced_status_codes = false;
  bool start_tls = false;
  bool chunking = false;
  bool dsn = false;
  bool smtp_utf8 = false;
  bool size = false;                         ///< SIZE is offered
  std::optional<std::uint64_t> size_limit;   ///< octets; SIZE without a number, or 0, is no limit
  std::vector<std::string> auth_mechanisms;  ///< upper case, in the server's order, each once

  bool operator==(const Capabilities&) const = default;
};

/// Reads a 250 reply to EHLO; unknown keywords are ignored, case does not matter.
Capabilities parse_capabilities(const Reply& ehlo_reply);

}  // namespace homeward::smtp
