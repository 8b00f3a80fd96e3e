// xtext: how a parameter carries characters that a parameter may not hold: "+" and two upper-case hex digits.
// RFC 3461 §4. Called by the parser of parameters, and by whoever shows what a client wrote (reports).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace homeward::smtp {

/// The octets, or nothing where it is not well formed. xtext = *( xchar / hexchar ).
std::optional<std::string> decode_xtext(std::string_view text);

/// Whether it is well formed and stands for printable ASCII and blanks alone, at least one of them.
bool is_printable_xtext(std::string_view text);

}  // namespace homeward::smtp
