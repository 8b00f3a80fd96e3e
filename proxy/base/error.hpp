// Error: why something failed, in two voices. `reply` is what a client may be told; `detail` is for
// the log alone, written once, where the error becomes a reply or a retry. What is permanent is
// decided where the error is made (docs/flow.md); anything of ours or of the network is 4yz.
// RFC 3463 (enhanced codes), RFC 5321 §4.2 (reply codes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace homeward {

/// An enhanced mail system status code, RFC 3463 §2.
struct EnhancedCode {
  std::uint8_t status = 0;    ///< 2, 4 or 5
  std::uint16_t subject = 0;  ///< 0..999
  std::uint16_t detail = 0;   ///< 0..999

  bool operator==(const EnhancedCode&) const = default;
};

/// "4.7.5"
std::string to_string(EnhancedCode code);

/// A reply of one text, before it is broken into lines. RFC 5321 §4.2.
struct StatusReply {
  int code = 451;
  EnhancedCode enhanced{4, 0, 0};
  std::string text;

  bool is_permanent() const { return code >= 500; }
  bool operator==(const StatusReply&) const = default;
};

/// Where the fault lies; chooses what happens next, never what a person reads.
enum class Fault : std::uint8_t {
  network,   ///< no route, refused, reset, closed
  timeout,   ///< a deadline passed
  dns,       ///< a name did not resolve
  tls,       ///< handshake or certificate
  protocol,  ///< the peer broke the protocol
  login,     ///< the server refused the credentials
  refused,   ///< the server (or our rules) said no, in a reply
  client,    ///< the client broke the rules
  local,     ///< ours: files, memory, configuration
  canceled,  ///< we stopped it ourselves
};

std::string_view to_string(Fault fault);

struct Error {
  Fault fault = Fault::local;
  StatusReply reply;
  std::string detail;
};

/// An error whose public text is also all there is to log.
Error make_error(Fault fault, int code, EnhancedCode enhanced, std::string text);

}  // namespace homeward
