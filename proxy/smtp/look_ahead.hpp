// Look-ahead: what a pipelining client has sent already behind the RCPT that is being answered. What is
// promised here is what ServerDialog will ask for next, in this order, so it may travel upstream in one
// flight with that RCPT. Called by frontend/client_session. Pure. RFC 2920 §3.1.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/quirks.hpp"

namespace homeward::smtp {

struct Ahead {
  std::vector<Recipient> recipients;  ///< each will be asked for, whatever becomes of those before
  /// DATA follows the last of them. It will be asked for where at that time a recipient was accepted;
  /// where none was, ServerDialog refuses it by itself.
  bool data = false;

  bool operator==(const Ahead&) const = default;
};

/// The run of RCPT lines at the front of `buffered`, at most `most` of them, and the DATA behind them. The
/// run ends before a line that is not whole, does not end in CR LF, is too long, does not parse, or needs a
/// quirk; `data` needs DATA to be the last thing sent (ServerDialog refuses one with anything behind it).
Ahead look_ahead(std::string_view buffered, const QuirkSet& tolerate, std::size_t most);

}  // namespace homeward::smtp
