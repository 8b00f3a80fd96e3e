#include "proxy/net/handshake_fault.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::net {
namespace {

/// RFC 8446 §5.1: change_cipher_spec, alert, handshake, application_data.
bool may_be_tls(char first) {
  return first >= 20 && first <= 23;
}

/// A status line (RFC 9112 §4), or a page without one.
bool is_web(std::string_view first) {
  return text::starts_with_ignoring_case(first, "HTTP") || first.starts_with('<');
}

/// RFC 5321 §4.2: three digits, then a blank or a hyphen.
bool is_reply(std::string_view first) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return first.size() >= 4 && std::ranges::all_of(first.substr(0, 3), is_digit) &&
         (first[3] == ' ' || first[3] == '-');
}

}  // namespace

std::optional<std::string> explain_no_tls(std::string_view first, const std::string& host,
                                          std::uint16_t port) {
  if (first.empty() || may_be_tls(first.front())) return std::nullopt;
  if (is_web(first))
    return fmt::format(
        "a web server answers on port {} of {}: a captive portal (a network's sign-in page) or a filter is "
        "in "
        "between; sign in to the network in a browser; nothing was sent",
        port, host);
  if (is_reply(first))
    return fmt::format(
        "{} does not answer with TLS on this port ({}) but with plain SMTP; if TLS begins there by STARTTLS, "
        "write server = submission://{}:{}; if not, the network is in between; nothing was sent",
        host, port, host.find(':') == std::string::npos ? host : fmt::format("[{}]", host), port);
  return fmt::format(
      "{} does not answer with TLS on this port ({}); something else listens there, or the network is in "
      "between",
      host, port);
}

}  // namespace homeward::net
