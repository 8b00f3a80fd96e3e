// Foreign text made fit for a message of ours: one line, 7 bits, folded or wrapped, or carried by
// quoted-printable. Nothing that comes out can begin a line that was not meant. Called by the writer of
// reports. RFC 5322 §2.2.3 (folding), RFC 2045 §6.7 (quoted-printable).
#pragma once

#include <string>
#include <string_view>

namespace homeward::mail {

/// The longest line of a message, CR LF not counted. RFC 5322 §2.1.1.
inline constexpr std::size_t kMaxLine = 998;

/// Printable ASCII and blanks alone, the rest as '?'; at most `limit` octets.
std::string plain(std::string_view text, std::size_t limit);

/// "NAME: VALUE" with CR LF, folded at blanks so that lines stay below 78 octets where there are blanks, and
/// below kMaxLine in any case: what can't be folded is cut. `value` has to be plain.
std::string field(std::string_view name, std::string_view value);

/// Words of `text` (plain) on lines of at most 76 octets where there are blanks, each behind `indent`, each
/// ended by CR LF. A word that is longer has a line of its own, cut at kMaxLine.
std::string wrapped(std::string_view text, std::string_view indent);

/// Lines ended by CR LF, as quoted-printable: 76 octets a line at most, printable ASCII alone. A CR or LF
/// that is no line end is encoded too.
std::string quoted_printable(std::string_view lines);

}  // namespace homeward::mail
