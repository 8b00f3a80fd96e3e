// One command line of a client, from bytes to a value. RFC 5321 §4.1.1; slips that `quirks` allows are
// mended and noted. Knows nothing of order: that is server_dialog's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/base/result.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/path.hpp"
#include "proxy/smtp/quirks.hpp"

namespace homeward::smtp {

struct Helo {
  std::string client_name;
};
struct Ehlo {
  std::string client_name;
};
struct Mail {
  ReversePath from;
  MailParameters parameters;
};
struct Rcpt {
  Recipient to;
};
struct DataCommand {};
struct Rset {};
struct Noop {};
struct Quit {};
struct Help {};
struct Vrfy {};
struct Expn {};
struct StartTls {};
/// AUTH mechanism [initial-response], RFC 4954 §4. The mechanism in upper case; the response as base64,
/// empty where "=" stood for an empty one.
struct Auth {
  std::string mechanism;
  std::optional<std::string> initial_response;
};
/// GET, POST, … : a browser or a proxy talks to us; the connection is closed at once (safety.md 2.7).
struct HttpVerb {
  std::string verb;
};

using Command = std::variant<Helo, Ehlo, Mail, Rcpt, DataCommand, Rset, Noop, Quit, Help, Vrfy, Expn,
                             StartTls, Auth, HttpVerb>;

struct ParsedCommand {
  Command command;
  QuirkSet seen;  ///< what was mended
};

/// `line` comes without its line end. Errors carry the reply: 500 5.5.1 (unknown command), 500 5.5.2
/// (empty; leading blanks; controls, NUL or 8-bit bytes), 501 5.5.4 (argument missing or not wanted), and
/// those of path and parameters. No error repeats what was sent: a line out of step may be a password.
Result<ParsedCommand> parse_command(std::string_view line, QuirkSet quirks);

}  // namespace homeward::smtp
