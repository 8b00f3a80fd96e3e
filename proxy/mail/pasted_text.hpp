// Pasted text: what a person copies out of an error box, a bounce, a log or a web page, made fit for looking
// up: one line in lower case without mark-up, and the replies of servers that stand in it. Called by
// explanation.cpp. RFC 5321 §4.2 (codes), RFC 3463 (enhanced codes).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/error.hpp"

namespace homeward::mail {

/// What is read of a pasted text; the rest is left out.
inline constexpr std::size_t kMaxPasted = std::size_t{64} * 1024;

/// Lower case, one blank between words; HTML tags, entities, quotation marks of mail ("> "), escapes such as
/// "\n" and controls are gone, typographic marks are plain ones.
std::string plain_line(std::string_view pasted);

/// A reply that a text quotes, or the enhanced code alone.
struct Quoted {
  std::optional<int> code;
  std::optional<EnhancedCode> enhanced;
  std::string words;    ///< what follows, up to the next reply; the codes of further lines are left out
  bool marked = false;  ///< an enhanced code behind "dsn=", "status:", "#" or the like
};

/// In their order, at most 50. `line` is as plain_line() writes it.
std::vector<Quoted> quoted_replies(std::string_view line);

/// `line` without the codes that a reply of several lines repeats: "potential 552-5.7.0 security issue".
std::string without_repeated_codes(std::string_view line);

}  // namespace homeward::mail
