// Reply: what a server says, as lines, and how it is written to the wire. RFC 5321 §4.2, RFC 2034.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/error.hpp"

namespace homeward::smtp {

/// The longest reply line, CR LF included. RFC 5321 §4.5.3.1.5.
inline constexpr std::size_t kMaxReplyLine = 512;

struct Reply {
  int code = 0;                          ///< 200..559
  std::optional<EnhancedCode> enhanced;  ///< as found in, or to be written to, each line
  std::vector<std::string> lines;        ///< texts without code, enhanced code and line end; at least one

  bool is_positive() const { return code >= 200 && code < 300; }
  bool is_intermediate() const { return code >= 300 && code < 400; }
  bool is_transient() const { return code >= 400 && code < 500; }
  bool is_permanent() const { return code >= 500; }
  /// The texts joined by " / ", for logs and for people.
  std::string text() const;
};

/// A reply of one text; text of several lines (split at '\n') makes several.
Reply make_reply(const StatusReply& status);
Reply make_reply(int code, std::string text);
Reply make_reply(int code, EnhancedCode enhanced, std::string text);

/// The wire form: each line with code and enhanced code, controls replaced, long texts broken at
/// blanks into further lines so that none passes kMaxReplyLine. RFC 5321 §4.2.1.
std::string to_wire(const Reply& reply);

}  // namespace homeward::smtp
