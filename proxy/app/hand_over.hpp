// Handing one message over by SMTP, blocking: what sendmail does with the daemon's loopback listener. All
// recipients or none. RFC 5321 §3.3. Also the byte pump of `sendmail -bs`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "proxy/base/result.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::app {

/// Where the daemon is looked for: its loopback addresses as configured, else 127.0.0.1 on 25 and on 2525.
std::vector<conf::SocketAddress> daemon_addresses(const conf::Config* config);

struct HandOver {
  std::string hostname;  ///< for EHLO
  smtp::ReversePath from;
  smtp::MailParameters parameters;
  std::vector<smtp::Recipient> to;
  std::vector<std::string_view> content;  ///< pieces, one behind the other, lines with CR LF
};

/// What came of it, in an exit code of sysexits, and in words: the last reply, or what went wrong.
struct Outcome {
  int code = 0;
  std::string words;
};

Outcome hand_over(const std::vector<conf::SocketAddress>& addresses, const HandOver& message);

/// Passes bytes between standard input and output and the daemon, until it ends the connection.
Outcome pump(const std::vector<conf::SocketAddress>& addresses);

}  // namespace homeward::app
