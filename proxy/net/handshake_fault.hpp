// What answered in place of TLS: a captive portal's web server, plain SMTP, or something else, told from the
// first octets that came. Pure; called by tls_stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace homeward::net {

/// Why no TLS could begin with `host`, in words that say what to do; nothing where `first` (the first octets
/// of the peer, five are enough) may be TLS, or none came.
std::optional<std::string> explain_no_tls(std::string_view first, const std::string& host,
                                          std::uint16_t port);

}  // namespace homeward::net
